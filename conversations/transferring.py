"""Giving a conversation to a colleague: at once, or once they accept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from agents import presence
from agents.models import Agent
from agents.presence import State
from conversations import live
from conversations.models import (
    Assignment,
    Conversation,
    DeskSettings,
    Draft,
    Message,
    Seat,
)
from conversations.sending.writing import happened, locked

ORDER = list(State)  # Who is here comes first


class Refused(Exception):
    """It isn't theirs to give, or not to that colleague. `holder` says whose it is."""

    def __init__(self, holder: Agent | None = None) -> None:
        super().__init__()
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a conversation can be given to, and how much they have on hand."""

    agent: Agent
    state: State
    open: int
    waiting: int


def colleagues(conversation: Conversation, agent: Agent) -> list[Colleague]:
    """Return whom an agent may give a conversation to, the freest first."""
    found = list(seated(conversation).exclude(pk=agent.pk))
    after = timedelta(seconds=DeskSettings.current().offline_after_seconds)
    states = presence.states(found, after)
    held = {
        row["assignee"]: row
        for row in Conversation.objects.open()
        .filter(assignee__in=found)
        .values("assignee")
        .annotate(open=Count("pk"), waiting=Count("pk", Q(waiting_since__isnull=False)))
        .order_by()
    }
    none = {"open": 0, "waiting": 0}
    all_of_them = [
        Colleague(
            one,
            states[one.pk],
            held.get(one.pk, none)["open"],
            held.get(one.pk, none)["waiting"],
        )
        for one in found
        if one.pk != conversation.assignee_id
    ]
    return sorted(
        all_of_them, key=lambda one: (ORDER.index(one.state), one.open, one.agent.name)
    )


def seated(conversation: Conversation) -> QuerySet[Agent]:
    """Return the agents who see a conversation."""
    seat = Seat.objects.filter(
        agent=OuterRef("pk"), mini_program=conversation.customer.mini_program_id
    )
    return Agent.objects.filter(Q(is_staff=True) | Exists(seat), is_active=True)


def transfer(
    conversation: Conversation, by: Agent, to: Agent, note: str = "", draft: str = ""
) -> Message:
    """Give a conversation to a colleague, with a word for them. Returns the line.

    draft  what the giver had begun to write: from now on the receiver's

    Where DeskSettings say so it stays with the giver until `accept`. Who had it learns
    nothing from the customer's side, and the customer nothing at all.

    Raises Refused when it is closed or a third agent's, and the giver no supervisor, or
    when the receiver doesn't see it.
    """
    with live.recording():
        locked(conversation.customer_id)
        current = Conversation.objects.drawn().get(pk=conversation.pk)
        _check(current, by, to)
        waits = DeskSettings.current().transfer_needs_acceptance
        now = timezone.now()
        line = happened(
            current, "transfer_offered" if waits else "transferred", now, by
        )
        line.data |= {"to": to.name, "to_id": to.pk, "note": note}
        line.save(update_fields=["data"])
        if not waits:
            _hand(current, by, to, now)
        if draft:
            _give_draft(current, by, to, draft)
        live.agent(to.pk, current, line)
        return line


def accept(conversation: Conversation, agent: Agent, line_id: int) -> bool:
    """Take what a colleague offers. False when it isn't offered to them any more."""
    with live.recording():
        locked(conversation.customer_id)
        line = Message.objects.filter(
            pk=line_id, conversation=conversation, data__event="transfer_offered"
        ).first()
        current = Conversation.objects.drawn().get(pk=conversation.pk)
        if line is None or line.data["to_id"] != agent.pk or not current.is_open:
            return False
        if current.assignee_id not in (None, line.agent_id):
            return False  # It went elsewhere meanwhile
        line.data["event"] = "transferred"
        line.save(update_fields=["data"])
        live.message(line)
        _hand(current, line.agent or agent, agent, timezone.now())
        return True


def _check(conversation: Conversation, by: Agent, to: Agent) -> None:
    holder = conversation.assignee
    is_theirs = holder in (None, by) or by.is_supervisor
    if not is_theirs or not conversation.is_open:
        raise Refused(holder)
    if to in (by, holder) or not seated(conversation).filter(pk=to.pk).exists():
        raise Refused(holder if to == holder else None)


def _hand(conversation: Conversation, by: Agent, to: Agent, now: datetime) -> None:
    Assignment.objects.filter(conversation=conversation, ended_at=None).update(
        ended_at=now
    )
    Assignment.objects.create(conversation=conversation, agent=to, by=by, began_at=now)
    conversation.assignee = to
    conversation.snoozed_until = None  # Put off it would be in no list of theirs
    conversation.save(update_fields=["assignee", "snoozed_until"])
    live.conversation(conversation)


def _give_draft(conversation: Conversation, by: Agent, to: Agent, text: str) -> None:
    """What the receiver has begun themselves stays, and comes first."""
    theirs: dict[str, Any] = {
        "agent": to,
        "conversation": conversation,
        "mode": Draft.Mode.REPLY,
    }
    begun = Draft.objects.filter(**theirs).values_list("text", flat=True).first()
    Draft.objects.update_or_create(
        **theirs, defaults={"text": f"{begun}\n{text}" if begun else text}
    )
    Draft.objects.filter(
        agent=by, conversation=conversation, mode=Draft.Mode.REPLY
    ).delete()
