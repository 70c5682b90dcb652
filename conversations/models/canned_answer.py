from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Agent

from .mini_program import MiniProgram
from .parts import clean_parts, preview


class CannedAnswerQuerySet(models.QuerySet["CannedAnswer"]):
    def usable_by(self, agent: Agent, at: datetime) -> Self:
        """Those an agent may pick at a moment: theirs and everyone's, in their order."""
        return (
            self.filter(active=True)
            .filter(
                models.Q(scope=CannedAnswer.Scope.EVERYONE) | models.Q(owner=agent),
                models.Q(valid_from=None) | models.Q(valid_from__lte=at),
                models.Q(valid_to=None) | models.Q(valid_to__gt=at),
            )
            .order_by("position", "pk")
        )


class CannedAnswer(models.Model):
    """Something kept to be said again.

    A quick reply is sent by one tap; a common answer is found in the library, inserted
    and edited before it is sent.
    """

    class Use(models.TextChoices):
        QUICK_REPLY = "quick_reply", _("quick reply")
        COMMON_ANSWER = "common_answer", _("common answer")

    class Scope(models.TextChoices):
        EVERYONE = "everyone", _("everyone")
        PERSONAL = "personal", _("personal")

    use = models.CharField(
        _("use"), max_length=16, choices=Use, default=Use.COMMON_ANSWER
    )
    scope = models.CharField(
        _("scope"), max_length=10, choices=Scope, default=Scope.EVERYONE
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="canned_answers",
        verbose_name=_("owner"),
    )
    mini_program = models.ForeignKey(
        MiniProgram,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="canned_answers",
        verbose_name=_("mini program"),
        help_text=_("Empty: in all of them."),
    )
    title = models.CharField(_("title"), max_length=40)
    shortcut = models.CharField(
        _("shortcut"),
        max_length=20,
        blank=True,
        help_text=_("Typed after / to find it at once, such as tk."),
    )
    parts = models.JSONField(_("what it says"), default=list)
    # Full pinyin and initials of the title, for `/tuikuan` and `/tk`.
    pinyin = models.CharField(max_length=500, blank=True, editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("valid until"), null=True, blank=True)
    # Raised by every change of what it says: a browser that shows an older one is told.
    version = models.PositiveIntegerField(default=1, editable=False)
    uses = models.PositiveIntegerField(_("uses"), default=0, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = CannedAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_quick_reply(self) -> bool:
        return self.use == self.Use.QUICK_REPLY

    @property
    def is_one_text(self) -> bool:
        return [part["kind"] for part in self.parts] == ["text"]

    @property
    def preview(self) -> str:
        return preview(self.parts)

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if self.scope == self.Scope.PERSONAL and self.owner is None:
            errors["owner"] = _("A personal answer needs an owner.")
        if self.scope == self.Scope.EVERYONE:
            self.owner = None
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            errors["valid_to"] = _("It would end before it begins.")
        try:
            self.parts = clean_parts(self.parts)
        except ValidationError as exc:
            errors["parts"] = exc.messages
        if errors:
            raise ValidationError(errors)
