from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .encrypted import EncryptedTextField


class MiniProgramQuerySet(models.QuerySet["MiniProgram"]):
    def active(self) -> Self:
        return self.filter(active=True)

    def is_one(self) -> bool:
        """Whether there is exactly one, active or not."""
        return len(self.values_list("pk")[:2]) == 1

    def several(self) -> models.Exists:
        """Whether more than one is active, as a part of another query: only then need
        anybody be told which one something is of."""
        return models.Exists(self.active().order_by("pk")[1:2])


class MiniProgram(models.Model):
    """One mini program whose customers we answer, and how WeChat and we prove it."""

    class Mode(models.TextChoices):
        PLAIN = "plain", _("plain")
        COMPATIBLE = "compatible", _("compatible")
        SECURE = "secure", _("secure")

    class Format(models.TextChoices):
        JSON = "json", "JSON"
        XML = "xml", "XML"

    class TypingPath(models.TextChoices):
        AUTO = "auto", _("whichever WeChat takes")
        BUSINESS = "business", "business/typing"
        PLAIN = "plain", "typing"

    class SendPath(models.TextChoices):
        PLAIN = "plain", "send"
        BUSINESS = "business", "business/send"

    class TransferFormat(models.TextChoices):
        CONFIGURED = "configured", _("as pushes come")
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
    # Still taken while WeChat's console and ours don't have the new ones yet: a line for
    # each, the newest first.
    previous_push_token = EncryptedTextField(_("previous Token"), blank=True)
    previous_aes_key = EncryptedTextField(_("previous EncodingAESKey"), blank=True)
    # With one, a cloud function may hand pushes on at /relay.
    relay_secret = EncryptedTextField(_("relay secret"), blank=True)
    previous_relay_secret = EncryptedTextField(_("previous relay secret"), blank=True)
    cloud_run = models.BooleanField(
        _("pushes by Cloud Run"),
        default=False,
        help_text=_(
            "Believes whoever reaches /cloudrun. Only where nobody but WeChat can: a "
            "Cloud Run service without public access."
        ),
    )
    cloud_run_calls = models.BooleanField(
        _("calls without access_token"),
        default=False,
        help_text=_("Inside Cloud Run, where WeChat adds the token itself."),
    )
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
    typing_path = models.CharField(
        _("typing call"), max_length=8, choices=TypingPath, default=TypingPath.AUTO
    )
    send_path = models.CharField(
        _("send call"), max_length=8, choices=SendPath, default=SendPath.PLAIN
    )
    card_appid = models.BooleanField(
        _("cards bear the AppID"),
        default=False,
        help_text=_("WeChat's documents disagree on whether a card needs it."),
    )
    transfer_format = models.CharField(
        _("format of handing over"),
        max_length=10,
        choices=TransferFormat,
        default=TransferFormat.CONFIGURED,
    )
    message_grant = models.PositiveSmallIntegerField(
        _("replies after a message"),
        default=5,
        validators=[MaxValueValidator(1000)],
        help_text=_("How many WeChat allows after each of a customer's messages."),
    )
    message_hours = models.PositiveSmallIntegerField(
        _("for how many hours"), default=48, validators=[MaxValueValidator(1000)]
    )
    entry_grant = models.PositiveSmallIntegerField(
        _("messages after entering"), default=2, validators=[MaxValueValidator(1000)]
    )
    entry_seconds = models.PositiveIntegerField(
        _("for how many seconds"), default=60, validators=[MaxValueValidator(86_400)]
    )
    rules_may_spend = models.PositiveSmallIntegerField(
        _("replies that rules may use"),
        default=2,
        validators=[MaxValueValidator(1000)],
        help_text=_("Of those after a message. The last one is always left to agents."),
    )
    # Between these, messages nobody holds go to WeChat's own tool.
    hand_over_from = models.TimeField(_("hand over from"), null=True, blank=True)
    hand_over_until = models.TimeField(_("hand over until"), null=True, blank=True)
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

    objects = MiniProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("mini program")
        verbose_name_plural = _("mini programs")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
