from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations import patterns

from .mini_program import MiniProgram


class Match(models.TextChoices):
    """How a SessionFrom is compared with what a supervisor wrote."""

    EXACT = "exact", _("is exactly")
    PREFIX = "prefix", _("begins with")
    PATTERN = "pattern", _("matches the pattern")


class Entrance(models.Model):
    """What we know about a button that customers come in by."""

    class Colour(models.TextChoices):
        BLUE = "blue", _("blue")
        GREEN = "green", _("green")
        AMBER = "amber", _("amber")
        RED = "red", _("red")
        PURPLE = "purple", _("purple")
        GREY = "grey", _("grey")

    mini_program = models.ForeignKey(
        MiniProgram,
        models.CASCADE,
        related_name="entrances",
        verbose_name=_("mini program"),
    )
    match = models.CharField(
        _("SessionFrom"), max_length=8, choices=Match, default=Match.EXACT
    )
    pattern = models.CharField(_("value"), max_length=500)
    label = models.CharField(_("label"), max_length=20)
    colour = models.CharField(
        _("colour"), max_length=8, choices=Colour, default=Colour.BLUE
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("entrance")
        verbose_name_plural = _("entrances")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.match == Match.PATTERN and (error := patterns.fault(self.pattern)):
            raise ValidationError({"pattern": error})

    def knows(self, session_from: str) -> bool:
        """Return whether a SessionFrom is one of this entrance's."""
        return matches(self.match, self.pattern, session_from)


def matches(match: str, pattern: str, session_from: str) -> bool:
    """Compare a SessionFrom. Letters' case and width don't count; no wait is long."""
    text, wanted = patterns.folded(session_from), patterns.folded(pattern)
    if match == Match.EXACT:
        return text == wanted
    if match == Match.PREFIX:
        return text.startswith(wanted)
    return patterns.found(pattern, session_from)


def entrance_for(entrances: Iterable[Entrance], session_from: str) -> Entrance | None:
    """Return the first entrance, in their order, that knows a SessionFrom."""
    return next((one for one in entrances if one.knows(session_from)), None)
