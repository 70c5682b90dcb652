"""What a list may be narrowed to, in words: the chips over it, and the choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import Agent
from conversations import access
from conversations.models import Entrance, Tag
from conversations.views.filters import NOBODY, Filters

WINDOWS: dict[str, Promise] = {
    "open": pgettext_lazy("reply window", "Can be answered"),
    "closing": pgettext_lazy("reply window", "Closes soon"),
    "spent": pgettext_lazy("reply window", "Nothing left to send"),
    "closed": pgettext_lazy("reply window", "Closed"),
}
NOBODYS = _("Nobody’s")
FAILED = _("Not sent")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter. `name` is the filter's in the address."""

    name: str
    value: str
    words: str | Promise


def chips(agent: Agent, filters: Filters) -> list[Choice]:
    """Return what is chosen, but for the mini program, which has a place of its own."""
    chosen = {k: v for k, v in filters.chosen.items() if k != "mini_program"}
    return [Choice(name, value, _words(name, value)) for name, value in chosen.items()]


@dataclass(frozen=True, slots=True)
class Choices:
    """A filter with all its values, and which is chosen: "" when any will do."""

    name: str
    words: str | Promise
    choices: list[Choice]
    chosen: str


def choices(agent: Agent, filters: Filters) -> list[Choices]:
    """Return all that an agent may choose. What offers no choice is left out."""
    seats = access.seats_of(agent)
    entrances = Entrance.objects.all()
    if seats is not None:
        entrances = entrances.filter(mini_program__in=seats)
    agents = Agent.objects.filter(is_active=True).order_by("display_name", "username")
    offered = {
        "entrance": (_("Entrance"), _rows("entrance", entrances, "label")),
        "tag": (_("Tag"), tags()),
        "assignee": (
            _("With whom"),
            [
                Choice("assignee", NOBODY, NOBODYS),
                *_rows("assignee", agents, "name"),
            ],
        ),
        "window": (
            _("Reply window"),
            [Choice("window", key, words) for key, words in WINDOWS.items()],
        ),
        "failed": (pgettext_lazy("filter", "Sending"), [Choice("failed", "1", FAILED)]),
    }
    return [
        Choices(name, words, values, filters.chosen.get(name, ""))
        for name, (words, values) in offered.items()
        if values
    ]


def tags() -> list[Choice]:
    return _rows("tag", Tag.objects.all(), "name")


def _rows(name: str, rows: Any, words: str) -> list[Choice]:
    return [Choice(name, str(row.pk), getattr(row, words)) for row in rows]


def _words(name: str, value: str) -> str | Promise:
    if name == "window":
        return WINDOWS[value]
    if name == "failed":
        return FAILED
    if value == NOBODY:
        return NOBODYS
    rows: dict[str, tuple[QuerySet[Any], str]] = {
        "entrance": (Entrance.objects.all(), "label"),
        "tag": (Tag.objects.all(), "name"),
        "assignee": (Agent.objects.all(), "name"),
    }
    found, words = rows[name]
    row = found.filter(pk=value).first()
    return getattr(row, words) if row else "—"
