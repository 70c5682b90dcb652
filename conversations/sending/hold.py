"""Holding everything back: a restored copy must not send what the original has sent."""

from __future__ import annotations

from conversations.models import OutboxHold


def hold(reason: str) -> None:
    """Send nothing until a human releases it."""
    OutboxHold.objects.create(reason=reason[:200])


def release_hold() -> int:
    """Let the outbox go on. Returns how many holds there were."""
    return OutboxHold.objects.all().delete()[0]


def is_held() -> bool:
    return OutboxHold.objects.exists()
