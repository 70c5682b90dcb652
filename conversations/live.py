"""What changed becomes a numbered event, announced to the processes after the commit.

    with live.recording():
        message.save()
        live.message(message)

The numbers come from one row, locked by the update that takes them, in the same
transaction and as its last statements. So they have no gaps, and whoever reads number n
can read all below it: an autoincrement id promises neither.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from conversations import broker
from conversations.models import (
    Conversation,
    Customer,
    LiveEvent,
    LiveHead,
    Message,
)

_local = threading.local()


@contextmanager
def recording() -> Iterator[None]:
    """Run a block in a transaction, and number what it says has changed.

    Inside another recording it joins that one.
    """
    if getattr(_local, "changes", None) is not None:
        yield
        return
    changes: dict[object, LiveEvent] = {}
    _local.changes = changes
    try:
        with transaction.atomic():
            yield
            if changes:
                _write(list(changes.values()))
    finally:
        _local.changes = None


def message(changed: Message) -> None:
    """Say that a message was added or changed."""
    _note(
        LiveEvent(
            kind=LiveEvent.Kind.MESSAGE,
            customer_id=changed.customer_id,
            conversation_id=changed.conversation_id,
            message_id=changed.pk,
        )
    )


def conversation(changed: Conversation) -> None:
    """Say that a conversation's row and header changed."""
    _note(
        LiveEvent(
            kind=LiveEvent.Kind.CONVERSATION,
            customer_id=changed.customer_id,
            conversation_id=changed.pk,
        )
    )


def customer(changed: Customer) -> None:
    """Say that what we know of a customer changed: their name, tags, block, entrances."""
    _note(LiveEvent(kind=LiveEvent.Kind.CUSTOMER, customer_id=changed.pk))


def attention(conversation_id: int) -> None:
    """Say that somebody began or ended looking at a conversation, or typing in it."""
    _note(
        LiveEvent(kind=LiveEvent.Kind.ATTENTION, conversation_id=conversation_id),
    )


def agent(
    agent_id: int,
    conversation: Conversation | None = None,
    line: Message | None = None,
) -> None:
    """Tell one agent of something that concerns them: the line says what.

    Without a conversation: tell everybody that the agent's availability changed.
    """
    _note(
        LiveEvent(
            kind=LiveEvent.Kind.AGENT,
            agent_id=agent_id,
            conversation_id=conversation.pk if conversation else None,
            message_id=line.pk if line else None,
        )
    )


def answers() -> None:
    """Say that canned answers changed."""
    _note(LiveEvent(kind=LiveEvent.Kind.ANSWERS))


def mini_programs() -> None:
    """Say that a mini program came, went or was renamed: every tab is drawn anew."""
    _note(LiveEvent(kind=LiveEvent.Kind.PROGRAMS))


def tags() -> None:
    """Say that a tag was renamed, or is gone: it stands on rows and panels anywhere."""
    mini_programs()


def pause(mini_program_id: int) -> None:
    """Say that a mini program was paused, or goes on."""
    _note(LiveEvent(kind=LiveEvent.Kind.PAUSE, mini_program_id=mini_program_id))


def head() -> int:
    """Return the newest number that is committed: 0 when nothing ever happened."""
    return LiveHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0


def prune(before: object) -> int:
    """Delete the events from before a moment. Returns how many."""
    return LiveEvent.objects.filter(at__lt=before).delete()[0]


def _note(event: LiveEvent) -> None:
    changes = getattr(_local, "changes", None)
    if changes is None:
        raise RuntimeError("live changes are noted inside live.recording()")
    key = (
        event.kind,
        event.customer_id if event.kind == LiveEvent.Kind.CUSTOMER else None,
        event.conversation_id,
        event.message_id,
        event.mini_program_id,
        event.agent_id,
    )
    changes.pop(key, None)  # What changed twice is drawn once, by its last change
    changes[key] = event


def _write(events: list[LiveEvent]) -> None:
    last = _take(len(events))
    first, now = last - len(events) + 1, timezone.now()
    for seq, event in enumerate(events, first):
        event.seq, event.at = seq, now
    LiveEvent.objects.bulk_create(events)
    transaction.on_commit(lambda: broker.announce(first, last), robust=True)


def _take(count: int) -> int:
    """Take the next numbers and return the last of them; the row stays ours."""
    mine = LiveHead.objects.filter(pk=1)
    while not mine.update(seq=F("seq") + count):
        LiveHead.objects.bulk_create([LiveHead(pk=1)], ignore_conflicts=True)
    return mine.values_list("seq", flat=True).get()
