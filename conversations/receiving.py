"""The one door in: pushes become rows.

    receive(pushes)
      once only            a push that came before changes nothing
      customers            made or found, and locked: all else is judged under the lock
      conversations        by the SessionFrom a customer last entered with
      messages             in WeChat's order
      auto_reply           does a rule answer?

Statements are per batch, not per push: a list of one and a list of 256 take the same
number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from conversations import auto_reply, live
from conversations.auto_reply import Heard
from conversations.models import (
    Assignment,
    Conversation,
    Customer,
    Entrance,
    Message,
    ReceivedPush,
)
from conversations.models.conversation import digest_of
from conversations.models.entrance import entrance_for
from conversations.wechat.pushes import (
    CardPush,
    EnterPush,
    ImagePush,
    Push,
    TextPush,
    UnknownPush,
)

LATE = timedelta(seconds=60)  # after this a push keeps its own time, and says so


@dataclass(frozen=True, slots=True)
class Arrival:
    """An authenticated push, at a mini program's address.

    body  what it held, as text, to be inspected and replayed
    """

    mini_program_id: int
    push: Push
    body: str
    authenticated_by: str


def receive(arrivals: Sequence[Arrival]) -> int:
    """Store pushes, once each, with all that follows from them. Returns how many were
    new.

    All or nothing: an error leaves no trace of any of them.
    """
    now = timezone.now()
    with live.recording():
        fresh = _once_only(arrivals, now)
        known = [one for one in fresh if one.push.openid]
        if known:
            _Batch(known, now).apply()
    return len(fresh)


def _once_only(arrivals: Sequence[Arrival], now: datetime) -> list[Arrival]:
    """Write the pushes' keys first, and return those that were not there, in order."""
    receipt = uuid.uuid4()
    by_key = {one.push.dedupe_key: one for one in arrivals}
    ReceivedPush.objects.bulk_create(
        [
            ReceivedPush(
                mini_program_id=by_key[key].mini_program_id,
                dedupe_key=key,
                receipt=receipt,
                body=by_key[key].body,
                authenticated_by=by_key[key].authenticated_by,
                kind=by_key[key].push.kind,
                received_at=now,
            )
            # In one order everywhere, so that two batches can't wait for each other.
            for key in sorted(by_key)
        ],
        ignore_conflicts=True,
    )
    ours = ReceivedPush.objects.filter(dedupe_key__in=list(by_key), receipt=receipt)
    fresh = [by_key[key] for key in ours.values_list("dedupe_key", flat=True)]
    return sorted(fresh, key=_wechats_order)


def _wechats_order(arrival: Arrival) -> tuple[datetime, int, str]:
    push = arrival.push
    return push.at, len(push.msg_id), push.msg_id


