"""What agents do with a conversation besides answering it.

Each takes the customer's lock first, so that two agents, or an agent and a push, come
one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from agents.models import Agent
from conversations import live
from conversations.models import Assignment, Conversation, Customer, DueReply, Message
from conversations.sending.writing import happened

Status = Conversation.Status
# The desk offers it for six seconds; what is pressed then may take its time to come.
TAKEN_BACK_WITHIN = timedelta(seconds=30)


def claim(conversation: Conversation, agent: Agent) -> bool:
    """Take a conversation nobody has. False when a colleague was faster; then
    `conversation.assignee` says who."""
    with _locked(conversation) as (current, now):
        if current.assignee_id == agent.pk:
            return True
        claimed = current.claim(agent, now)
        if claimed:
            _a_human_takes_over(current, now)
            happened(current, "claimed", now, agent)
            live.conversation(current)
        else:
            current.refresh_from_db(fields=["assignee"])
    conversation.assignee = current.assignee
    return claimed


def release(conversation: Conversation, agent: Agent) -> bool:
    """Give a conversation back to whoever claims it next.

    False when nobody had it, or when it is a colleague's: only a supervisor takes it
    from them.
    """
    with _locked(conversation) as (current, now):
        if current.assignee_id is None:
            return False
        if current.assignee_id != agent.pk and not agent.is_supervisor:
            return False
        _unassign(current, now)
        happened(current, "released", now, agent)
        live.conversation(current)
    return True


def close(conversation: Conversation, agent: Agent) -> bool:
    """End a conversation. False when it was closed already.

    Queued deliveries still go out. Once the last of a customer's is closed, nothing of
    theirs waits and rules may speak again. The customer's next message opens it anew.
    """
    with _locked(conversation) as (current, now):
        if not current.is_open:
            return False
        was = _as_said(current)
        _unassign(current, now)
        current.status, current.waiting_since, current.unread = Status.CLOSED, None, 0
        current.snoozed_until = None
        current.save(
            update_fields=["status", "waiting_since", "unread", "snoozed_until"]
        )
        theirs = Conversation.objects.open().filter(customer=current.customer_id)
        if not theirs.filter(assignee__isnull=False).exists():
            Customer.objects.filter(pk=current.customer_id).update(human_at=None)
        if not theirs.filter(waiting_since__isnull=False).exists():
            DueReply.objects.filter(
                customer=current.customer_id, state=DueReply.State.PENDING
            ).update(state=DueReply.State.CANCELLED)
        happened(current, "closed", now, agent, **was)
        live.conversation(current)
    return True


def take_back_closing(conversation: Conversation, agent: Agent) -> bool:
    """Undo one's own closing of a moment ago: it waits as it did, for whom it did, as
    unread and as far put off as it was.

    False when it is open, when a colleague closed it, or when that is too long ago. A
    rule's answer that the closing called off stays off: a human is at it.
    """
    with _locked(conversation) as (current, now):
        line = (
            current.messages.filter(kind=Message.Kind.EVENT, data__event="closed")
            .order_by("-ordered_at", "-pk")
            .first()
        )
        if current.is_open or line is None or line.agent_id != agent.pk:
            return False
        if now - line.ordered_at > TAKEN_BACK_WITHIN:
            return False
        holder = Agent.objects.filter(pk=line.data.get("was_assignee") or 0).first()
        if holder is not None:
            current.claim(holder, now)
            _a_human_takes_over(current, now)
        current.status = Status.OPEN
        current.waiting_since = _moment(line, "was_waiting_since")
        current.snoozed_until = _moment(line, "was_snoozed_until")
        current.unread = int(line.data.get("was_unread", 0))
        current.save(
            update_fields=["status", "waiting_since", "snoozed_until", "unread"]
        )
        happened(current, "reopened", now, agent)
        live.conversation(current)
    return True


def reopen(conversation: Conversation, agent: Agent) -> bool:
    """Open a closed conversation again, as the agent's own. False when it was open."""
    with _locked(conversation) as (current, now):
        if current.is_open:
            return False
        current.claim(agent, now)
        _a_human_takes_over(current, now)
        happened(current, "reopened", now, agent)
        live.conversation(current)
    return True


def hand_back(agent: Agent) -> int:
    """Return all of an agent's open conversations to waiting. Returns how many.

    Also those that were answered last: nobody else is looking after them.
    """
    theirs = Conversation.objects.open().filter(assignee=agent)
    # In the order in which pushes lock customers.
    held = list(theirs.order_by("customer_id", "pk"))
    for conversation in held:
        with _locked(conversation) as (current, now):
            if current.assignee_id != agent.pk:
                continue
            _unassign(current, now)
            current.waiting_since = current.waiting_since or now
            current.save(update_fields=["waiting_since"])
            happened(current, "released", now, agent)
            live.conversation(current)
    return len(held)


def _as_said(conversation: Conversation) -> dict[str, str]:
    """Return what a closing ends, as its line keeps it."""
    since, until = conversation.waiting_since, conversation.snoozed_until
    return {
        "was_assignee": str(conversation.assignee_id or ""),
        "was_waiting_since": since.isoformat() if since else "",
        "was_snoozed_until": until.isoformat() if until else "",
        "was_unread": str(conversation.unread),
    }


def _moment(line: Message, name: str) -> datetime | None:
    kept = line.data.get(name)
    return parse_datetime(kept) if kept else None


@contextmanager
def _locked(conversation: Conversation) -> Iterator[tuple[Conversation, datetime]]:
    with live.recording():
        Customer.objects.select_for_update().get(pk=conversation.customer_id)
        yield (
            Conversation.objects.select_related("assignee").get(pk=conversation.pk),
            timezone.now(),
        )


def _a_human_takes_over(conversation: Conversation, now: datetime) -> None:
    """Rules fall silent. The fallback stays: to take is not yet to answer."""
    Customer.objects.filter(pk=conversation.customer_id).update(human_at=now)


def _unassign(conversation: Conversation, now: datetime) -> None:
    Assignment.objects.filter(conversation=conversation, ended_at=None).update(
        ended_at=now
    )
    conversation.assignee = None
    conversation.save(update_fields=["assignee"])
