"""What agents have seen of what customers said.

For the team, what anybody has seen is read: a row's number goes. For each agent a mark
stays as well, and says what is new to them when they look again.
"""

from __future__ import annotations

from django.db.models import Count, Max

from agents.models import Agent
from conversations import live
from conversations.models import Conversation, Customer, Message, ReadMark


def seen(conversation: Conversation, agent: Agent, through: int) -> None:
    """Note that an agent has seen a customer's messages.

    through  the newest of them, by its number and not by its place: what came late
             stands above others, and is newer

    Neither a mark nor a count ever moves back.
    """
    marks = ReadMark.objects.filter(agent=agent, conversation=conversation)
    unread = Conversation.objects.filter(
        customer_id=conversation.customer_id, unread__gt=0
    )
    if marks.filter(message__gte=through).exists() and not unread.exists():
        return
    with live.recording():
        Customer.objects.select_for_update().get(pk=conversation.customer_id)
        _mark(conversation, agent, through)
        _count(list(unread), through)


def mark_of(agent: Agent, customer_id: int) -> int | None:
    """Return the newest of a customer's messages that an agent has seen."""
    marks = ReadMark.objects.filter(agent=agent, conversation__customer=customer_id)
    return marks.aggregate(newest=Max("message"))["newest"]


def _mark(conversation: Conversation, agent: Agent, through: int) -> None:
    theirs = Message.objects.filter(customer=conversation.customer_id, pk__lte=through)
    newest = theirs.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return
    mark, is_new = ReadMark.objects.get_or_create(
        agent=agent, conversation=conversation, defaults={"message_id": newest}
    )
    if not is_new and mark.message_id < newest:
        mark.message_id = newest
        mark.save(update_fields=["message"])


def _count(conversations: list[Conversation], through: int) -> None:
    """Leave as unread what came after a message."""
    later = (
        Message.objects.filter(
            conversation__in=conversations,
            author=Message.Author.CUSTOMER,
            pk__gt=through,
        )
        .exclude(kind=Message.Kind.EVENT)
        .values_list("conversation")
        .annotate(count=Count("pk"))
        .order_by()
    )
    left = dict(later)
    for one in conversations:
        unread = min(one.unread, left.get(one.pk, 0))
        if unread != one.unread:
            one.unread = unread
            one.save(update_fields=["unread"])
            live.conversation(one)
