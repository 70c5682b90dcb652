"""One-time links by which people set their password, as no e-mail is ever sent.

A link carries who it is for and a token over what the row holds now: password, last
sign-in and access version. Setting the password changes that, so a link works once; so
do a sign-in, a new role, and asking for another link. None lives longer than
`settings.PASSWORD_RESET_TIMEOUT`.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from agents.models import Agent


class _Tokens(PasswordResetTokenGenerator):
    key_salt = "agents.links"

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        value = super()._make_hash_value(user, timestamp)
        assert isinstance(user, Agent)  # noqa: S101
        return f"{value}{user.access_version}"


_tokens = _Tokens()


def new_link(agent: Agent) -> str:
    """Return a full address for an agent to set a password at; older ones die."""
    agent.shut_out()
    path = reverse(
        "set_password",
        args=[urlsafe_base64_encode(force_bytes(agent.pk)), _tokens.make_token(agent)],
    )
    return f"{settings.SITE_URL}{path}"


def agent_for(uidb64: str, token: str) -> Agent | None:
    """Return whom a link is for, or None when it is used, too old, or never was one."""
    try:
        pk = int(urlsafe_base64_decode(uidb64).decode("ascii"))
        agent = Agent.objects.get(pk=pk, is_active=True)
    except (ValueError, OverflowError, Agent.DoesNotExist):
        return None
    return agent if _tokens.check_token(agent, token) else None
