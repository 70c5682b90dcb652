from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations import patterns

from .conversation import Conversation
from .customer import Customer
from .entrance import Match
from .mini_program import MiniProgram
from .parts import clean_parts, preview


class AutoReplyRule(models.Model):
    """What a machine says when no human does, and what sets it off."""

    class Trigger(models.TextChoices):
        ENTER = "enter", _("a customer enters")
        KEYWORD = "keyword", _("a customer writes a keyword")
        NO_ANSWER = "no_answer", _("no agent has answered in time")
        NOBODY_ONLINE = "nobody_online", _("a customer writes and nobody is online")

    class Action(models.TextChoices):
        ANSWER = "answer", _("answers")
        HAND_OVER = "hand_over", _("hands over to WeChat's own tool")

    class Comparison(models.TextChoices):
        CONTAINS = "contains", _("contains one of the keywords")
        EXACT = "exact", _("is exactly one of the keywords")
        REGEX = "regex", _("matches the pattern")

    mini_program = models.ForeignKey(
        MiniProgram,
        models.CASCADE,
        related_name="rules",
        verbose_name=_("mini program"),
    )
    name = models.CharField(_("name"), max_length=40)
    trigger = models.CharField(_("when"), max_length=16, choices=Trigger)
    session_match = models.CharField(
        _("only if SessionFrom"),
        max_length=8,
        choices=Match,
        blank=True,
        help_text=_("Empty: whatever the entrance."),
    )
    session_from = models.CharField(_("SessionFrom"), max_length=500, blank=True)
    comparison = models.CharField(
        _("the text"), max_length=8, choices=Comparison, default=Comparison.CONTAINS
    )
    keywords = models.TextField(
        _("keywords or pattern"),
        blank=True,
        max_length=2000,
        help_text=_(
            "Keywords: one a line. A pattern: RE2 syntax, such as refund|return. Letters' "
            "case and width don't count."
        ),
    )
    after_seconds = models.PositiveIntegerField(
        _("after how many seconds"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 60 * 60)],
    )
    cooldown_seconds = models.PositiveIntegerField(
        _("not again to one customer for how many seconds"),
        default=60,
        validators=[MaxValueValidator(30 * 24 * 60 * 60)],
    )
    action = models.CharField(
        _("what it does"), max_length=10, choices=Action, default=Action.ANSWER
    )
    parts = models.JSONField(_("what it says"), default=list, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    active = models.BooleanField(_("on"), default=True)

    class Meta:
        verbose_name = _("auto-reply rule")
        verbose_name_plural = _("auto-reply rules")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def preview(self) -> str:
        return preview(self.parts)

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if fault := self._session_fault():
            errors["session_from"] = fault
        if fault := self._keywords_fault():
            errors["keywords"] = fault
        if fault := self._action_fault():
            errors["action"] = fault
        try:
            hands_over = self.action == self.Action.HAND_OVER
            self.parts = [] if hands_over else clean_parts(self.parts)
        except ValidationError as exc:
            errors["parts"] = exc.messages
        if errors:
            raise ValidationError(errors)

    def _session_fault(self) -> Any:
        if self.session_match and not self.session_from:
            return _("Say which SessionFrom.")
        if self.session_match == Match.PATTERN:
            return patterns.fault(self.session_from)
        return ""

    def _action_fault(self) -> Any:
        if self.action != self.Action.HAND_OVER:
            return ""
        if self.trigger not in (self.Trigger.KEYWORD, self.Trigger.NOBODY_ONLINE):
            return _("Only a message can be handed over, and only at once.")
        return ""

    def _keywords_fault(self) -> Any:
        if self.trigger != self.Trigger.KEYWORD:
            return ""
        if not self.keywords.strip():
            return _("Give at least one keyword.")
        if self.comparison == self.Comparison.REGEX:
            return patterns.fault(self.keywords.strip())
        return ""


class DueReply(models.Model):
    """A fallback that is to be sent unless a human answers before `due_at`."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENT = "sent", _("sent")
        CANCELLED = "cancelled", _("cancelled")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="due_replies")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    rule = models.ForeignKey(AutoReplyRule, models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)

    class Meta:
        verbose_name = _("due reply")
        verbose_name_plural = _("due replies")
        constraints = [
            models.UniqueConstraint(
                "customer",
                condition=models.Q(state="pending"),
                name="one_fallback_per_wait",
            )
        ]
        indexes = [
            # The timer.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="pending"),
                name="due_reply_timer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