@dataclass
class _Batch:
    arrivals: list[Arrival]
    now: datetime
    customers: dict[tuple[int, str], Customer] = field(default_factory=dict)
    conversations: dict[tuple[int, str], Conversation] = field(default_factory=dict)
    # Open conversations of these customers that are somebody's, or wait.
    assigned: dict[int, Conversation] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)

    def apply(self) -> None:
        self._find_customers()
        placed = self._place()
        self._find_conversations({(c.pk, session) for _, c, session in placed})
        self._find_open()
        heard: list[Heard] = []
        messages: list[Message] = []
        for arrival, customer, session_from in placed:
            conversation = self.conversations[customer.pk, digest_of(session_from)]
            message, one = self._hear(arrival.push, conversation)
            messages.append(message)
            heard.append(one)
        Message.objects.bulk_create(messages)
        self._keep(messages)
        auto_reply.consider(heard, self.now)

    def _find_customers(self) -> None:
        wanted = {(one.mini_program_id, one.push.openid) for one in self.arrivals}
        self._lock_customers(wanted)
        if missing := wanted - self.customers.keys():
            Customer.objects.bulk_create(
                [Customer(mini_program_id=m, openid=o) for m, o in sorted(missing)],
                ignore_conflicts=True,
            )
            self._lock_customers(missing)

    def _lock_customers(self, keys: Iterable[tuple[int, str]]) -> None:
        keys = list(keys)
        locked = (
            Customer.objects.select_for_update(of=("self",))
            .select_related("mini_program")
            .filter(
                mini_program_id__in={mini_program for mini_program, _ in keys},
                openid__in={openid for _, openid in keys},
            )
            .order_by("pk")
        )
        self.customers.update({(c.mini_program_id, c.openid): c for c in locked})

    def _place(self) -> list[tuple[Arrival, Customer, str]]:
        """Say for each push whose it is and by which SessionFrom it came."""
        placed = []
        for arrival in self.arrivals:
            push = arrival.push
            customer = self.customers[arrival.mini_program_id, push.openid]
            if isinstance(push, EnterPush):
                self._enter(customer, push)
                placed.append((arrival, customer, push.session_from))
                continue
            if not is_event(push):
                customer.spoke_at = max(customer.spoke_at or push.at, push.at)
                customer.exchanged_at = self.now
            placed.append((arrival, customer, customer.session_from))
        return placed

    def _enter(self, customer: Customer, push: EnterPush) -> None:
        # Pushes arrive out of order; an older entering doesn't undo a newer one.
        if customer.entered_at is None or push.at >= customer.entered_at:
            customer.session_from, customer.entered_at = push.session_from, push.at

    def _find_conversations(self, keys: set[tuple[int, str]]) -> None:
        by_digest = {(customer, digest_of(text)): text for customer, text in keys}
        self._load(by_digest)
        missing = sorted(by_digest.keys() - self.conversations.keys())
        if not missing:
            return
        customers = {customer.pk: customer for customer in self.customers.values()}
        entrances = list(
            Entrance.objects.filter(
                mini_program_id__in={c.mini_program_id for c in customers.values()}
            )
        )
        Conversation.objects.bulk_create(
            [
                Conversation(
                    customer=customers[customer_id],
                    session_from=by_digest[customer_id, digest],
                    session_from_digest=digest,
                    entrance=entrance_for(
                        (
                            entrance
                            for entrance in entrances
                            if entrance.mini_program_id
                            == customers[customer_id].mini_program_id
                        ),
                        by_digest[customer_id, digest],
                    ),
                    last_message_at=self.now,
                )
                for customer_id, digest in missing
            ],
            ignore_conflicts=True,
        )
        self._load(missing)

    def _load(self, keys: Iterable[tuple[int, str]]) -> None:
        keys = set(keys)
        customers = {customer.pk: customer for customer in self.customers.values()}
        found = Conversation.objects.filter(
            customer_id__in={customer for customer, _ in keys},
            session_from_digest__in={digest for _, digest in keys},
        )
        for conversation in found:
            key = (conversation.customer_id, conversation.session_from_digest)
            # One customer's SessionFrom with another's id is not what was asked for.
            if key in keys:
                conversation.customer = customers[conversation.customer_id]
                self.conversations[key] = conversation

    def _find_open(self) -> None:
        theirs = Conversation.objects.open().filter(
            Q(assignee__isnull=False) | Q(waiting_since__isnull=False),
            customer_id__in={customer.pk for customer in self.customers.values()},
        )
        for conversation in theirs.select_related("assignee").order_by(
            "last_message_at"
        ):
            if conversation.assignee_id:
                self.assigned[conversation.customer_id] = conversation
            if conversation.waiting_since:
                self.waiting.add(conversation.customer_id)

    def _hear(self, push: Push, conversation: Conversation) -> tuple[Message, Heard]:
        """Note on the conversation that something was said, and make its message."""
        late = self.now - push.at > LATE
        message = Message(
            conversation=conversation,
            customer=conversation.customer,
            author=Message.Author.CUSTOMER,
            said_at=push.at,
            ordered_at=push.at if late else self.now,
            late=late,
            **content_of(push),
        )
        if is_event(push):
            return message, Heard(push, conversation)
        began_waiting = conversation.customer_id not in self.waiting
        self.waiting.add(conversation.customer_id)
        conversation.status = Conversation.Status.OPEN
        conversation.unread += 1
        if conversation.waiting_since is None:
            conversation.waiting_since = self.now
        return message, Heard(push, conversation, began_waiting)

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            conversation = message.conversation
            if message.kind != Message.Kind.EVENT or conversation.last_message is None:
                conversation.last_message = message
                conversation.last_message_at = self.now
        self._follow_the_agent()
        touched = {
            message.conversation_id: message.conversation for message in messages
        }
        Conversation.objects.bulk_update(
            touched.values(),
            [
                "status",
                "unread",
                "waiting_since",
                "last_message",
                "last_message_at",
                "assignee",
            ],
        )
        Customer.objects.bulk_update(
            self.customers.values(),
            ["session_from", "entered_at", "spoke_at", "exchanged_at"],
        )
        for message in messages:
            live.message(message)
        for conversation in touched.values():
            live.conversation(conversation)

    def _follow_the_agent(self) -> None:
        """Who has the customer's open conversation gets the one they now come by."""
        begun = []
        for conversation in self.conversations.values():
            holder = self.assigned.get(conversation.customer_id)
            if conversation.assignee_id or not conversation.is_open:
                continue
            if holder is None or holder.assignee is None:
                continue
            conversation.assignee = holder.assignee
            begun.append(
                Assignment(
                    conversation=conversation,
                    agent=holder.assignee,
                    began_at=self.now,
                )
            )
        Assignment.objects.bulk_create(begun)


def is_event(push: Push) -> bool:
    """Return whether a push is only an event: nobody waits for an answer to it."""
    return isinstance(push, EnterPush) or (
        isinstance(push, UnknownPush) and push.kind.startswith("event:")
    )


def content_of(push: Push) -> dict[str, object]:
    """Return a message's kind, text and data for what a push says."""
    match push:
        case TextPush(text=text):
            return {"kind": Message.Kind.TEXT, "text": text}
        case ImagePush(media_id=media_id):
            return {"kind": Message.Kind.IMAGE, "data": {"media_id": media_id}}
        case CardPush(title=title, appid=appid, page_path=page_path):
            return {
                "kind": Message.Kind.CARD,
                "text": title,
                "data": {
                    "title": title,
                    "appid": appid,
                    "page_path": page_path,
                    "thumb_media_id": push.thumb_media_id,
                },
            }
        case EnterPush(session_from=session_from):
            return {
                "kind": Message.Kind.EVENT,
                "data": {"event": "entered", "session_from": session_from},
            }
        case _:
            return {"kind": Message.Kind.UNKNOWN, "data": {"kind": push.kind}}
