"""The one door in: pushes become rows.

    receive(pushes)
      once only            a push that came before changes nothing
      customers            made or found, and locked: all else is judged under the lock
      conversations        by the SessionFrom a customer last entered with
      auto_reply           does a rule answer, or is it handed over?
      messages             in WeChat's order

Statements are per batch, not per push: a list of one and a list of 256 take the same
number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations import (
    auto_reply,
    live,
    media,
    once_only,
    push_log,
    reply_windows,
    search_index,
)
from conversations.auto_reply import Heard
from conversations.models import (
    Assignment,
    Conversation,
    Customer,
    DueReply,
    Entrance,
    Message,
    MiniProgram,
    ReceivedPush,
)
from conversations.models.conversation import digest_of
from conversations.models.entrance import entrance_for
from conversations.once_only import Arrival, Taken
from conversations.taking_back import take_back
from conversations.wechat import reply_window
from conversations.wechat.pushes import (
    CardPush,
    EnterPush,
    ImagePush,
    Push,
    TextPush,
    UnknownPush,
)

# So long WeChat keeps a customer's messages from us once somebody there has them.
HELD_BY_WECHAT = timedelta(minutes=30)
ORIGINAL_ID = re.compile(r"gh_[0-9A-Za-z]{1,61}")
LATE = timedelta(seconds=60)  # after this a push keeps its own time, and says so


def receive(arrivals: Sequence[Arrival]) -> list[Taken]:
    """Store pushes, once each, with all that follows from them. Returns what became of
    each.

    All or nothing: an error leaves no trace of any of them.
    """
    now = timezone.now()
    with live.recording():
        pushes = once_only.sort(arrivals, now)
        known = [one for one in pushes.fresh if one.push.openid]
        batch = _Batch(known, now, pushes.rows)
        handed_over = batch.apply() if known else set()
        late = {one.push.dedupe_key for one in arrivals if one.answered}
        if missed := pushes.handed_over & late:
            take_back(missed, now)
    handed_over |= pushes.handed_over - late
    fresh = {id(one) for one in pushes.fresh}
    replayed = {id(one) for one in pushes.replayed}
    push_log.came_again(
        [
            (one.mini_program_id, one.push.dedupe_key)
            for one in arrivals
            if id(one) not in fresh and id(one) not in replayed
        ]
    )
    return [
        Taken(
            repeated=id(one) not in fresh,
            handed_over=one.push.dedupe_key in handed_over,
            replayed=id(one) in replayed,
        )
        for one in arrivals
    ]


def keep_failed(arrival: Arrival, error: str) -> Taken:
    """Keep a push as it came, of which nothing could be made, to be replayed.

    error  an exception's name; its text may quote what a customer wrote
    """
    now = timezone.now()
    with transaction.atomic():
        pushes = once_only.sort([arrival], now)
        ReceivedPush.objects.filter(pk__in=pushes.rows.values()).update(
            outcome=ReceivedPush.Outcome.FAILED, error=error[:100]
        )
    return Taken(repeated=not pushes.fresh, replayed=bool(pushes.replayed))


@dataclass
class _Batch:
    arrivals: list[Arrival]
    now: datetime
    rows: dict[str, int]  # of received pushes, by their keys
    customers: dict[tuple[int, str], Customer] = field(default_factory=dict)
    conversations: dict[tuple[int, str], Conversation] = field(default_factory=dict)
    # Open conversations of these customers that are somebody's, or wait.
    assigned: dict[int, Conversation] = field(default_factory=dict)
    waiting: dict[int, list[Conversation]] = field(default_factory=dict)
    no_longer_waiting: dict[int, Conversation] = field(default_factory=dict)

    def apply(self) -> set[str]:
        """Do all of it. Returns the keys of the pushes that are handed over."""
        self._find_customers()
        placed = self._place()
        self._find_conversations({(c.pk, session) for _, c, session in placed})
        self._find_open()
        heard = [
            Heard(
                arrival.push,
                self.conversations[customer.pk, digest_of(session_from)],
                obstacle=self._obstacle(arrival, customer),
            )
            for arrival, customer, session_from in placed
        ]
        rules = auto_reply.decide(heard, self.now)
        lines = [self._hear(one) for one in heard]
        messages = [line for theirs in lines for line in theirs]
        Message.objects.bulk_create(messages)
        search_index.add(messages)
        media.expect(messages, self.now)
        self._keep(messages)
        handed_over = [one for one in heard if one.handed_over]
        self._hand_over(handed_over)
        auto_reply.carry_out(heard, rules, self.now)
        self._trace(heard, [theirs[0] for theirs in lines])
        self._learn_original_ids()
        return {one.push.dedupe_key for one in handed_over}

    def _trace(self, heard: list[Heard], messages: list[Message]) -> None:
        """Note on each push which message it became, and what rules made of it."""
        ReceivedPush.objects.bulk_update(
            [
                ReceivedPush(
                    pk=self.rows[one.push.dedupe_key], message=message, trace=one.trace
                )
                for one, message in zip(heard, messages, strict=True)
            ],
            ["message", "trace"],
        )

    def _learn_original_ids(self) -> None:
        """Every push names its mini program so; the first that is WeChat's own tells
        us. What a cloud function hands on may say anything."""
        missing = {
            customer.mini_program_id
            for customer in self.customers.values()
            if not customer.mini_program.original_id
        }
        for one in self.arrivals:
            is_wechats = one.authenticated_by in ("signature", "msg_signature")
            said = ORIGINAL_ID.fullmatch(one.push.original_id)
            if one.mini_program_id in missing and is_wechats and said:
                missing.discard(one.mini_program_id)
                MiniProgram.objects.filter(
                    pk=one.mini_program_id, original_id=""
                ).update(original_id=said[0])

    def _find_customers(self) -> None:
        wanted = {(one.mini_program_id, one.push.openid) for one in self.arrivals}
        self._lock_customers(wanted)
        if missing := wanted - self.customers.keys():
            Customer.objects.bulk_create(
                [Customer(mini_program_id=m, openid=o) for m, o in sorted(missing)],
                ignore_conflicts=True,
            )
            self._lock_customers(missing)
            search_index.add_customers(self.customers[key] for key in missing)

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
        acts: list[tuple[Customer, reply_window.Kind, datetime]] = []
        for arrival in self.arrivals:
            push = arrival.push
            customer = self.customers[arrival.mini_program_id, push.openid]
            if isinstance(push, EnterPush):
                self._enter(customer, push)
                acts.append((customer, "entry", push.at))
                placed.append((arrival, customer, push.session_from))
                continue
            if not is_event(push):
                customer.spoke_at = max(customer.spoke_at or push.at, push.at)
                customer.exchanged_at = self.now
                acts.append((customer, "message", push.at))
            placed.append((arrival, customer, customer.session_from))
        reply_windows.grant(acts)
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
                key = conversation.customer_id, conversation.session_from_digest
                waiting = self.waiting.setdefault(conversation.customer_id, [])
                waiting.append(self.conversations.get(key, conversation))

    def _obstacle(self, arrival: Arrival, customer: Customer) -> str:
        if is_event(arrival.push):
            return "event"
        if customer.pk in self.assigned:
            return "held"
        return arrival.transfer_obstacle

    def _hear(self, one: Heard) -> list[Message]:
        """Note on the conversation that something was said, and make its lines."""
        push, conversation = one.push, one.conversation
        customer = conversation.customer
        late = self.now - push.at > LATE
        message = Message(
            conversation=conversation,
            customer=customer,
            author=Message.Author.CUSTOMER,
            said_at=push.at,
            ordered_at=push.at if late else self.now,
            late=late,
            late_by=int((self.now - push.at).total_seconds()) if late else None,
            **content_of(push),
        )
        if is_event(push):
            return [message]
        if one.handed_over:
            return [message, *self._marker(one, message)]
        if customer.is_blocked_at(self.now):
            return [message]  # Kept and shown, and nothing else
        one.began_waiting = not self.waiting.get(customer.pk)
        self.waiting.setdefault(customer.pk, []).append(conversation)
        conversation.status = Conversation.Status.OPEN
        conversation.snoozed_until = None
        conversation.unread += 1
        if conversation.waiting_since is None:
            conversation.waiting_since = self.now
        customer.handed_over_at = None  # It came to us: WeChat has given them back
        return [message]

    def _marker(self, one: Heard, message: Message) -> list[Message]:
        """Return the line that says so, for the first of several handed over."""
        customer = one.conversation.customer
        last, customer.handed_over_at = customer.handed_over_at, self.now
        # What waited for us is read there now; our thread stays as it was.
        for waiting in self.waiting.pop(customer.pk, []):
            waiting.waiting_since = None
            self.no_longer_waiting[waiting.pk] = waiting
        if last and self.now - last < HELD_BY_WECHAT:
            return []
        rule = one.rule.name if one.rule else ""
        return [
            Message(
                conversation=one.conversation,
                customer=customer,
                author=Message.Author.SYSTEM,
                kind=Message.Kind.EVENT,
                rule=one.rule,
                data={"event": "handed_over", "rule": rule},
                said_at=self.now,
                ordered_at=message.ordered_at,
            )
        ]

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            conversation = message.conversation
            if message.kind != Message.Kind.EVENT or conversation.last_message is None:
                conversation.last_message = message
                conversation.last_message_at = self.now
        self._follow_the_agent()
        touched = {
            **self.no_longer_waiting,
            **{message.conversation_id: message.conversation for message in messages},
        }
        Conversation.objects.bulk_update(
            touched.values(),
            [
                "status",
                "unread",
                "waiting_since",
                "snoozed_until",
                "last_message",
                "last_message_at",
                "assignee",
            ],
        )
        Customer.objects.bulk_update(
            self.customers.values(),
            [
                *("session_from", "entered_at", "spoke_at", "exchanged_at"),
                "handed_over_at",
                *reply_windows.FIELDS,
            ],
        )
        for message in messages:
            live.message(message)
        for conversation in touched.values():
            live.conversation(conversation)
        for customer in {
            m.customer for m in messages if m.data.get("event") == "entered"
        }:
            live.customer(customer)

    def _hand_over(self, handed_over: list[Heard]) -> None:
        """Note on the pushes that they are, as a repeated one is answered the same."""
        if not handed_over:
            return
        keys = [one.push.dedupe_key for one in handed_over]
        ReceivedPush.objects.filter(dedupe_key__in=keys).update(
            outcome=ReceivedPush.Outcome.HANDED_OVER
        )
        customers = {one.conversation.customer_id for one in handed_over}
        DueReply.objects.filter(
            customer_id__in=customers - self.waiting.keys(),
            state=DueReply.State.PENDING,
        ).update(state=DueReply.State.CANCELLED)

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
