from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .customer import Customer
from .message import Message
from .refusals import remedies, sentence_for


class Delivery(models.Model):
    """One message's passage to WeChat.

        queued ──▶ sending ──▶ sent | failed | unconfirmed
           ▲                             │         │
           └──── a human sends again ◀───┴─────────┘

    `sending` is committed before the request, so that a worker's death can't hide one.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("handed to WeChat")
        FAILED = "failed", _("not sent")
        UNCONFIRMED = "unconfirmed", _("outcome unknown")

    message = models.OneToOneField(Message, models.CASCADE, related_name="delivery")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    # Show 对方正在输入 before it, for what no agent has typed.
    typing_first = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)  # since a human last asked
    not_before = models.DateTimeField()
    fence = models.PositiveBigIntegerField(default=0)  # of the lane that sends it
    errcode = models.IntegerField(null=True, blank=True)
    errmsg = models.CharField(max_length=300, blank=True)
    rid = models.CharField(max_length=64, blank=True)  # what WeChat's support asks for
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            # The lane, oldest first, and the sweeper. By what is settled and not by
            # states: SQLite doesn't recognise a list of them in a query.
            models.Index(
                fields=["customer", "id"],
                condition=models.Q(settled_at=None),
                name="delivery_outbox",
            ),
            # Whether a row of the inbox says that something did not go out. Two, as
            # SQLite doesn't recognise a list of states in a query.
            models.Index(
                fields=["customer"],
                condition=models.Q(state="failed"),
                name="delivery_failed",
            ),
            models.Index(
                fields=["customer"],
                condition=models.Q(state="unconfirmed"),
                name="delivery_unconfirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def reason(self) -> str:
        """Why it failed, in a sentence for the agent; "" when it hasn't."""
        if self.state != self.State.FAILED:
            return ""
        return sentence_for(self.errcode, self.errmsg)

    @property
    def remedies(self) -> list[str]:
        """What can help: "again", "rewrite"; [] when nothing can, or need."""
        if self.state != self.State.FAILED:
            return []
        return remedies(self.errcode, is_text=self.message.kind == Message.Kind.TEXT)


class DeliveryAttempt(models.Model):
    """One request for a delivery, or one human's word about it."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("handed to WeChat")
        REFUSED = "refused", _("refused")
        NOT_SENT = "not_sent", _("not sent")
        UNCONFIRMED = "unconfirmed", _("outcome unknown")
        MARKED_SENT = "marked_sent", _("marked as delivered")
        SENT_AGAIN = "sent_again", _("sent again")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    errcode = models.IntegerField(null=True, blank=True)
    errmsg = models.CharField(max_length=300, blank=True)
    rid = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def reason(self) -> str:
        """Why nothing was delivered, in a sentence; "" when something may have been."""
        if self.outcome not in (self.Outcome.REFUSED, self.Outcome.NOT_SENT):
            return ""
        return sentence_for(self.errcode, self.errmsg)
