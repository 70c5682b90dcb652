from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents import alerts
from agents.access import SUPERVISOR_PERMISSIONS


class Agent(AbstractUser):
    """A person who answers customers; a supervisor also sees and changes everything.

    A supervisor is an agent with `is_staff`. What supervisors may do is a list in code
    (`access.py`), so that no row in a database can widen it.
    """

    class Availability(models.TextChoices):
        AVAILABLE = "available", _("available")
        BUSY = "busy", _("busy")
        BREAK = "break", _("on a break")

    class Theme(models.TextChoices):
        AUTO = "auto", _("as the system")
        LIGHT = "light", pgettext_lazy("theme", "light")
        DARK = "dark", pgettext_lazy("theme", "dark")

    class SendKey(models.TextChoices):
        ENTER = "enter", "Enter"
        CTRL_ENTER = "ctrl_enter", _("Ctrl or ⌘ with Enter")

    display_name = models.CharField(
        _("display name"),
        max_length=40,
        blank=True,
        help_text=_("What colleagues see. Customers never see it."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
    )
    availability = models.CharField(
        _("availability"),
        max_length=10,
        choices=Availability,
        default=Availability.AVAILABLE,
    )
    availability_since = models.DateTimeField(null=True, blank=True)
    theme = models.CharField(
        _("theme"), max_length=5, choices=Theme, default=Theme.AUTO
    )
    send_key = models.CharField(
        _("send with"), max_length=10, choices=SendKey, default=SendKey.ENTER
    )
    single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    undo_seconds = models.PositiveSmallIntegerField(
        _("seconds to undo sending"), default=0, validators=[MaxValueValidator(5)]
    )
    # {"volume": {"tone": 0–100}, "desktop": bool, "hide_text": bool, "repeat": bool}
    alerts = models.JSONField(_("alerts"), default=dict, blank=True)
    # Raised by whatever must close this agent's sockets: sign-out, a new password, a
    # new role, deactivation. The hub compares it every few seconds.
    access_version = models.PositiveIntegerField(default=0, editable=False)
    # Raised to end all their sessions, wherever they are signed in.
    session_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What colleagues call them."""
        return self.display_name or self.username

    @property
    def initial(self) -> str:
        """One character for their face: of 小王 it is 王, of Wang it is W."""
        return self.name[0].upper() if self.name[:1].isascii() else self.name[-1]

    def get_full_name(self) -> str:
        """Return what Django and unfold show of them."""
        return self.name

    @property
    def is_supervisor(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if not self.is_active:
            return False
        return self.is_superuser or (self.is_staff and perm in SUPERVISOR_PERMISSIONS)

    def has_module_perms(self, app_label: str) -> bool:
        if not self.is_active:
            return False
        return self.is_superuser or (
            self.is_staff
            and any(perm.startswith(f"{app_label}.") for perm in SUPERVISOR_PERMISSIONS)
        )

    @property
    def alerts_json(self) -> str:
        """How they want to be alerted, for the page (see `alerts.complete`)."""
        return json.dumps(alerts.complete(self.alerts))

    def end_sessions(self) -> None:
        """Sign them out everywhere: every session, and every open socket."""
        type(self).objects.filter(pk=self.pk).update(
            session_version=models.F("session_version") + 1
        )
        self.shut_out()
        self.refresh_from_db(fields=["session_version"])

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        made = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{made}{self.session_version}" if self.session_version else made

    def shut_out(self) -> None:
        """Have every open socket of theirs closed within seconds."""
        type(self).objects.filter(pk=self.pk).update(
            access_version=models.F("access_version") + 1
        )
        self.refresh_from_db(fields=["access_version"])
