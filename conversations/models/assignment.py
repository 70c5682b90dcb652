from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation


class Assignment(models.Model):
    """An agent holding a conversation, from when to when."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="assignments"
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            # Two agents can't hold one conversation.
            models.UniqueConstraint(
                "conversation",
                condition=models.Q(ended_at=None),
                name="one_assignment_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
