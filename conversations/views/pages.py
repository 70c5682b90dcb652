"""Pages by keyset: the next page begins after the last row, whatever came meanwhile.

A view of the inbox is one walk along an index or, for an agent's own, two: first what is
unanswered, the longest wait on top, then the rest, the latest on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from agents.models import Agent
from conversations import access
from conversations.models import Conversation, Customer, Message
from conversations.models.conversation import ConversationQuerySet

VIEWS = ("waiting", "mine", "all", "closed")
PAGE = 50  # rows, or messages
MOST_COUNTED = 1000  # past it a badge says 999+


class BadKey(ValueError):
    """A page's key that we never made."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Rows in the order of one index. `name` tells walks of one view apart."""

    name: str
    rows: ConversationQuerySet
    field: str
    descending: bool = False

    def after(self, at: datetime, pk: int) -> ConversationQuerySet:
        beyond = "lt" if self.descending else "gt"
        return self.ordered().filter(
            Q(**{f"{self.field}__{beyond}": at}) | Q(**{f"pk__{beyond}": pk}),
            **{f"{self.field}__{beyond}e": at},  # So that the index is entered here
        )

    def ordered(self) -> ConversationQuerySet:
        sign = "-" if self.descending else ""
        return self.rows.order_by(f"{sign}{self.field}", f"{sign}pk")

    def key_of(self, row: Conversation) -> str:
        return f"{self.name},{_text(getattr(row, self.field))},{row.pk}"


class Key(NamedTuple):
    """Where a page ends: in which walk, at which moment, at which row."""

    walk: str
    at: datetime
    pk: int


def inbox_page(
    view: str, agent: Agent, after: str = "", mini_program_id: int | None = None
) -> tuple[list[Conversation], str]:
    """Return one page of a view, and the key of the next: "" when this is the last.

    mini_program_id  the only one whose conversations are wanted

    Raises BadKey.
    """
    walks = _walks(view, agent, mini_program_id)
    key = _key(after, [walk.name for walk in walks]) if after else None
    if key:
        walks = walks[[walk.name for walk in walks].index(key.walk) :]
    found: list[tuple[Walk, Conversation]] = []
    for walk in walks:
        rows = walk.after(key.at, key.pk) if key else walk.ordered()
        key = None
        found += [(walk, row) for row in rows.drawn()[: PAGE + 1 - len(found)]]
        if len(found) > PAGE:
            walk, last = found[PAGE - 1]
            return [row for _, row in found[:PAGE]], walk.key_of(last)
    return [row for _, row in found], ""


def counts(agent: Agent, mini_program_id: int | None = None) -> dict[str, int]:
    """Return how many conversations each counted view holds, 1000 for any more."""
    return {
        view: sum(
            walk.rows.order_by()[:MOST_COUNTED].count()
            for walk in _walks(view, agent, mini_program_id)
        )
        for view in ("waiting", "mine", "all")
    }


def thread_page(customer: Customer, before: str = "") -> tuple[Sequence[Message], str]:
    """Return a customer's newest messages, or those before a key, oldest first.

    With them the key of the page before: "" when there is none. Raises BadKey.
    """
    messages = Message.objects.drawn().filter(customer=customer)
    if before:
        _, at, pk = _key(f"thread,{before}", ["thread"])
        messages = messages.filter(
            Q(ordered_at__lt=at) | Q(pk__lt=pk), ordered_at__lte=at
        )
    page = list(messages.order_by("-ordered_at", "-pk")[: PAGE + 1])
    oldest = page[PAGE - 1] if len(page) > PAGE else None
    key = f"{_text(oldest.ordered_at)},{oldest.pk}" if oldest else ""
    return page[:PAGE][::-1], key


def home_of(conversation: Conversation, agent: Agent) -> str:
    """Return the view in which an agent would look for a conversation."""
    if not conversation.is_open:
        return "closed"
    if conversation.assignee_id == agent.pk:
        return "mine"
    if conversation.assignee_id is None and conversation.waiting_since:
        return "waiting"
    return "all"


def _walks(view: str, agent: Agent, mini_program_id: int | None) -> list[Walk]:
    rows = access.conversations_for(agent)
    if mini_program_id is not None:
        rows = rows.filter(customer__mini_program=mini_program_id)
    match view:
        case "waiting":
            return [Walk("waiting", rows.waiting(), "waiting_since")]
        case "mine":
            mine = rows.open().filter(assignee=agent)
            return [
                Walk(
                    "waiting", mine.filter(waiting_since__isnull=False), "waiting_since"
                ),
                Walk(
                    "answered", mine.filter(waiting_since=None), "last_message_at", True
                ),
            ]
        case "all":
            return [Walk("open", rows.open(), "last_message_at", True)]
        case _:
            return [Walk("closed", rows.closed(), "last_message_at", True)]


def _text(moment: datetime) -> str:
    """Return a moment as the fragments write it: as text it sorts."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _key(text: str, walks: list[str]) -> Key:
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
