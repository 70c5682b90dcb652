from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation


class Draft(models.Model):
    """What an agent has begun to write and not sent."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="drafts"
    )
    text = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint("agent", "conversation", name="one_draft_per_agent")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
