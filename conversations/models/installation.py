from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProcessHeartbeat(models.Model):
    """When a process last showed that it lives, for /readyz."""

    name = models.CharField(primary_key=True, max_length=16)  # worker, cron
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("process heartbeat")
        verbose_name_plural = _("process heartbeats")

    def __str__(self) -> str:
        return self.name


class OutboxHold(models.Model):
    """While a row stands here, nothing is sent: a restored copy waits for a human."""

    reason = models.CharField(max_length=200)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("outbox hold")
        verbose_name_plural = _("outbox holds")

    def __str__(self) -> str:
        return self.reason
