from __future__ import annotations

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .encrypted import EncryptedTextField


class MiniProgram(models.Model):
    """One mini program whose customers we answer, and how WeChat and we prove it."""

    class Mode(models.TextChoices):
        PLAIN = "plain", _("plain")
        COMPATIBLE = "compatible", _("compatible")
        SECURE = "secure", _("secure")

    class Format(models.TextChoices):
        JSON = "json", "JSON"
        XML = "xml", "XML"

    appid = models.CharField(
        "AppID",
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Za-z_-]{1,32}$")],
    )
    original_id = models.CharField(_("original ID"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=40)
    app_secret = EncryptedTextField("AppSecret", blank=True)
    push_token = EncryptedTextField("Token", blank=True)
    encoding_aes_key = EncryptedTextField("EncodingAESKey", blank=True)
    mode = models.CharField(
        _("push mode"), max_length=10, choices=Mode, default=Mode.SECURE
    )
    format = models.CharField(
        _("push format"), max_length=4, choices=Format, default=Format.JSON
    )
    api_root = models.URLField(
        _("API root"),
        blank=True,
        help_text=_("Empty: the simulator when it is on, else WeChat."),
    )
    silence_minutes = models.PositiveSmallIntegerField(
        _("silence after a human, in minutes"),
        default=10,
        validators=[MaxValueValidator(24 * 60)],
        help_text=_(
            "Welcome and keyword rules keep silent for this long after an agent "
            "claimed or wrote, or until the conversation is closed."
        ),
    )
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("mini program")
        verbose_name_plural = _("mini programs")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
