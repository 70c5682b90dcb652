from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .agent import Agent


class Tab(models.Model):
    """One open browser tab with a live socket: a lease, renewed by the tab's process.

    A process that dies leaves its tabs behind; they count no more once `seen_at` is
    older than `presence.LEASE`. One that was closed stays for a while, to say since when
    its agent is away.
    """

    id = models.CharField(primary_key=True, max_length=32)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="tabs")
    seen_at = models.DateTimeField(db_index=True)  # Read by presence.online
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("open tab")
        verbose_name_plural = _("open tabs")

    def __str__(self) -> str:
        return f"{self.agent_id}:{self.pk}"
