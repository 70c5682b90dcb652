from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation
from .customer import Customer
from .message import Message
from .mini_program import MiniProgram


class LiveHead(models.Model):
    """The newest number given to a live event: one row, locked by who takes the next."""

    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("live head")
        verbose_name_plural = _("live heads")

    def __str__(self) -> str:
        return f"{self.seq}"


class LiveEvent(models.Model):
    """One change, numbered without gaps and in commit order."""

    class Kind(models.TextChoices):
        MESSAGE = "message"  # a message was added or changed
        CONVERSATION = "conversation"  # its row and header changed
        ANSWERS = "answers"  # canned answers changed
        PROGRAMS = "programs"  # a mini program came, went, or has another name
        ATTENTION = "attention"  # who looks at a conversation, or types in it
        CUSTOMER = "customer"  # a customer's panel changed
        AGENT = (
            "agent"  # something is for one agent: a mention, a transfer, their state
        )
        PAUSE = "pause"  # a mini program's sending was paused, or goes on

    seq = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    # No constraints: what is erased must not hold on to its events, nor the reverse.
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    message = models.ForeignKey(
        Message, models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    mini_program = models.ForeignKey(
        MiniProgram, models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField(db_index=True)  # Pruned after seven days, by this

    class Meta:
        verbose_name = _("live event")
        verbose_name_plural = _("live events")

    def __str__(self) -> str:
        return f"{self.seq}"
