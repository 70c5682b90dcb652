"""What agents say of themselves: in, busy, on a break."""

from __future__ import annotations

from django.utils import timezone

from agents.models import Agent
from conversations import live


def choose(agent: Agent, availability: str) -> bool:
    """Set what an agent says of themselves, for all to see. False: it was so already."""
    with live.recording():
        changed = (
            Agent.objects.filter(pk=agent.pk)
            .exclude(availability=availability)
            .update(availability=availability, availability_since=timezone.now())
        )
        if changed:
            live.agent(agent.pk)
    agent.availability = availability
    return bool(changed)
