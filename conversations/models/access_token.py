from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .encrypted import EncryptedTextField
from .mini_program import MiniProgram


class AccessToken(models.Model):
    """The token a mini program's calls bear, shared by all processes."""

    mini_program = models.OneToOneField(
        MiniProgram, models.CASCADE, related_name="access_token"
    )
    token = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField()
    # Whoever fetches a new one holds this; the others wait for what it brings.
    lease_until = models.DateTimeField()
    # When WeChat last refused one that should still hold, and the time before that.
    replaced_at = models.DateTimeField(null=True, blank=True)
    replaced_before_at = models.DateTimeField(null=True, blank=True)
    forced_at = models.DateTimeField(null=True, blank=True)  # the platform to renew it

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return str(self.mini_program_id)
