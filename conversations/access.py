"""Who sees what. The one gate: nothing finds a conversation for an agent but by it.

An active agent sees the conversations of the mini programs they have a seat at; a
supervisor sees all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Exists, OuterRef

from agents import presence
from agents.models import Agent
from conversations.models import Conversation, MiniProgram, Seat
from conversations.models.conversation import ConversationQuerySet

Seats = frozenset[int] | None  # ids of mini programs; None: all of them


def seats_of(agent: Agent) -> Seats:
    """Return the mini programs whose conversations an agent sees.

    Remembered with the object, which lives as long as its request.
    """
    if "kefu_seats" not in agent.__dict__:
        agent.__dict__["kefu_seats"] = _find_seats(agent)
    return agent.__dict__["kefu_seats"]


def seats_of_each(agent_ids: Collection[int]) -> dict[int, Seats]:
    """Return what each of some agents sees now."""
    agents = Agent.objects.in_bulk(list(agent_ids))
    return {pk: _find_seats(agent) for pk, agent in agents.items()}


def programs_of(agent: Agent) -> list[MiniProgram]:
    """Return the active mini programs among which an agent may choose.

    Empty when there is nothing to choose: they see but one.
    """
    seats = seats_of(agent)
    active = MiniProgram.objects.active().only("pk", "name")
    seen = [one for one in active if seats is None or one.pk in seats]
    return seen if len(seen) > 1 else []


def remember_seats(agent: Agent, known: Mapping[int, bool]) -> Seats:
    """Keep what was read with something else, and return what the agent sees.

    known  {mini program: whether they have a seat there}, all there are
    """
    seats = _seats_among(agent, known)
    agent.__dict__["kefu_seats"] = seats
    return seats


def _find_seats(agent: Agent) -> Seats:
    seat = Seat.objects.filter(agent=agent, mini_program=OuterRef("pk"))
    known: dict[int, bool] = {}
    if agent.is_active and not agent.is_supervisor:
        known = dict(MiniProgram.objects.values_list("pk", Exists(seat)))
    return _seats_among(agent, known)


def _seats_among(agent: Agent, known: Mapping[int, bool]) -> Seats:
    if not agent.is_active:
        return frozenset()
    if agent.is_supervisor:
        return None
    if all(known.values()) and known:
        return None  # Most have all, and then the inbox is one walk along an index
    return frozenset(pk for pk, seated in known.items() if seated)


def conversations_for(agent: Agent) -> ConversationQuerySet:
    """Return the conversations an agent sees and answers."""
    return conversations_at(seats_of(agent))


def conversations_at(seats: Seats) -> ConversationQuerySet:
    """Return the conversations of some mini programs."""
    if seats is None:
        return Conversation.objects.all()
    return Conversation.objects.filter(customer__mini_program_id__in=seats)


def customer_of(conversation_id: int, seats: Seats) -> int | None:
    """Return whose conversation it is; None when there is none, or none to be seen."""
    return (
        conversations_at(seats)
        .filter(pk=conversation_id)
        .values_list("customer_id", flat=True)
        .first()
    )


def attended(mini_program_ids: Collection[int]) -> set[int]:
    """Return those of some mini programs at which an agent is online and available."""
    online = presence.answering()
    if not online:
        return set()
    if Agent.objects.filter(pk__in=online, is_staff=True).exists():
        return set(mini_program_ids)
    seats = Seat.objects.filter(agent__in=online, mini_program__in=mini_program_ids)
    return set(seats.values_list("mini_program_id", flat=True))
