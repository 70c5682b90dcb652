"""What agents know of a customer and decide about them: a name, tags, a block.

Each takes the customer's lock first, and shows on every desk at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone

from agents.models import Agent
from conversations import live, search_index
from conversations.models import Conversation, Customer, CustomerTag, DueReply, Tag
from conversations.sending.writing import happened

MOST_TAGS = 10  # of one customer
UNSEEN = ("Cc", "Cf", "Cs")  # Unicode's controls, format characters, half characters


class TooMany(Exception):
    """The customer bears as many tags as anybody can take in."""


def rename(customer: Customer, remark: str) -> None:
    """Give a customer the name by which colleagues know them; without one, take it."""
    remark = tidy(remark)
    with _locked(customer) as (current, _):
        if current.remark != remark:
            current.remark = remark
            current.save(update_fields=["remark"])
            search_index.add_customers([current])
            _say_everywhere(current)


def tidy(remark: str) -> str:
    """Return a name as it is shown: "" when there is nothing in it to be seen."""
    seen = "".join(
        one
        for one in remark
        if one.isspace() or unicodedata.category(one) not in UNSEEN
    )
    return " ".join(seen.split())


def tag(customer: Customer, chosen: Tag) -> None:
    """Put a tag on a customer. Raises TooMany."""
    with _locked(customer) as (current, _):
        theirs = CustomerTag.objects.filter(customer=current)
        if theirs.filter(tag=chosen).exists():
            return
        if theirs.count() >= MOST_TAGS:
            raise TooMany
        CustomerTag.objects.create(customer=current, tag=chosen)
        _say_everywhere(current)


def untag(customer: Customer, tag_id: int) -> None:
    with _locked(customer) as (current, _):
        gone, _by_model = current.tagged.filter(tag_id=tag_id).delete()
        if gone:
            _say_everywhere(current)


def block(
    conversation: Conversation, agent: Agent, until: datetime, reason: str
) -> None:
    """Keep what a customer writes, but let it wait, ring and set off rules no more.

    until  when that ends, by itself

    Blocked already, they are now by this agent, until then and for this reason.
    """
    with _locked(conversation.customer) as (current, now):
        current.blocked_until, current.blocked_reason = until, reason
        current.blocked_by = agent
        current.save(update_fields=["blocked_until", "blocked_reason", "blocked_by"])
        theirs = Conversation.objects.filter(customer=current)
        theirs.update(waiting_since=None, unread=0)
        DueReply.objects.filter(customer=current, state=DueReply.State.PENDING).update(
            state=DueReply.State.CANCELLED
        )
        said = {"until": until.isoformat(), "reason": reason}
        happened(conversation, "blocked", now, agent, **said)
        _say_everywhere(current)


def unblock(conversation: Conversation, agent: Agent) -> bool:
    """End a block before its time. False when there is none."""
    with _locked(conversation.customer) as (current, now):
        if not current.is_blocked_at(now):
            return False
        current.blocked_until, current.blocked_reason = None, ""
        current.blocked_by = None
        current.save(update_fields=["blocked_until", "blocked_reason", "blocked_by"])
        happened(conversation, "unblocked", now, agent)
        _say_everywhere(current)
    return True


@contextmanager
def _locked(customer: Customer) -> Iterator[tuple[Customer, datetime]]:
    with live.recording():
        yield (
            Customer.objects.select_for_update().get(pk=customer.pk),
            timezone.now(),
        )


def _say_everywhere(customer: Customer) -> None:
    """Their panel, and the rows and headers of all their conversations."""
    live.customer(customer)
    for conversation in customer.conversations.order_by("pk"):
        live.conversation(conversation)
