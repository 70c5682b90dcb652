"""Who looks for words finds what was said, noted and kept, and whom it concerns.

The index names candidates, the newest first; the rows are then read through the gate and
looked at again. What one question costs is bounded: when few of many candidates are
what is wanted, a page comes out short, and its key says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from django.db.models import Max, OuterRef, Q, Subquery
from django.db.models.query import QuerySet
from django.utils import timezone

from agents.models import Agent
from conversations import access, answers, search_index
from conversations.models import Conversation, Customer, Message
from conversations.search_index import NEWEST, Match
from conversations.search_words import Wanted, marked

PAGE = 20  # hits
AT_FIRST = 30  # candidates
AT_ONCE = 200  # candidates, if those don't fill a page
MOST_ROUNDS = 5  # of candidates for one page
RECENT = 2000  # messages looked through for one character, which the index doesn't know
MOST_MONTHS = 36  # of a stretch of time that the index is asked for
AROUND = 24  # characters of a snippet ahead of the hit
SNIPPET = 120  # characters

Pieces = list[tuple[str, bool]]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see.

    words         as typed
    mini_program  id of the only one
    author        id of the agent who wrote it
    since, until  when it was said: from the one, before the other
    customer      id of whose thread alone is looked through
    """

    words: str
    wanted: Wanted
    mini_program: int | None = None
    author: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    customer: int | None = None

    @property
    def is_about_messages(self) -> bool:
        """Whether something is asked that only messages have."""
        return any((self.author, self.since, self.until, self.customer))

    @property
    def is_indexed(self) -> bool:
        """Whether all that was ever said is looked through, and not the latest only."""
        return self.wanted.is_indexed or bool(self.author or self.customer)


@dataclass(frozen=True, slots=True)
class Hit(Generic[Row]):
    """row: a message, or a customer's latest conversation; pieces: (words, whether they
    are what was looked for)"""

    row: Row
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """next_key: "" when these are the last."""

    hits: list[Hit[Row]]
    next_key: str = ""


def messages(
    agent: Agent,
    asked: Asked,
    *,
    notes: bool | None = None,
    before: int = NEWEST,
    limit: int = PAGE,
) -> Page[Message]:
    """Return messages an agent may see, the newest first.

    notes   whether notes, and nothing else, or everything else; None: all
    before  a page's key
    """
    visible = _visible(agent, asked, notes)
    match = _match(agent, asked, notes)
    if match is None:
        return Page([])
    rows: list[Message] = []
    for pks in _candidates(match, visible, before):
        found = visible.filter(pk__in=pks).only("kind", "author", "text", "data")
        rows += [
            message
            for message in found.order_by("-pk")
            if asked.wanted.stands_in(search_index.said(message))
        ]
        if len(rows) > limit:
            return _page_of_messages(rows[:limit], asked, str(rows[limit - 1].pk))
        looked_at = pks
    is_last = not match.asks or len(looked_at) < AT_ONCE
    return _page_of_messages(rows, asked, "" if is_last else str(looked_at[-1]))


def customers(
    agent: Agent, asked: Asked, *, before: int = NEWEST, limit: int = PAGE
) -> Page[Conversation]:
    """Return the latest conversations of customers who are called so, newest first."""
    wanted, seats = asked.wanted, access.seats_of(agent)
    if not wanted.is_indexed or seats == frozenset():
        return Page([])
    match = Match(wanted.words, wanted.begins, _at(asked, seats))
    pks = search_index.find(search_index.CUSTOMERS, match, before, AT_ONCE)
    rows = Customer.objects.filter(pk__in=pks).only("remark", "openid").order_by("-pk")
    found = [one.pk for one in rows if wanted.stands_in(search_index.called(one))]
    latest = Conversation.objects.filter(customer=OuterRef("customer"))
    conversations = {
        one.customer_id: one
        for one in access.conversations_for(agent)
        .drawn()
        .filter(
            customer__in=found[:limit],
            pk=Subquery(latest.order_by("-last_message_at", "-pk").values("pk")[:1]),
        )
    }
    hits = [
        Hit(conversations[pk], list(marked(_name(conversations[pk]), wanted.terms)))
        for pk in found[:limit]
        if pk in conversations
    ]
    if len(found) > limit:
        return Page(hits, str(found[limit - 1]))
    return Page(hits, str(pks[-1]) if len(pks) == AT_ONCE else "")


def kept_answers(agent: Agent, asked: Asked) -> list[answers.Entry]:
    """Return the canned answers that are found so, the best first."""
    entries = [
        entry
        for entry in answers.library(agent)
        if asked.mini_program in (None, entry["mini_program"])
        or entry["mini_program"] is None
    ]
    return answers.find(entries, asked.words)


