"""Making messages of ours: a row, its delivery, and a wake-up for the worker."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import models
from django.utils import timezone

from agents.models import Agent
from conversations import broker, live, reply_windows, search_index
from conversations.models import (
    AutoReplyRule,
    Conversation,
    Customer,
    Delivery,
    DueReply,
    Message,
)
from conversations.models.parts import Part

Kind = Message.Kind
DRAIN = "conversations.sending.drain_now"


class Conflict(Exception):
    """This client_uuid has been used for other words: the browser is confused."""


class Overtaken(Exception):
    """Somebody else has said something that the agent hasn't had before them.

    newest  the number of the last of it
    """

    def __init__(self, newest: int) -> None:
        self.newest = newest


def reply(
    conversation: Conversation,
    agent: Agent,
    parts: Sequence[Part],
    client_uuid: uuid.UUID,
    *,
    typing_first: bool = False,
    seen: int | None = None,
) -> list[Message]:
    """Send an agent's words. Returns one message a part, the first time or a repeated.

    client_uuid   made by the browser; the same again returns the same messages
    seen          the newest message that the browser has, if it says so
    typing_first  nobody typed this, so show the customer the indicator before it

    A conversation nobody has becomes the agent's; a colleague's stays theirs; a closed
    one opens. Whatever of the customer's was waiting, in any conversation, is answered.

    Raises Conflict when client_uuid already stands for other words, Overtaken when
    somebody else has said something since `seen`, and NotAllowed when the reply window
    has no room for all of them: then none is sent.
    """
    uuids = _uuids(client_uuid, len(parts))
    with live.recording():
        customer = locked(conversation.customer_id)
        if said := _already_said(uuids, conversation, agent, parts):
            return said
        if seen is not None and (newest := _said_since(seen, customer, agent)):
            raise Overtaken(newest)
        now = timezone.now()
        reply_windows.reserve(customer, len(parts), now)
        conversation = Conversation.objects.drawn().get(pk=conversation.pk)
        _take(conversation, agent, now)
        messages = [
            Message(
                conversation=conversation,
                customer=customer,
                author=Message.Author.AGENT,
                agent=agent,
                client_uuid=key,
                **_content(part),
            )
            for key, part in zip(uuids, parts, strict=True)
        ]
        _say(messages, now, typing_first=typing_first)
        answered(customer, now)
        return messages


def auto_replies(
    decided: Iterable[tuple[Conversation, AutoReplyRule]], now: datetime
) -> None:
    """Send what rules say, for several customers at once. Their rows must be locked,
    and room for it in their reply windows reserved.

    Clears nobody's waiting: only a human answers.
    """
    decided = list(decided)
    messages = [
        Message(
            conversation=conversation,
            customer=conversation.customer,
            author=Message.Author.AUTO_REPLY,
            rule=rule,
            **_content(part, rule=rule.name),
        )
        for conversation, rule in decided
        for part in rule.parts
    ]
    if messages:
        reply_windows.save({conversation.customer for conversation, _ in decided})
        _say(messages, now, typing_first=True)


def locked(customer_id: int) -> Customer:
    """Return a customer whose row is ours until the transaction ends."""
    customers = Customer.objects.select_for_update(of=("self",))
    return customers.select_related("mini_program").get(pk=customer_id)


def answered(customer: Customer, now: datetime) -> None:
    """A human has answered a customer: nothing of theirs waits any more."""
    waiting = list(
        Conversation.objects.filter(customer=customer, waiting_since__isnull=False)
    )
    Conversation.objects.filter(pk__in=[one.pk for one in waiting]).update(
        waiting_since=None
    )
    for conversation in waiting:
        live.conversation(conversation)
    DueReply.objects.filter(customer=customer, state=DueReply.State.PENDING).update(
        state=DueReply.State.CANCELLED
    )
    Customer.objects.filter(pk=customer.pk).update(human_at=now)


def _take(conversation: Conversation, agent: Agent, now: datetime) -> None:
    if conversation.claim(agent, now):
        happened(conversation, "claimed", now, agent)
    elif not conversation.is_open:
        conversation.status = Conversation.Status.OPEN
        conversation.save(update_fields=["status"])
        happened(conversation, "reopened", now, agent)


def happened(
    conversation: Conversation,
    event: str,
    now: datetime,
    agent: Agent | None = None,
    **said: str,
) -> Message:
    """Add a line that says what happened, such as that somebody claimed it.

    said  what else the line tells, by kind of event
    """
    line = Message.objects.create(
        conversation=conversation,
        customer_id=conversation.customer_id,
        author=Message.Author.SYSTEM,
        agent=agent,
        kind=Message.Kind.EVENT,
        data={"event": event, "agent": agent.name if agent else "", **said},
        said_at=now,
        ordered_at=now,
    )
    live.message(line)
    return line


def _say(messages: list[Message], now: datetime, *, typing_first: bool) -> None:
    for message in messages:
        message.said_at = message.ordered_at = now
    Message.objects.bulk_create(messages)
    search_index.add(messages)
    # The indicator shows before the first of several, once.
    first_of: dict[int, Message] = {}
    for message in messages:
        first_of.setdefault(message.customer_id, message)
    Delivery.objects.bulk_create(
        Delivery(
            message=message,
            customer_id=message.customer_id,
            not_before=now,
            typing_first=typing_first and first_of[message.customer_id] is message,
        )
        for message in messages
    )
    touched = {message.conversation_id: message.conversation for message in messages}
    for message in messages:
        conversation = touched[message.conversation_id]
        conversation.last_message_at = now
        # Whoever looks for what to answer next needs the question on the row, and not
        # what a machine said to it.
        is_automatic = message.author == Message.Author.AUTO_REPLY
        if not (is_automatic and conversation.waiting_since):
            conversation.last_message = message
        live.message(message)
    Conversation.objects.bulk_update(
        touched.values(), ["last_message", "last_message_at"]
    )
    for conversation in touched.values():
        live.conversation(conversation)
    for customer_id in first_of:
        broker.enqueue("outbox", DRAIN, customer_id)


def _content(part: Part, rule: str = "") -> dict[str, object]:
    """Return the fields of a message that says a part."""
    data = {"rule": rule} if rule else {}
    picture = part.get("picture")
    match part["kind"]:
        case "text":
            return _fields(Message.Kind.TEXT, data, text=part["text"])
        case "image":
            return _fields(Message.Kind.IMAGE, data, picture=picture)
        case "card":
            said = ("title", "page_path", "appid")
            card = {key: part[key] for key in said if part.get(key)}
            return _fields(Message.Kind.CARD, {**card, **data}, picture=picture)
    names = ("title", "description", "url", "thumb_url")
    link = {key: part.get(key, "") for key in names}
    return _fields(Message.Kind.LINK, {**link, **data})


def _fields(
    kind: str, data: dict[str, str], text: str = "", picture: int | None = None
) -> dict[str, object]:
    return {"kind": kind, "text": text, "data": data, "picture_id": picture}


def _said_since(seen: int, customer: Customer, agent: Agent) -> int | None:
    others = Message.objects.filter(customer=customer, pk__gt=seen).exclude(agent=agent)
    said = others.exclude(kind__in=[Kind.EVENT, Kind.NOTE])
    return said.aggregate(newest=models.Max("pk"))["newest"]


def _uuids(client_uuid: uuid.UUID, count: int) -> list[uuid.UUID]:
    rest = [uuid.uuid5(client_uuid, str(number)) for number in range(1, count)]
    return [client_uuid, *rest]


def _already_said(
    uuids: list[uuid.UUID],
    conversation: Conversation,
    agent: Agent,
    parts: Sequence[Part],
) -> list[Message]:
    said = {
        message.client_uuid: message
        for message in Message.objects.drawn().filter(client_uuid__in=uuids)
    }
    if not said:
        return []
    repeated = [said[key] for key in uuids if key in said]
    same = len(repeated) == len(parts) and all(
        (message.conversation_id, message.agent_id) == (conversation.pk, agent.pk)
        and _content(part)
        == _fields(message.kind, message.data, message.text, message.picture_id)
        for message, part in zip(repeated, parts, strict=False)
    )
    if not same:
        raise Conflict
    return repeated
