"""What agents do at one desk: look, type, call each other, keep things at hand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation
from .message import Message


class Attention(models.Model):
    """That an agent looks at a conversation, or types in it: leases, which run out."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="attention"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="attention"
    )
    looking_until = models.DateTimeField()
    typing_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("attention")
        verbose_name_plural = _("attention")
        constraints = [
            models.UniqueConstraint("agent", "conversation", name="one_attention_each")
        ]
        indexes = [
            # Whoever ends the leases that ran out.
            models.Index(fields=["looking_until"], name="attention_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Mention(models.Model):
    """That a note calls an agent by name."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [
            models.UniqueConstraint("message", "agent", name="one_mention_each")
        ]
        indexes = [
            # An agent's, not yet seen.
            models.Index(
                fields=["agent", "id"],
                condition=models.Q(seen_at=None),
                name="mention_unseen",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Pin(models.Model):
    """A conversation an agent keeps on top of their list."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="pins"
    )
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="pins")

    class Meta:
        verbose_name = _("pin")
        verbose_name_plural = _("pins")
        constraints = [
            models.UniqueConstraint("agent", "conversation", name="one_pin_each")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class ReadMark(models.Model):
    """The newest message an agent has seen of a conversation."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_marks"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="read_marks"
    )
    message = models.ForeignKey(
        Message, models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints = [
            models.UniqueConstraint("agent", "conversation", name="one_read_mark_each")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class SavedView(models.Model):
    """A view of the inbox somebody keeps: their own, or everybody's without an owner.

    query  as in the inbox's address: view=all&tag=3
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="saved_views",
    )
    name = models.CharField(_("name"), max_length=20)
    query = models.CharField(max_length=500)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class DeskSettings(models.Model):
    """What supervisors set for every desk: one row."""

    answer_within_seconds = models.PositiveIntegerField(
        _("take back a conversation unanswered for how many seconds"), default=180
    )
    offline_after_seconds = models.PositiveIntegerField(
        _("an agent is offline after how many seconds"), default=180
    )
    transfer_needs_acceptance = models.BooleanField(
        _("a transfer waits for the receiver to accept"), default=False
    )
    amber_after_seconds = models.PositiveIntegerField(
        _("a wait turns amber after how many seconds"), default=60
    )
    red_after_seconds = models.PositiveIntegerField(
        _("a wait turns red after how many seconds"), default=180
    )
    closing_soon_hours = models.PositiveIntegerField(
        _("a reply window closes soon with how many hours left"), default=6
    )

    class Meta:
        verbose_name = _("desk settings")
        verbose_name_plural = _("desk settings")

    def __str__(self) -> str:
        return str(_("desk settings"))

    @classmethod
    def current(cls) -> DeskSettings:
        """Return what is set, or what holds until somebody sets it."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
