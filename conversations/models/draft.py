from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation


class Draft(models.Model):
    """What an agent has begun to write and not sent."""

    class Mode(models.TextChoices):
        REPLY = "reply", _("reply")
        NOTE = "note", _("note")

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="drafts"
    )
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.REPLY)
    text = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                "agent", "conversation", "mode", name="one_draft_per_mode"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
