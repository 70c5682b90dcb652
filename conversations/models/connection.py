"""Whether a mini program is connected to us, and what keeps it from being."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mini_program import MiniProgram
from .refusals import sentence_for


class Pause(models.Model):
    """Why we ask WeChat nothing for a mini program just now.

    Its row is there while the pause lasts; deliveries stay queued meanwhile.
    """

    mini_program = models.OneToOneField(
        MiniProgram, models.CASCADE, related_name="pause"
    )
    errcode = models.IntegerField()
    errmsg = models.CharField(max_length=300, blank=True)
    rid = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField()
    # When one call is let through to see whether it is over.
    probe_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")

    def __str__(self) -> str:
        return f"{self.mini_program_id}: {self.errcode}"

    @property
    def reason(self) -> str:
        """What is wrong and who can do what about it, in a sentence for the agent."""
        return sentence_for(self.errcode, self.errmsg)


class Light(models.Model):
    """One of the five lights of a mini program's connection, as last seen."""

    class Name(models.TextChoices):
        URL = "url", _("URL verified")
        PUSH = "push", _("push received")
        TOKEN = "token", _("access token")
        SEND = "send", _("send")
        TYPING = "typing", _("typing")

    mini_program = models.ForeignKey(
        MiniProgram, models.CASCADE, related_name="lights", db_index=False
    )
    name = models.CharField(max_length=8, choices=Name)
    ok = models.BooleanField()
    at = models.DateTimeField()
    errcode = models.IntegerField(null=True, blank=True)
    errmsg = models.CharField(max_length=300, blank=True)
    rid = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("light")
        verbose_name_plural = _("lights")
        constraints = [
            models.UniqueConstraint("mini_program", "name", name="one_light_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.mini_program_id}: {self.name}"


class PushDay(models.Model):
    """How a mini program's pushes went on one day, by the time zone of the console."""

    mini_program = models.ForeignKey(
        MiniProgram, models.CASCADE, related_name="push_days", db_index=False
    )
    day = models.DateField()
    received = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)  # WeChat's tries, dropped
    slow = models.PositiveIntegerField(default=0)  # acknowledged after over a second
    slowest_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("day of pushes")
        verbose_name_plural = _("days of pushes")
        constraints = [
            models.UniqueConstraint("mini_program", "day", name="one_row_a_push_day")
        ]

    def __str__(self) -> str:
        return f"{self.mini_program_id}: {self.day}"
