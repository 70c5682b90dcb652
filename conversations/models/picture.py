from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .message import Message
from .mini_program import MiniProgram


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

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.sha256[:12]


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
