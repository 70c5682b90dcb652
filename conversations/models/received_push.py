from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mini_program import MiniProgram


class ReceivedPush(models.Model):
    """Every push, as it came: what makes a second delivery of it harmless."""

    mini_program = models.ForeignKey(
        MiniProgram, models.CASCADE, related_name="pushes", db_index=False
    )
    dedupe_key = models.CharField(max_length=64, unique=True)
    # Names the batch that wrote the row, so that it can tell its own from a repeated one.
    receipt = models.UUIDField()
    body = models.TextField()
    authenticated_by = models.CharField(max_length=16)
    kind = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_index=True)  # Forgotten by this

    class Meta:
        verbose_name = _("received push")
        verbose_name_plural = _("received pushes")

    def __str__(self) -> str:
        return f"{self.pk}"


class RejectedPush(models.Model):
    """A push that proved nothing. Kept for the supervisor who looks for the reason."""

    appid = models.CharField(max_length=32)
    reason = models.CharField(max_length=32)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("rejected push")
        verbose_name_plural = _("rejected pushes")
        constraints = [
            models.UniqueConstraint("appid", "reason", name="one_row_per_rejection")
        ]

    def __str__(self) -> str:
        return f"{self.appid}: {self.reason}"
