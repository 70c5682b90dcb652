from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mini_program import MiniProgram


class ReceivedPush(models.Model):
    """Every push, as it came: what makes a second delivery of it harmless."""

    class Outcome(models.TextChoices):
        STORED = "stored", _("became a message")
        HANDED_OVER = "handed_over", _("handed to WeChat's own tool")
        IGNORED = "ignored", _("concerns no customer")
        FAILED = "failed", _("could not be stored")

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
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.STORED)
    message = models.OneToOneField(
        "conversations.Message",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="push",
    )
    error = models.CharField(max_length=100, blank=True)  # an exception's name
    # Which rule answered, and of those before it why each didn't: [[rule, why], …]
    trace = models.JSONField(default=list, blank=True)
    repeats = models.PositiveIntegerField(default=0)  # how often it came again

    class Meta:
        verbose_name = _("received push")
        verbose_name_plural = _("received pushes")
        indexes = [
            # The inspector, newest first.
            models.Index(fields=["mini_program", "-id"], name="received_push_log"),
            # What failed, for the inspector: few among many.
            models.Index(
                fields=["-id"],
                condition=models.Q(outcome="failed"),
                name="received_push_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class RejectedPush(models.Model):
    """A push that proved nothing. The newest are kept for whoever looks for the reason.

    details  masked, for a supervisor: timestamp, nonce, signature as they came, the
             body's size, what was missing; never a secret, an openid or a message
    count    how many alike it stands for
    """

    appid = models.CharField(max_length=32)
    reason = models.CharField(max_length=32)
    details = models.JSONField(default=dict, blank=True)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("rejected push")
        verbose_name_plural = _("rejected pushes")
        indexes = [
            # The newest of a mini program, and which are too old to keep.
            models.Index(fields=["appid", "-id"], name="rejected_push_log"),
        ]

    def __str__(self) -> str:
        return f"{self.appid}: {self.reason}"


class RejectedCount(models.Model):
    """How many pushes to a mini program proved nothing, ever: this only grows."""

    appid = models.CharField(max_length=32)
    reason = models.CharField(max_length=32)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("appid", "reason", name="one_rejected_count"),
        ]

    def __str__(self) -> str:
        return f"{self.appid}: {self.reason}"
