"""One thing done to several conversations, in the order in which pushes lock customers.

Each is done by itself: what can't be done to one is said of that one, and the rest is
done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agents.models import Agent
from conversations import customers, handling, live, snoozing
from conversations.models import Conversation, Customer, Tag

MOST = 200  # conversations in one go


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not done to one, and why."""

    conversation: Conversation
    reason: str


class CantBeDone(Exception):
    """`args[0]` says why, to the agent."""


Deed = Callable[[Conversation], object]


def do(conversations: Iterable[Conversation], deed: Deed) -> list[Refused]:
    """Do something to each. Returns those to which it could not be done.

    deed  raises CantBeDone or snoozing.NotThen when it can't be
    """
    refused = []
    for one in sorted(conversations, key=lambda one: (one.customer_id, one.pk)):
        try:
            deed(one)
        except (CantBeDone, snoozing.NotThen) as exc:
            refused.append(Refused(one, str(exc)))
    return refused


def claim(agent: Agent) -> Deed:
    def deed(conversation: Conversation) -> None:
        if not conversation.is_open:
            raise CantBeDone(_("It is closed."))
        if not handling.claim(conversation, agent):
            holder = conversation.assignee
            name = holder.name if holder else "?"
            raise CantBeDone(_("Taken by %(agent)s") % {"agent": name})

    return deed


def close(agent: Agent) -> Deed:
    def deed(conversation: Conversation) -> None:
        if not handling.close(conversation, agent):
            raise CantBeDone(_("It is closed already."))

    return deed


def take_back_closing(agent: Agent) -> Deed:
    def deed(conversation: Conversation) -> None:
        if not handling.take_back_closing(conversation, agent):
            raise CantBeDone(_("The closing can’t be taken back any more."))

    return deed


def snooze(agent: Agent, when: str) -> Deed:
    return lambda conversation: snoozing.snooze(conversation, agent, when)


def mark_unread(conversation: Conversation) -> None:
    """Have it stand out again, as if nobody had looked."""
    with live.recording():
        Customer.objects.select_for_update().get(pk=conversation.customer_id)
        current = Conversation.objects.get(pk=conversation.pk)
        if not current.is_open:
            raise CantBeDone(_("It is closed."))
        if not current.unread:
            current.unread = 1
            current.save(update_fields=["unread"])
            live.conversation(current)


def tag(word: Tag) -> Deed:
    """Give the customer a tag; whoever bears it already keeps it."""

    def deed(conversation: Conversation) -> None:
        try:
            customers.tag(conversation.customer, word)
        except customers.TooMany:
            raise CantBeDone(
                _("No more than %(most)s tags on one customer.")
                % {"most": customers.MOST_TAGS}
            ) from None

    return deed
