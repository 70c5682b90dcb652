from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.wechat.reply_window import Grant, ReplyWindow, Standing, standing

from .alias import Alias, alias_of
from .mini_program import MiniProgram


class Customer(models.Model):
    """The person writing, as one mini program knows them.

    Their row is also the lock of everything that concerns them: who changes one of
    their conversations takes it first.
    """

    mini_program = models.ForeignKey(
        MiniProgram, models.PROTECT, related_name="customers"
    )
    openid = models.CharField("OPENID", max_length=64)
    # A message push doesn't say by which button they came; the last entering does.
    session_from = models.CharField("SessionFrom", max_length=1024, blank=True)
    entered_at = models.DateTimeField(_("entered"), null=True, blank=True)
    spoke_at = models.DateTimeField(_("spoke"), null=True, blank=True)
    # The last message in either direction, for WeChat's 30 seconds of typing.
    exchanged_at = models.DateTimeField(null=True, blank=True)
    typing_shown_at = models.DateTimeField(null=True, blank=True)
    # When an agent last claimed or wrote; empty again once they closed.
    human_at = models.DateTimeField(null=True, blank=True)
    # The reply window: what each kind of act last granted, by WeChat's clock, and how
    # many of our messages count against it, those on their way included.
    message_granted_at = models.DateTimeField(null=True, blank=True)
    message_used = models.PositiveSmallIntegerField(default=0)
    entry_granted_at = models.DateTimeField(null=True, blank=True)
    entry_used = models.PositiveSmallIntegerField(default=0)
    rules_used = models.PositiveSmallIntegerField(default=0)  # of the message's
    # What WeChat said last, if it was no (45015, 45047): it outranks our count until
    # the customer does something.
    window_refusal = models.IntegerField(null=True, blank=True)
    # When the last of these windows ends, whatever is left in it; None: none is open.
    window_closes_at = models.DateTimeField(null=True, blank=True)
    # When a message of theirs was last handed to WeChat's own tool.
    handed_over_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(_("remark name"), max_length=40, blank=True)
    blocked_until = models.DateTimeField(_("blocked until"), null=True, blank=True)
    blocked_reason = models.CharField(_("reason"), max_length=200, blank=True)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    tags = models.ManyToManyField(
        "conversations.Tag",
        through="conversations.CustomerTag",
        related_name="customers",
        blank=True,
    )
    # The outbox lane: one worker at a time until `lane_until`; `lane_fence` tells a
    # worker that slept through its lease from the one that took over.
    lane_until = models.DateTimeField(null=True, blank=True)
    lane_fence = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                "mini_program", "openid", name="one_customer_per_openid"
            )
        ]
        indexes = [
            # Whose window ends soon: that view of the inbox, in its order.
            models.Index(
                fields=["window_closes_at", "id"],
                condition=models.Q(window_closes_at__isnull=False),
                name="customer_window_closes",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What colleagues call them; else the alias, which never changes."""
        return self.remark or self.anonymous

    @property
    def anonymous(self) -> str:
        return f"{self.alias.words}·{self.tail}"

    @property
    def alias(self) -> Alias:
        return alias_of(self.openid)

    @property
    def tail(self) -> str:
        """The part of the OPENID that people see."""
        return self.openid[-4:]

    @property
    def is_blocked(self) -> bool:
        return self.is_blocked_at(timezone.now())

    def is_blocked_at(self, moment: datetime) -> bool:
        """Whether what they write is only kept; it ends by itself."""
        return self.blocked_until is not None and moment < self.blocked_until

    @property
    def windows(self) -> list[ReplyWindow]:
        """The reply windows they have opened, one of each kind, open or not."""
        program = self.mini_program
        message = Grant(program.message_grant, timedelta(hours=program.message_hours))
        entry = Grant(
            program.entry_grant, timedelta(seconds=program.entry_seconds), "entry"
        )
        opened = [
            (self.message_granted_at, message, self.message_used),
            (self.entry_granted_at, entry, self.entry_used),
        ]
        return [ReplyWindow(at, grant, used) for at, grant, used in opened if at]

    @property
    def standing(self) -> Standing:
        """What we may send them now."""
        return standing(self.windows, timezone.now(), self.window_refusal)
