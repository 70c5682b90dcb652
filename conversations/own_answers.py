"""An agent's own answers: kept by them, and found by nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.models import F, Max, QuerySet

from agents.models import Agent
from conversations import live
from conversations.answers import pinyin_keys
from conversations.models import CannedAnswer

MOST = 200  # of one agent


class TooMany(Exception):
    """Nobody finds their way among more."""


def of(agent: Agent) -> QuerySet[CannedAnswer]:
    """Return an agent's own answers, in their order."""
    return CannedAnswer.objects.filter(
        scope=CannedAnswer.Scope.PERSONAL, owner=agent
    ).order_by("position", "pk")


def add(
    agent: Agent, *, use: str, title: str, shortcut: str, text: str
) -> CannedAnswer:
    """Keep a new one, behind the others. Raises TooMany."""
    with _changing(agent):
        theirs = of(agent)
        if theirs.count() >= MOST:
            raise TooMany
        last = theirs.aggregate(last=Max("position"))["last"]
        return CannedAnswer.objects.create(
            scope=CannedAnswer.Scope.PERSONAL,
            owner=agent,
            use=use,
            title=title,
            shortcut=shortcut,
            parts=[{"kind": "text", "text": text}],
            pinyin=pinyin_keys(title),
            position=0 if last is None else last + 1,
        )


def change(
    answer: CannedAnswer, *, use: str, title: str, shortcut: str, text: str
) -> None:
    """Have one say something else."""
    parts = [{"kind": "text", "text": text}]
    with live.recording():
        says_something_else = parts != answer.parts
        CannedAnswer.objects.filter(pk=answer.pk).update(
            use=use,
            title=title,
            shortcut=shortcut,
            parts=parts,
            pinyin=pinyin_keys(title),
            version=F("version") + (1 if says_something_else else 0),
        )
        live.answers()
    answer.refresh_from_db()


def remove(answer: CannedAnswer) -> None:
    with live.recording():
        answer.delete()
        live.answers()


def put_in_order(agent: Agent, ids: Sequence[int]) -> None:
    """Put an agent's answers in the order of these ids; what is not among them (another
    page has just added it) stays behind."""
    with _changing(agent):
        place = {pk: number for number, pk in enumerate(ids)}
        theirs = sorted(of(agent), key=lambda one: place.get(one.pk, len(place)))
        for number, answer in enumerate(theirs):
            answer.position = number
        CannedAnswer.objects.bulk_update(theirs, ["position"])


@contextmanager
def _changing(agent: Agent) -> Iterator[None]:
    """One page of theirs at a time, and every desk asks for its answers anew."""
    with live.recording():
        Agent.objects.select_for_update().get(pk=agent.pk)
        yield
        live.answers()
