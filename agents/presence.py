"""Who is here, by live socket."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from agents.models import Agent, Tab

LEASE = timedelta(seconds=60)  # Three renewals of a hub may fail


def arrived(agent_id: int, tab_id: str) -> None:
    """Note a new tab."""
    Tab.objects.update_or_create(
        pk=tab_id, defaults={"agent_id": agent_id, "seen_at": timezone.now()}
    )


def left(tab_ids: Collection[str]) -> None:
    """Forget tabs that were closed."""
    Tab.objects.filter(pk__in=tab_ids).delete()


def still_here(tab_ids: Collection[str]) -> None:
    """Renew the leases of a process's tabs."""
    Tab.objects.filter(pk__in=tab_ids).update(seen_at=timezone.now())


def online() -> set[int]:
    """Return the ids of the active agents who have the console open."""
    return set(
        _fresh().filter(agent__is_active=True).values_list("agent_id", flat=True)
    )


def forget_stale() -> int:
    """Delete the tabs of processes that died. Returns how many."""
    return Tab.objects.filter(seen_at__lt=timezone.now() - 10 * LEASE).delete()[0]


def access_versions(agent_ids: Collection[int]) -> dict[int, int]:
    """Return {agent id: access version} of those who may still be here."""
    return dict(
        Agent.objects.filter(pk__in=agent_ids, is_active=True).values_list(
            "pk", "access_version"
        )
    )


def _fresh():  # type: ignore[no-untyped-def]
    return Tab.objects.filter(seen_at__gt=timezone.now() - LEASE)
