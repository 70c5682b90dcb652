"""What an agent finds at hand around the list, read in one statement: which mini programs
they see, what they have begun to write, pinned and saved, and what supervisors set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from agents.models import Agent
from conversations import access
from conversations.models import (
    DeskSettings,
    Draft,
    MiniProgram,
    Pin,
    SavedView,
    Seat,
)

NOTHING = Value("", TextField())
ZERO = Value(0, BigIntegerField())
ONE = Value(1, BigIntegerField())


@dataclass(slots=True)
class View:
    """A saved view. `is_own`: the agent's; else everybody's."""

    pk: int
    name: str
    query: str
    position: int
    is_own: bool


@dataclass(slots=True)
class AtHand:
    """programs  those among which the agent may choose: none when they see but one."""

    programs: list[MiniProgram] = field(default_factory=list)
    drafts: list[int] = field(default_factory=list)
    pins: list[int] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    # Until a supervisor sets another
    closing_soon: timedelta = timedelta(hours=DeskSettings().closing_soon_hours)
    amber: int = DeskSettings().amber_after_seconds
    red: int = DeskSettings().red_after_seconds


def at_hand(agent: Agent) -> AtHand:
    """Read what an agent has at hand. What seats they have is remembered with them."""
    found = AtHand()
    programs: list[MiniProgram] = []
    seated: dict[int, bool] = {}
    for what, number, text, more, position, flag in _everything(agent):
        match what:
            case "draft":
                found.drafts.append(number)
            case "pin":
                found.pins.append(number)
            case "view":
                found.views.append(View(number, text, more, position, bool(flag)))
            case "settings":
                found.closing_soon = timedelta(hours=number)
                found.amber, found.red = position, int(text)
            case _:
                seated[number] = bool(flag)
                if position:  # Active
                    programs.append(MiniProgram(pk=number, name=text))
    seats = access.remember_seats(agent, seated)
    seen = [one for one in programs if seats is None or one.pk in seats]
    found.programs = (
        sorted(seen, key=lambda one: (one.name, one.pk)) if len(seen) > 1 else []
    )
    found.views.sort(key=lambda one: (one.is_own, one.position, one.pk))
    found.drafts = sorted(set(found.drafts))
    found.pins.sort()
    return found


def _everything(agent: Agent) -> QuerySet[Any, tuple[Any, ...]]:
    theirs = SavedView.objects.filter(Q(owner=agent) | Q(owner=None)).order_by()
    seat = Seat.objects.filter(agent=agent, mini_program=OuterRef("pk"))
    programs = MiniProgram.objects.order_by()
    return _columns(
        programs,
        "program",
        "pk",
        "name",
        position=_one_if(Q(active=True)),
        flag=_one_if(Q(Exists(seat))),
    ).union(
        _columns(Draft.objects.filter(agent=agent), "draft", "conversation_id"),
        _columns(Pin.objects.filter(agent=agent), "pin", "conversation_id"),
        _columns(theirs, "view", "pk", "name", "query", "position", F("owner")),
        _columns(
            DeskSettings.objects.order_by(),
            "settings",
            "closing_soon_hours",
            "red_after_seconds",
            position="amber_after_seconds",
        ),
        all=True,
    )


def _one_if(condition: Q) -> Case:
    # PostgreSQL makes no bigint of a boolean.
    return Case(When(condition, then=ONE), default=ZERO)


def _columns(
    rows: QuerySet[Any],
    what: str,
    number: str,
    text: str | Value = NOTHING,
    more: str | Value = NOTHING,
    position: Any = ZERO,
    flag: Any = ZERO,
) -> QuerySet[Any, tuple[Any, ...]]:
    """Shape a query as a part of the one; its columns must be of the same types."""
    return rows.values_list(
        Value(what, TextField()),
        Cast(number, BigIntegerField()),
        Cast(text, TextField()),
        Cast(more, TextField()),
        Cast(position, BigIntegerField()),
        Cast(flag, BigIntegerField()),
    )
