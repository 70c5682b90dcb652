"""What is wanted of a view of the inbox, as its address says it.

    mini_program=2&entrance=5&tag=3&assignee=none&window=closing&failed=1

The page keeps to the same rules as it places what comes live (js/filters.js).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import F, Q

from conversations.models import MiniProgram
from conversations.models.conversation import ConversationQuerySet
from conversations.models.listing import failing
from conversations.wechat.reply_window import SPENT

NOBODY = "none"
# Of the reply window: something may be sent; the same, but soon no more; none is open;
# one is, but nothing is left in it.
WINDOWS = ("open", "closing", "closed", "spent")


@dataclass(frozen=True, slots=True)
class Filters:
    """All hold at once; None and "" mean any.

    assignee  an agent's id, or NOBODY
    """

    mini_program: int | None = None
    entrance: int | None = None
    tag: int | None = None
    assignee: str = ""
    window: str = ""
    failed: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """Read an address. What is no choice there means any."""
        assignee = query.get("assignee", "")
        window = query.get("window", "")
        return cls(
            _number(query.get("mini_program", "")),
            _number(query.get("entrance", "")),
            _number(query.get("tag", "")),
            assignee if assignee == NOBODY or _number(assignee) else "",
            window if window in WINDOWS else "",
            "1" if query.get("failed") == "1" else "",
        )

    @property
    def chosen(self) -> dict[str, str]:
        """What is not left to any, in the order in which it is shown."""
        return {name: str(value) for name, value in asdict(self).items() if value}

    def query(self, view: str) -> str:
        """Return the address of a view with these filters, after the question mark."""
        return urlencode({"view": view, **self.chosen})

    def apply(
        self, rows: ConversationQuerySet, now: datetime, within: timedelta
    ) -> ConversationQuerySet:
        """Narrow conversations. `within`: how soon a window closes that closes soon."""
        if self.mini_program:
            rows = rows.filter(customer__mini_program=self.mini_program)
        if self.entrance:
            rows = rows.filter(entrance=self.entrance)
        if self.tag:
            rows = rows.filter(customer__tagged__tag=self.tag)
        if self.assignee == NOBODY:
            rows = rows.filter(assignee=None)
        elif self.assignee:
            rows = rows.filter(assignee=int(self.assignee))
        if self.failed:
            rows = rows.filter(failing())
        if self.window:
            rows = rows.filter(_in_window(self.window, now, within))
        return rows


ANYTHING = Filters()


def _in_window(state: str, now: datetime, within: timedelta) -> Q:
    is_open = Q(customer__window_closes_at__gt=now)
    if state == "closed":
        return ~is_open | Q(customer__window_closes_at=None)
    if state == "spent":
        return is_open & ~_may_send(now)
    if state == "closing":
        soon = Q(customer__window_closes_at__lte=now + within)
        return is_open & soon & _may_send(now)
    return is_open & _may_send(now)


def _may_send(now: datetime) -> Q:
    """Whether anything is left of a window that is open, as `Customer.standing` says."""
    something = Q(pk__in=[])
    for program in MiniProgram.objects.only("message_hours", "entry_seconds"):
        theirs = Q(customer__mini_program=program)
        since = now - timedelta(hours=program.message_hours)
        something |= theirs & Q(
            customer__message_granted_at__gt=since,
            customer__message_used__lt=F("customer__mini_program__message_grant"),
        )
        since = now - timedelta(seconds=program.entry_seconds)
        something |= theirs & Q(
            customer__entry_granted_at__gt=since,
            customer__entry_used__lt=F("customer__mini_program__entry_grant"),
        )
    refused = Q(customer__window_refusal=SPENT)
    return something & (~refused | Q(customer__window_refusal=None))


def _number(text: str) -> int | None:
    """Return a row's id, None for what can't be one."""
    return int(text) if text.isdecimal() and len(text) <= 18 else None
