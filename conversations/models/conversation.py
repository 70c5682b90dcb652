from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from agents.models import Agent

from .customer import Customer
from .entrance import Entrance
from .mini_program import MiniProgram

if TYPE_CHECKING:
    from .together import Attention


def digest_of(session_from: str) -> str:
    """Return the SHA-256 (64 hex characters) that makes a SessionFrom indexable."""
    return hashlib.sha256(session_from.encode()).hexdigest()


class RowTag(NamedTuple):
    """A tag as a row shows it."""

    pk: int
    colour: str
    name: str


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> Self:
        return self.filter(status=Conversation.Status.OPEN)

    def closed(self) -> Self:
        return self.filter(status=Conversation.Status.CLOSED)

    def waiting(self) -> Self:
        """Open, nobody's, and the customer has said something not yet answered."""
        return self.awake().filter(assignee=None, waiting_since__isnull=False)

    def awake(self) -> Self:
        """Open, and not put off till later."""
        return self.open().filter(snoozed_until=None)

    def closing(self, now: datetime, within: timedelta) -> Self:
        """Not answered yet, and soon it will be too late to."""
        return self.awake().filter(
            waiting_since__isnull=False,
            customer__window_closes_at__gt=now,
            customer__window_closes_at__lte=now + within,
        )

    def drawn(self) -> Self:
        """With all that a row or a header shows."""
        noted = Conversation.objects.filter(pk=models.OuterRef("pk"))
        return (
            self.select_related(
                "customer__mini_program",
                "customer__blocked_by",
                "assignee",
                "entrance",
                "last_message__agent",
                "last_message__delivery",
            )
            .annotate(
                one_of_several=MiniProgram.objects.several(),
                has_notes=models.Exists(noted.filter(messages__kind="note")),
            )
            .prefetch_related("attention__agent")
        )


class Conversation(models.Model):
    """One customer by one SessionFrom, for ever; open or closed."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="conversations")
    session_from = models.CharField("SessionFrom", max_length=1024, blank=True)
    # Unique by digest: a SessionFrom may be longer than an index row holds.
    session_from_digest = models.CharField(max_length=64, editable=False)
    entrance = models.ForeignKey(
        Entrance, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="conversations",
    )
    unread = models.PositiveIntegerField(default=0)
    # The oldest of the customer's messages that no human has answered yet.
    waiting_since = models.DateTimeField(null=True, blank=True)
    last_message = models.ForeignKey(
        "conversations.Message", models.SET_NULL, null=True, related_name="+"
    )
    last_message_at = models.DateTimeField()
    # Out of sight until then, or until the customer writes.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # By `drawn()`: there are several mini programs, so the drawing says which.
    one_of_several: bool
    # By `listing.listed()`.
    has_failed: bool
    tag_lines: str | None
    has_notes: bool

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                "customer", "session_from_digest", name="one_conversation_per_entrance"
            )
        ]
        indexes = [
            # One per view of the inbox; the pager walks each in its own order.
            models.Index(
                fields=["waiting_since", "id"],
                condition=models.Q(
                    status="open", assignee=None, waiting_since__isnull=False
                ),
                name="inbox_waiting",
            ),
            models.Index(
                fields=["assignee", "waiting_since", "id"],
                condition=models.Q(status="open", waiting_since__isnull=False),
                name="inbox_mine_waiting",
            ),
            models.Index(
                fields=["assignee", "-last_message_at", "-id"],
                condition=models.Q(status="open", waiting_since=None),
                name="inbox_mine_answered",
            ),
            models.Index(
                fields=["-last_message_at", "-id"],
                condition=models.Q(status="open"),
                name="inbox_all",
            ),
            models.Index(
                fields=["-last_message_at", "-id"],
                condition=models.Q(status="closed"),
                name="inbox_closed",
            ),
            # Whose time to come back it is.
            models.Index(
                fields=["snoozed_until"],
                condition=models.Q(snoozed_until__isnull=False),
                name="inbox_snoozed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def row_tags(self) -> list[RowTag]:
        """The customer's tags, in their order."""
        lines = [line.split(" ", 3) for line in (self.tag_lines or "").splitlines()]
        lines.sort(key=lambda line: (int(line[0]), int(line[1])))
        return [RowTag(int(pk), colour, name) for _, pk, colour, name in lines]

    @property
    def label(self) -> str:
        """What the entrance is called: by a supervisor, else its SessionFrom."""
        return self.entrance.label if self.entrance else self.session_from

    @property
    def onlookers(self) -> list[Attention]:
        """Who looks at it, those who type first."""
        return sorted(
            self.attention.all(), key=lambda one: (one.typing_until is None, one.pk)
        )

    def claim(self, agent: Agent, at: datetime) -> bool:
        """Assign an unassigned conversation. False when another agent was faster."""
        claimed = (
            type(self)
            .objects.filter(pk=self.pk, assignee=None)
            .update(assignee=agent, status=self.Status.OPEN, snoozed_until=None)
        )
        if claimed:
            self.assignee, self.status = agent, self.Status.OPEN
            self.snoozed_until = None
            self.assignments.create(agent=agent, by=agent, began_at=at)
        return bool(claimed)
