from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .message import Message
from .mini_program import MiniProgram

# By WeChat's codes, and by those we give ourselves for what came.
_REASONS: dict[int | None, Any] = {
    40005: _("What came from WeChat is no picture that can be shown."),
    40007: _("WeChat no longer has it: pictures live there for three days."),
    40009: _("It is too large to be kept."),
}


class Picture(models.Model):
    """A picture we keep: decoded, made anew, and named by its content.

    The file lies under `MEDIA_ROOT`, at a path made from `sha256`, in a format that is
    `content_type`; beside it a thumbnail.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes
    created_at = models.DateTimeField(auto_now_add=True)

    SHOWN_SIDE = 240  # CSS pixels of the box a thread has for it
    STRIP = 3  # times as long as wide; of more, a thread shows a part

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in a thread, in CSS pixels, known before it is loaded."""
        width = min(self.width, self.height * self.STRIP)
        height = min(self.height, self.width * self.STRIP)
        scale = min(1.0, self.SHOWN_SIDE / max(width, height, 1))
        return max(1, round(width * scale)), max(1, round(height * scale))

    @property
    def is_animated(self) -> bool:
        return self.content_type == "image/gif"  # Others are kept in other formats


class Attachment(models.Model):
    """The picture of a customer's message, on its way from WeChat to us.

    WeChat forgets it after three days, so it is fetched as soon as the message is here.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being fetched")
        KEPT = "kept", _("kept")
        FAILED = "failed", _("could not be fetched")

    message = models.OneToOneField(Message, models.CASCADE, related_name="attachment")
    media_id = models.CharField(max_length=256)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    errcode = models.IntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            # Whoever fetches what a worker's death left behind.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="attachment_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def reason(self) -> str:
        """Why it isn't here, in a sentence for the agent."""
        return str(
            _REASONS.get(self.errcode, _("It could not be fetched from WeChat."))
        )

    @property
    def may_come(self) -> bool:
        """Whether it makes sense to ask for it again."""
        return self.errcode not in _REASONS


class Upload(models.Model):
    """A picture WeChat has from us, for three days, under a media id.

    media_id     "" while it has none
    lease_until  who is uploading it has until then
    """

    mini_program = models.ForeignKey(
        MiniProgram, models.CASCADE, related_name="uploads", db_index=False
    )
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="uploads")
    media_id = models.CharField(max_length=256, blank=True)
    uploaded_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(
                "mini_program", "picture", name="one_upload_per_picture"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
