"""Who is here, by live socket, and for whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Max, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Tab

LEASE = timedelta(seconds=60)  # Three renewals of a hub may fail
SILENCE = timedelta(seconds=45)  # for which somebody who is no longer heard is here
KEPT = timedelta(hours=2)  # A tab that was left; "away since" needs no more


class State(TextChoices):
    """What colleagues are shown: by choice while an agent is here, else by absence."""

    AVAILABLE = "available", _("Online")
    BUSY = "busy", _("Busy")
    BREAK = "break", _("On a break")
    RECONNECTING = "reconnecting", _("Reconnecting")
    OFFLINE = "offline", _("Offline")


def arrived(agent_id: int, tab_id: str) -> None:
    """Note a new tab."""
    Tab.objects.update_or_create(
        pk=tab_id,
        defaults={"agent_id": agent_id, "seen_at": timezone.now(), "left_at": None},
    )


def left(tab_id: str, heard_at: datetime | None = None) -> None:
    """Note that a tab has gone.

    heard_at  when it last said something, if its line went dead; None: it was closed
    """
    now = timezone.now()
    Tab.objects.filter(pk=tab_id).update(left_at=now, seen_at=heard_at or now)


def still_here(tab_ids: Collection[str]) -> None:
    """Renew the leases of a process's tabs."""
    Tab.objects.filter(pk__in=tab_ids, left_at=None).update(seen_at=timezone.now())


def online() -> set[int]:
    """Return the ids of the active agents who have the console open."""
    return set(
        _fresh().filter(agent__is_active=True).values_list("agent_id", flat=True)
    )


def answering() -> set[int]:
    """Return the ids of those who have it open, and are available."""
    available = Agent.objects.filter(
        is_active=True, availability=Agent.Availability.AVAILABLE
    )
    return set(_fresh().filter(agent__in=available).values_list("agent_id", flat=True))


def states(agents: Collection[Agent], offline_after: timedelta) -> dict[int, State]:
    """Return {agent id: state} of some agents, in one query."""
    seen = dict(
        Tab.objects.filter(agent__in=agents)
        .values_list("agent_id")
        .annotate(last=Max("seen_at"))
        .order_by()
    )
    now = timezone.now()
    return {
        agent.pk: _state(agent, seen.get(agent.pk), now, offline_after)
        for agent in agents
    }


def _state(
    agent: Agent, seen_at: datetime | None, now: datetime, offline_after: timedelta
) -> State:
    if seen_at is None or seen_at <= now - offline_after:
        return State.OFFLINE
    if seen_at <= now - SILENCE:
        return State.RECONNECTING
    return State(agent.availability)


def forget_stale() -> int:
    """Delete the tabs that were left long ago, by whatever end. Returns how many."""
    return Tab.objects.filter(seen_at__lt=timezone.now() - KEPT).delete()[0]


def access_versions(agent_ids: Collection[int]) -> dict[int, int]:
    """Return {agent id: access version} of those who may still be here."""
    return dict(
        Agent.objects.filter(pk__in=agent_ids, is_active=True).values_list(
            "pk", "access_version"
        )
    )


def _fresh():  # type: ignore[no-untyped-def]
    return Tab.objects.filter(left_at=None, seen_at__gt=timezone.now() - LEASE)
