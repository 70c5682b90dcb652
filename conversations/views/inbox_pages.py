"""The inbox by keyset: the next page begins after the last row, whatever came meanwhile.

A view is one walk along an index or, for an agent's own, two: first what is unanswered,
the longest wait on top, then the rest, the latest on top. What the agent has pinned comes
before all of it, whole, on the first page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from agents.models import Agent
from conversations import access
from conversations.models import Conversation, LiveHead
from conversations.models.conversation import ConversationQuerySet
from conversations.models.listing import listed
from conversations.tallies import tally
from conversations.views import pages
from conversations.views.filters import ANYTHING, Filters
from conversations.views.pages import BadKey, Key

VIEWS = ("waiting", "mine", "closing", "all", "closed")
COUNTED = ("waiting", "mine", "closing", "all")

__all__ = ["COUNTED", "VIEWS", "BadKey", "Inbox"]


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
        moment: object = row
        for name in self.field.split("__"):
            moment = getattr(moment, name)
        return f"{self.name},{pages.text_of(moment)},{row.pk}"


@dataclass(frozen=True, slots=True)
class Inbox:
    """One view, as one agent has it before them at one moment.

    filters  what is wanted of it
    pinned   the conversations the agent keeps on top
    within   how soon a window must end to be closing soon
    """

    view: str
    agent: Agent
    filters: Filters = ANYTHING
    pinned: Collection[int] = ()
    within: timedelta = timedelta(hours=6)
    now: datetime = field(default_factory=timezone.now)

    def page(self, after: str = "") -> tuple[list[Conversation], str]:
        """Return one page, and the key of the next: "" when this is the last.

        Raises BadKey.
        """
        walks = self._walks(self.view)
        names = [walk.name for walk in walks]
        key: Key | None = pages.key_in(after, names) if after else None
        on_top: list[Conversation] = []
        if key:
            walks = walks[names.index(key.walk) :]
        elif self.pinned:
            on_top = [
                row
                for walk in walks
                for row in listed(walk.ordered().filter(pk__in=self.pinned))
            ]
        found: list[tuple[Walk, Conversation]] = []
        for walk in walks:
            rows = walk.after(key.at, key.pk) if key else walk.ordered()
            key = None
            if self.pinned:
                rows = rows.exclude(pk__in=self.pinned)
            found += [
                (walk, row) for row in listed(rows)[: pages.PAGE + 1 - len(found)]
            ]
            if len(found) > pages.PAGE:
                walk, last = found[pages.PAGE - 1]
                shown = [row for _, row in found[: pages.PAGE]]
                return on_top + shown, walk.key_of(last)
        return on_top + [row for _, row in found], ""

    def counts(self) -> dict[str, int]:
        """Return how many conversations each counted view holds, 1000 for any more;
        as "unread", how many of the agent's own hold something unread.

        Of one mini program if the list is narrowed to it; other filters don't count.
        With them, as "live_seq", the newest number of what has changed.
        """
        only = Filters(mini_program=self.filters.mini_program)
        unfiltered = Inbox(self.view, self.agent, only, (), self.within, self.now)
        parts = {
            f"{view} {walk.name}": walk.rows
            for view in COUNTED
            for walk in unfiltered._walks(view)
        }
        mine = only.apply(
            access.conversations_for(self.agent), self.now, self.within
        ).awake()
        parts["unread"] = mine.filter(assignee=self.agent, unread__gt=0)
        head = LiveHead.objects.filter(pk=1).values("seq")
        found = tally(parts, live_seq=head)
        counts = dict.fromkeys((*COUNTED, "unread"), 0) | {
            "live_seq": found.pop("live_seq")
        }
        for name, count in found.items():
            counts[name.split()[0]] += count
        return counts

    def _walks(self, view: str) -> list[Walk]:
        seen = access.conversations_for(self.agent)
        rows = self.filters.apply(seen, self.now, self.within)
        match view:
            case "waiting":
                return [Walk("waiting", rows.waiting(), "waiting_since")]
            case "mine":
                mine = rows.awake().filter(assignee=self.agent)
                unanswered = mine.filter(waiting_since__isnull=False)
                rest = mine.filter(waiting_since=None)
                return [
                    Walk("waiting", unanswered, "waiting_since"),
                    Walk("answered", rest, "last_message_at", True),
                ]
            case "closing":
                closing = rows.closing(self.now, self.within)
                return [Walk("closing", closing, "customer__window_closes_at")]
            case "all":
                return [Walk("open", rows.open(), "last_message_at", True)]
            case _:
                return [Walk("closed", rows.closed(), "last_message_at", True)]
