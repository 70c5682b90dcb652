"""Notes: what colleagues write to each other beside a conversation.

A customer never gets one. It has no delivery, counts against no reply window, answers
nothing and begins no wait.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable

from django.utils import timezone

from agents.models import Agent
from conversations import attention, live, search_index
from conversations.models import Conversation, Mention, Message
from conversations.sending.writing import Conflict, locked
from conversations.transferring import seated

CALL = re.compile("[@＠]")


def write(
    conversation: Conversation,
    agent: Agent,
    text: str,
    client_uuid: uuid.UUID,
    mentioned: Collection[int] = (),
) -> Message:
    """Keep a note, and tell whom it calls. The same client_uuid again is the same note.

    mentioned  ids that the box has put in; who is called by @name besides counts too

    Raises Conflict when client_uuid already stands for something else.
    """
    with live.recording():
        locked(conversation.customer_id)
        if said := Message.objects.filter(client_uuid=client_uuid).first():
            same = (said.kind, said.conversation_id, said.agent_id, said.text)
            if same != (Message.Kind.NOTE, conversation.pk, agent.pk, text):
                raise Conflict
            return said
        now = timezone.now()
        called = _called(text, mentioned, seated(conversation).exclude(pk=agent.pk))
        names = sorted((one.name for one in called), key=len, reverse=True)
        note = Message.objects.create(
            conversation=conversation,
            customer_id=conversation.customer_id,
            author=Message.Author.AGENT,
            agent=agent,
            kind=Message.Kind.NOTE,
            text=text,
            data={"mentions": names} if names else {},
            said_at=now,
            ordered_at=now,
            client_uuid=client_uuid,
        )
        search_index.add([note])
        Mention.objects.bulk_create(
            [Mention(message=note, agent=one) for one in called]
        )
        live.message(note)
        live.conversation(conversation)
        for one in called:
            live.agent(one.pk, conversation, note)
    attention.stops_typing(agent.pk, conversation.pk)
    return note


def unseen(agent: Agent) -> list[Mention]:
    """Return the notes that call an agent and that they haven't seen, oldest first."""
    theirs = Mention.objects.filter(agent=agent, seen_at=None).order_by("pk")
    return list(theirs.select_related("message__customer", "message__agent"))


def see(conversation: Conversation, agent: Agent) -> int:
    """Note that an agent has seen what calls them at a customer. Returns how many."""
    return Mention.objects.filter(
        agent=agent, seen_at=None, message__customer=conversation.customer_id
    ).update(seen_at=timezone.now())


def _called(
    text: str, mentioned: Collection[int], agents: Iterable[Agent]
) -> list[Agent]:
    """Return whom a note calls: by id, or by @ and their very name.

    Of names that begin alike the longest is meant: Chinese has no spaces to end one.
    """
    found = list(agents)
    by_name = {one.name: one for one in found}
    longest_first = sorted(by_name, key=len, reverse=True)
    ids = set(mentioned)
    for call in CALL.finditer(text):
        after = text[call.end() :]
        name = next((one for one in longest_first if after.startswith(one)), None)
        if name:
            ids.add(by_name[name].pk)
    return [one for one in found if one.pk in ids]
