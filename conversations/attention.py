"""Who looks at a conversation, and who types in it: leases, and never counters.

A lease begins when a tab says so, is renewed by the tab's process while the tab lives,
and ends when the tab leaves or when it runs out. Only a beginning and an end are news; a
renewal changes nothing that anybody sees.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from conversations import live
from conversations.models import Attention

LOOKING = timedelta(seconds=40)  # Two renewals of a hub may fail
TYPING = timedelta(seconds=20)  # A page that goes on typing says so every 15
MOST = 200  # leases ended in one round

Look = tuple[int, int]  # (agent id, conversation id)


def move(agent_id: int, left: int | None, to: int | None) -> None:
    """An agent looks from one conversation to another; None is nowhere."""
    with live.recording():
        if left is not None:
            _end(agent_id, left)
        if to is not None:
            _begin(agent_id, to)


def renew(looks: Collection[Look]) -> None:
    """Keep up what a process's tabs look at; begin again what has run out meanwhile."""
    if not looks:
        return
    until = timezone.now() + LOOKING
    theirs = Attention.objects.filter(
        agent__in={agent for agent, _ in looks},
        conversation__in={conversation for _, conversation in looks},
    )
    known = {
        (a, c): pk for pk, a, c in theirs.values_list("pk", "agent", "conversation")
    }
    kept = [known[look] for look in looks if look in known]
    Attention.objects.filter(pk__in=kept).update(looking_until=until)
    for agent_id, conversation_id in set(looks) - set(known):
        move(agent_id, None, conversation_id)


def types(agent_id: int, conversation_id: int) -> None:
    """An agent types in a conversation, and so looks at it."""
    until = timezone.now() + TYPING
    theirs = Attention.objects.filter(agent=agent_id, conversation=conversation_id)
    if theirs.filter(typing_until__isnull=False).update(typing_until=until):
        return
    with live.recording():
        _begin(agent_id, conversation_id)
        if theirs.update(typing_until=until):
            live.attention(conversation_id)


def stops_typing(agent_id: int, conversation_id: int) -> None:
    """An agent has sent what they wrote, or given it up."""
    theirs = Attention.objects.filter(
        agent=agent_id, conversation=conversation_id, typing_until__isnull=False
    )
    if not theirs.exists():
        return
    with live.recording():
        if theirs.update(typing_until=None):
            live.attention(conversation_id)


def sweep() -> int:
    """End the leases that ran out: of processes that died, of keys that rest.

    Any process may, and several at once. Returns how many ended.
    """
    now = timezone.now()
    ran_out = Q(looking_until__lt=now) | Q(typing_until__lt=now)
    found = list(Attention.objects.filter(ran_out).order_by("pk")[:MOST])
    if not found:
        return 0
    with live.recording():
        theirs = Attention.objects.filter(pk__in=[one.pk for one in found])
        ended = theirs.filter(looking_until__lt=now).delete()[0]
        ended += theirs.filter(typing_until__lt=now).update(typing_until=None)
        if ended:
            for conversation_id in {one.conversation_id for one in found}:
                live.attention(conversation_id)
    return ended


def _begin(agent_id: int, conversation_id: int) -> None:
    until = timezone.now() + LOOKING
    look = Attention(
        agent_id=agent_id, conversation_id=conversation_id, looking_until=until
    )
    theirs = Attention.objects.filter(agent=agent_id, conversation=conversation_id)
    if theirs.update(looking_until=until):
        return
    Attention.objects.bulk_create([look], ignore_conflicts=True)
    live.attention(conversation_id)


def _end(agent_id: int, conversation_id: int) -> None:
    theirs = Attention.objects.filter(agent=agent_id, conversation=conversation_id)
    if theirs.delete()[0]:
        live.attention(conversation_id)
