from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .conversation import Conversation
from .customer import Customer

if TYPE_CHECKING:
    from .picture import Picture


class MessageQuerySet(models.QuerySet["Message"]):
    def in_order(self) -> Self:
        return self.order_by("ordered_at", "pk")

    def drawn(self) -> Self:
        """With all that a message shows."""
        return self.select_related(
            "agent",
            "delivery",
            "conversation__entrance",
            "customer",
            "picture",
            "attachment__picture",
        )


class Message(models.Model):
    """One thing said, by either side, or one thing that happened."""

    class Author(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        AGENT = "agent", _("agent")
        AUTO_REPLY = "auto_reply", _("auto reply")
        SYSTEM = "system", _("system")

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        IMAGE = "image", _("picture")
        CARD = "card", _("mini program card")
        LINK = "link", _("link")
        NOTE = "note", _("note")
        EVENT = "event", _("event")
        UNKNOWN = "unknown", _("unsupported")

    conversation = models.ForeignKey(
        Conversation, models.PROTECT, related_name="messages"
    )
    # The thread shows all of a customer's entrances as one log.
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="messages")
    author = models.CharField(max_length=10, choices=Author)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
    )
    rule = models.ForeignKey(
        "conversations.AutoReplyRule",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    text = models.TextField(blank=True)
    # By kind: image {media_id}, card {title, appid, page_path, thumb_media_id},
    # link {title, description, url, thumb_url}, event {event, session_from…}, unknown
    # {kind}; automatic ones bear {rule: name} besides.
    data = models.JSONField(default=dict, blank=True)
    # Of a picture or card of ours; a customer's is its attachment's.
    picture = models.ForeignKey(
        "conversations.Picture",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
    )
    # By WeChat's clock for the customer's, by ours for the rest.
    said_at = models.DateTimeField()
    # Our clock at the commit; what came late keeps its own time. The order of a thread.
    ordered_at = models.DateTimeField()
    late = models.BooleanField(default=False)
    late_by = models.PositiveIntegerField(null=True, blank=True)  # seconds, when late
    # Made by the browser: a reply sent twice is one message.
    client_uuid = models.UUIDField(null=True, blank=True, unique=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            # The thread and its pager.
            models.Index(
                fields=["customer", "ordered_at", "id"], name="message_thread"
            ),
            # Whether a rule's cooldown is over.
            models.Index(
                fields=["customer", "rule", "ordered_at"],
                condition=models.Q(rule__isnull=False),
                name="message_cooldown",
            ),
            # Whether a row says that there are notes.
            models.Index(
                fields=["conversation"],
                condition=models.Q(kind="note"),
                name="message_notes",
            ),
            # By which buttons a customer came in, and when.
            models.Index(
                fields=["customer", "ordered_at", "id"],
                condition=models.Q(kind="event", author="customer"),
                name="message_entered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def is_ours(self) -> bool:
        return self.author in (self.Author.AGENT, self.Author.AUTO_REPLY)

    @property
    def shown_picture(self) -> Picture | None:
        """The picture it shows, or a card's cover, once we have it."""
        if self.picture_id:
            return self.picture
        attachment = getattr(self, "attachment", None)
        return attachment.picture if attachment else None

    @property
    def rule_name(self) -> str:
        return self.data.get("rule", "")
