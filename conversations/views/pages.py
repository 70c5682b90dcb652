"""Pages by keyset: the next page begins after the last row, whatever came meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from agents.models import Agent
from conversations.models import Conversation, Customer, Message

PAGE = 50  # rows, or messages


class BadKey(ValueError):
    """A page's key that we never made."""


class Key(NamedTuple):
    """Where a page ends: in which walk, at which moment, at which row."""

    walk: str
    at: datetime
    pk: int


class ThreadPage(NamedTuple):
    """Some of a customer's messages, oldest first.

    before  the key of the page above: "" when there is none
    after   the key of the page below: "" when this is the end
    """

    messages: list[Message]
    before: str
    after: str


def thread_page(customer: Customer, before: str = "", after: str = "") -> ThreadPage:
    """Return a customer's newest messages, or those before or after a key.

    Raises BadKey.
    """
    messages = Message.objects.drawn().filter(customer=customer)
    if after:
        return _later(messages, _thread_key(after))
    if before:
        messages = messages.filter(_is_before(_thread_key(before)))
    page = list(messages.order_by("-ordered_at", "-pk")[: PAGE + 1])
    shown = page[:PAGE][::-1]
    is_more = len(page) > PAGE
    is_end = not (before and shown)
    return ThreadPage(
        shown,
        key_of(shown[0]) if is_more else "",
        "" if is_end else key_of(shown[-1]),
    )


def thread_around(customer: Customer, message: Message) -> ThreadPage:
    """Return a customer's messages with one of them in the middle."""
    messages = Message.objects.drawn().filter(customer=customer)
    at = Key("thread", message.ordered_at, message.pk)
    above = messages.filter(_is_before(at)).order_by("-ordered_at", "-pk")
    earlier = list(above[: PAGE // 2 + 1])
    later = _later(messages, at)
    shown = [*earlier[: PAGE // 2][::-1], message, *later.messages[: PAGE // 2]]
    is_end = len(later.messages) <= PAGE // 2
    return ThreadPage(
        shown,
        key_of(shown[0]) if len(earlier) > PAGE // 2 else "",
        "" if is_end else key_of(shown[-1]),
    )


def key_of(message: Message) -> str:
    """Return the key of what stands before or after a message."""
    return f"{text_of(message.ordered_at)},{message.pk}"


def _later(messages: QuerySet[Message], at: Key) -> ThreadPage:
    beyond = Q(ordered_at__gt=at.at) | Q(pk__gt=at.pk)
    later = messages.filter(beyond, ordered_at__gte=at.at)
    page = list(later.order_by("ordered_at", "pk")[: PAGE + 1])
    is_more = len(page) > PAGE
    return ThreadPage(
        page[:PAGE],
        key_of(page[0]) if page else "",
        key_of(page[PAGE - 1]) if is_more else "",
    )


def _is_before(at: Key) -> Q:
    # The second half is what an index is entered by.
    return (Q(ordered_at__lt=at.at) | Q(pk__lt=at.pk)) & Q(ordered_at__lte=at.at)


def _thread_key(text: str) -> Key:
    return key_in(f"thread,{text}", ["thread"])


def home_of(conversation: Conversation, agent: Agent) -> str:
    """Return the view in which an agent would look for a conversation."""
    if not conversation.is_open:
        return "closed"
    if conversation.snoozed_until:
        return "all"
    if conversation.assignee_id == agent.pk:
        return "mine"
    if conversation.assignee_id is None and conversation.waiting_since:
        return "waiting"
    return "all"


def text_of(moment: datetime) -> str:
    """Return a moment as the fragments write it: as text it sorts."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def key_in(text: str, walks: list[str]) -> Key:
    """Read a page's key, of one of these walks. Raises BadKey."""
    name, _, rest = text.partition(",")
    moment, _, pk = rest.rpartition(",")
    try:
        at = parse_datetime(moment)
        if name not in walks or at is None or at.tzinfo is None:
            raise BadKey(text)
        # In UTC, where a moment at either end of time may not exist.
        return Key(name, at.astimezone(UTC), int(pk))
    except (ValueError, OverflowError) as exc:
        raise BadKey(text) from exc