def snippet(text: str, terms: tuple[str, ...]) -> Pieces:
    """Return the part of a text around the first hit, in pieces."""
    line = " ".join(text.split())
    pieces = list(marked(line, terms))
    ahead = len(pieces[0][0]) if pieces and not pieces[0][1] else 0
    start = max(0, ahead - AROUND)
    if ahead == len(line):  # What was found stands across a line's end
        start = 0
    cut = list(_cut(pieces, start, start + SNIPPET))
    before = [("…", False)] if start else []
    after = [("…", False)] if start + SNIPPET < len(line) else []
    return before + cut + after


def _cut(pieces: Pieces, start: int, end: int) -> Iterator[tuple[str, bool]]:
    at = 0
    for words, is_hit in pieces:
        part = words[max(0, start - at) : max(0, end - at)]
        at += len(words)
        if part:
            yield part, is_hit


def _visible(agent: Agent, asked: Asked, notes: bool | None) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation__in=access.conversations_for(agent))
    if notes is not None:
        is_note = Q(kind=Message.Kind.NOTE)
        rows = rows.filter(is_note if notes else ~is_note)
    exactly = {
        "customer__mini_program": asked.mini_program,
        "agent": asked.author,
        "ordered_at__gte": asked.since,
        "ordered_at__lt": asked.until,
        "customer": asked.customer,
    }
    return rows.filter(**{key: one for key, one in exactly.items() if one is not None})


def _match(agent: Agent, asked: Asked, notes: bool | None) -> Match | None:
    """Return what to ask the index for; None when there can be nothing."""
    seats = access.seats_of(agent)
    months = _months(asked)
    if seats == frozenset() or (months is not None and not months):
        return None
    words = set(asked.wanted.words)
    if asked.author is not None:
        words.add(search_index.by_agent(asked.author))
    if asked.customer is not None:
        words.add(search_index.of_customer(asked.customer))
    if not words and not asked.wanted.begins:
        return Match()  # One character: nothing to go by
    if notes:
        words.add(search_index.NOTE)
    any_of = [*_at(asked, seats), *([months] if months else [])]
    never = [search_index.NOTE] if notes is False else []
    return Match(words, asked.wanted.begins, any_of, never)


def _at(asked: Asked, seats: access.Seats) -> list[set[str]]:
    if asked.mini_program is not None:
        return [{search_index.of_mini_program(asked.mini_program)}]
    if seats is None:
        return []
    return [{search_index.of_mini_program(pk) for pk in seats}]


def _months(asked: Asked) -> set[str] | None:
    """Return the months a stretch of time touches; None when they don't narrow it."""
    if asked.since is None:
        return None  # As far back as there is anything
    end = min(asked.until or timezone.now(), timezone.now()).astimezone(UTC)
    begin = asked.since.astimezone(UTC)
    months = (end.year - begin.year) * 12 + end.month - begin.month
    if months >= MOST_MONTHS:
        return None
    first = begin.year * 12 + begin.month - 1
    return {
        search_index.in_month(datetime(*_year_and_month(first + later), 1, tzinfo=UTC))
        for later in range(months + 1)
    }


def _year_and_month(number: int) -> tuple[int, int]:
    return number // 12, number % 12 + 1


def _candidates(
    match: Match, visible: QuerySet[Message], before: int
) -> Iterator[list[int]]:
    if not match.asks:
        newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
        recent = visible.filter(pk__gt=newest - 10 * RECENT, pk__lt=before)
        yield list(recent.order_by("-pk").values_list("pk", flat=True)[:RECENT])
        return
    # Nearly all candidates of two characters are hits: at first no more than a page.
    for most in [AT_FIRST, *[AT_ONCE] * (MOST_ROUNDS - 1)]:
        pks = search_index.find(search_index.MESSAGES, match, before, most)
        yield pks
        if len(pks) < most:
            return
        before = pks[-1]


def _page_of_messages(
    rows: list[Message], asked: Asked, next_key: str
) -> Page[Message]:
    """Read what a hit shows, for those that are shown."""
    drawn = Message.objects.filter(pk__in=[row.pk for row in rows]).select_related(
        "agent", "conversation__entrance", "customer__mini_program"
    )
    return Page(
        [
            Hit(message, snippet(search_index.said(message), asked.wanted.terms))
            for message in drawn.order_by("-pk")
        ],
        next_key,
    )


def _name(conversation: Conversation) -> str:
    customer = conversation.customer
    anonymous = customer.anonymous
    return f"{customer.remark} {anonymous}" if customer.remark else anonymous
