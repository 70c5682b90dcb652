from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Agent

from .mini_program import MiniProgram


class SeatManager(models.Manager["Seat"]):
    def give_all_to(self, agent: Agent) -> None:
        """Seat a new agent at every mini program there is."""
        self.bulk_create(
            [Seat(agent=agent, mini_program=one) for one in MiniProgram.objects.all()],
            ignore_conflicts=True,
        )

    def give_everyone(self, mini_program: MiniProgram) -> None:
        """Seat every agent at a new mini program."""
        self.bulk_create(
            [Seat(agent=one, mini_program=mini_program) for one in Agent.objects.all()],
            ignore_conflicts=True,
        )


class Seat(models.Model):
    """An agent's place at a mini program: they see and answer its conversations."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="seats"
    )
    mini_program = models.ForeignKey(MiniProgram, models.CASCADE, related_name="seats")

    objects = SeatManager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = [
            models.UniqueConstraint("agent", "mini_program", name="one_seat_each")
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} @ {self.mini_program_id}"
