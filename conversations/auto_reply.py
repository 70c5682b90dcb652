"""Whether a machine answers, and with what.

The decision is a pure function of the rules and of what happened; around it, what it
needs is read for a whole batch of pushes at once.

    a customer enters      rules on entering
    a customer writes      keyword rules, and the one for when nobody is online
    nobody has answered    the fallback, at `due_at`: a row, so that a restart keeps it

The first match wins: keywords before nobody online, by position inside each. After a human has claimed or written, the first two are
silent for a while; the fallback is there in both cases.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone

from conversations import access, live, patterns, reply_windows, rule_trace, sending
from conversations.models import (
    AutoReplyRule,
    Conversation,
    Customer,
    DueReply,
    Message,
    MiniProgram,
)
from conversations.models.entrance import matches
from conversations.wechat.pushes import EnterPush, Push, TextPush, UnknownPush

logger = logging.getLogger(__name__)

Action = AutoReplyRule.Action
Trigger = AutoReplyRule.Trigger
Comparison = AutoReplyRule.Comparison

Rules = dict[int, list[AutoReplyRule]]  # by mini program, those that are on, in order

DUE_MOST = 200  # fallbacks sent in one round of the timer


@dataclass(slots=True)
class Heard:
    """A push, in the conversation where it landed, and what comes of it.

    obstacle       why it can't be handed over: it is an event, held by an agent, cloud
                   run, or too late; "" if it can
    rule           the one it sets off
    handed_over    by that rule, or by the clock
    withheld       why the rule may not speak all the same, or ""
    began_waiting  it is the first of the customer's that no human has answered
    trace          which rules were looked at, and why each did what it did
    """

    push: Push
    conversation: Conversation
    obstacle: str = "event"
    rule: AutoReplyRule | None = None
    handed_over: bool = False
    withheld: str = ""
    began_waiting: bool = False
    trace: rule_trace.Trace = field(default_factory=list)

    @property
    def customer(self) -> Customer:
        return self.conversation.customer


def decide(heard: Sequence[Heard], now: datetime) -> Rules:
    """Say of each push which rule it sets off, and whether it is handed over.

    The customers' rows are locked. Returns the rules, for `carry_out`.
    """
    rules = _rules({one.customer.mini_program_id for one in heard})
    cooled = _Cooldowns({one.customer.pk for one in heard} if rules else set(), now)
    attended: set[int] | None = None
    for one in heard:
        customer = one.customer
        theirs = rules.get(customer.mini_program_id, [])
        if customer.is_blocked_at(now):
            one.trace = rule_trace.BLOCKED if theirs else []
            continue
        if is_silent(customer, now):
            one.trace = rule_trace.SILENT if theirs else []
            continue
        if not one.obstacle and is_handing_over(customer.mini_program, now):
            one.handed_over, one.trace = True, rule_trace.BY_THE_CLOCK
            continue
        if attended is None and _asks_who_is_online(theirs, one.push):
            attended = access.attended(rules)
        held_back = {rule.pk: _holds_back(rule, one, cooled) for rule in theirs}
        ready = [rule for rule in theirs if not held_back[rule.pk]]
        online = customer.mini_program_id in (attended or ())
        one.rule = choose(ready, one.push, one.conversation.session_from, online)
        if one.rule is None:
            one.trace = _trace(one, theirs, held_back)
            continue
        one.handed_over = one.rule.action == Action.HAND_OVER
        one.withheld = "" if one.handed_over else _no_room(one.rule, customer, now)
        if not one.withheld:
            cooled.begin(one.rule, customer)
        one.trace = _trace(one, theirs, held_back)
    return rules


def _trace(
    one: Heard, rules: list[AutoReplyRule], held_back: dict[int, str]
) -> rule_trace.Trace:
    outcome = "hands_over" if one.handed_over else one.withheld or "answered"
    session_from = one.conversation.session_from
    return rule_trace.of(rules, one.rule, one.push, session_from, held_back, outcome)


def _holds_back(rule: AutoReplyRule, one: Heard, cooled: _Cooldowns) -> str:
    """Return why a rule can't do what it does for this push, or ""."""
    if rule.action == Action.HAND_OVER:
        # Without a pause: each message goes where its own answer sends it.
        return one.obstacle
    return "" if cooled.over(rule, one.customer) else "cooling down"


def _no_room(rule: AutoReplyRule, customer: Customer, now: datetime) -> str:
    """Reserve room for what a rule says. Returns "", or why it must not be said."""
    return reply_windows.reserve_for_rule(
        customer, len(rule.parts), now, welcome=rule.trigger == Trigger.ENTER
    )


def carry_out(heard: Sequence[Heard], rules: Rules, now: datetime) -> None:
    """Send what rules say, and set the timers."""
    due = [
        DueReply(
            customer=one.customer,
            conversation=one.conversation,
            rule=fallback,
            due_at=now + timedelta(seconds=fallback.after_seconds),
        )
        for one in heard
        if one.began_waiting
        and (
            fallback := choose_fallback(
                rules.get(one.customer.mini_program_id, []), one.conversation
            )
        )
    ]
    DueReply.objects.bulk_create(due, ignore_conflicts=True)
    answered = [
        (one.conversation, one.rule)
        for one in heard
        if one.rule and not one.handed_over and not one.withheld
    ]
    sending.auto_replies(answered, now)


def is_handing_over(mini_program: MiniProgram, now: datetime) -> bool:
    """Return whether it is the time at which nobody answers here.

    From one time of day until another, past midnight if the second is the earlier one;
    all day long if they are the same.
    """
    begins, ends = mini_program.hand_over_from, mini_program.hand_over_until
    if begins is None or ends is None:
        return False
    at = timezone.localtime(now).time()
    if begins < ends:
        return begins <= at < ends
    return at >= begins or at < ends


def choose(
    rules: Iterable[AutoReplyRule], push: Push, session_from: str, anyone_online: bool
) -> AutoReplyRule | None:
    """Return the first of the rules, in the order given, that the push sets off.

    session_from   of the conversation it landed in
    anyone_online  whether an agent has the console open
    """
    for rule in rules:
        match rule.trigger, push:
            case Trigger.ENTER, EnterPush():
                set_off = True
            case Trigger.KEYWORD, TextPush(text=text):
                set_off = says(rule, text)
            case Trigger.NOBODY_ONLINE, EnterPush() | UnknownPush():
                set_off = False
            case Trigger.NOBODY_ONLINE, _:
                set_off = not anyone_online
            case _:
                set_off = False
        if set_off and comes_from(rule, session_from):
            return rule
    return None


def choose_fallback(
    rules: Iterable[AutoReplyRule], conversation: Conversation
) -> AutoReplyRule | None:
    """Return the rule that answers if no human does, or None."""
    for rule in rules:
        due = rule.trigger == Trigger.NO_ANSWER
        if due and comes_from(rule, conversation.session_from):
            return rule
    return None


def comes_from(rule: AutoReplyRule, session_from: str) -> bool:
    """Return whether a rule is for this SessionFrom."""
    if not rule.session_match:
        return True
    return matches(rule.session_match, rule.session_from, session_from)


def says(rule: AutoReplyRule, text: str) -> bool:
    """Return whether a text has what a keyword rule looks for."""
    if rule.comparison == Comparison.REGEX:
        return patterns.found(rule.keywords.strip(), text)
    wanted = [patterns.folded(line) for line in rule.keywords.splitlines()]
    text = patterns.folded(text[: patterns.LONGEST_TEXT])
    if rule.comparison == Comparison.EXACT:
        return text in [keyword for keyword in wanted if keyword]
    return any(keyword in text for keyword in wanted if keyword)


def is_silent(customer: Customer, now: datetime) -> bool:
    """Return whether a human has lately taken the word; closing gives it back."""
    if customer.human_at is None:
        return False
    silence = timedelta(minutes=customer.mini_program.silence_minutes)
    return now - customer.human_at < silence


def send_due() -> int:
    """Send the fallbacks whose time has come. Returns how many were looked at."""
    due = DueReply.objects.filter(
        state=DueReply.State.PENDING, due_at__lte=timezone.now()
    ).values_list("pk", "customer_id")
    waiting = list(due.order_by("due_at")[:DUE_MOST])
    for due_id, customer_id in waiting:
        try:
            _send_due(due_id, customer_id)
        except DatabaseError:
            raise
        except Exception as exc:
            # Put off, so that one that can't be sent doesn't stop all the others.
            logger.error("Due reply %s: %s", due_id, type(exc).__name__)
            DueReply.objects.filter(pk=due_id).update(
                due_at=timezone.now() + timedelta(minutes=1)
            )
    return len(waiting)


def _send_due(due_id: int, customer_id: int) -> None:
    with live.recording():
        customer = (
            Customer.objects.select_for_update(of=("self",))
            .select_related("mini_program")
            .get(pk=customer_id)
        )
        due = (
            DueReply.objects.filter(pk=due_id, state=DueReply.State.PENDING)
            .select_related("rule", "conversation")
            .first()
        )
        if due is None:
            return
        now = timezone.now()
        waits = Conversation.objects.filter(
            customer=customer, waiting_since__isnull=False
        ).exists()
        cooled = _Cooldowns({customer.pk}, now).over(due.rule, customer)
        wanted = (
            waits
            and cooled
            and due.rule.active
            and customer.mini_program.active
            and not customer.is_blocked_at(now)
            and not _no_room(due.rule, customer, now)
        )
        due.state = DueReply.State.SENT if wanted else DueReply.State.CANCELLED
        due.save(update_fields=["state"])
        if wanted:
            due.conversation.customer = customer
            sending.auto_replies([(due.conversation, due.rule)], now)


def _rules(mini_program_ids: set[int]) -> Rules:
    by_mini_program: Rules = {}
    rules = AutoReplyRule.objects.filter(
        mini_program_id__in=mini_program_ids, active=True
    )
    for rule in rules.order_by("position", "pk"):
        by_mini_program.setdefault(rule.mini_program_id, []).append(rule)
    for theirs in by_mini_program.values():
        # What answers the question comes before what excuses the absence.
        theirs.sort(key=lambda rule: rule.trigger == Trigger.NOBODY_ONLINE)
    return by_mini_program


def _asks_who_is_online(rules: Iterable[AutoReplyRule], push: Push) -> bool:
    return not isinstance(push, EnterPush) and any(
        rule.trigger == Trigger.NOBODY_ONLINE for rule in rules
    )


class _Cooldowns:
    """When each rule last spoke to each of some customers, read once."""

    def __init__(self, customer_ids: set[int], now: datetime) -> None:
        self._now = now
        spoken = (
            Message.objects.filter(customer_id__in=customer_ids, rule__isnull=False)
            .values_list("customer_id", "rule_id")
            .annotate(at=Max("ordered_at"))
        )
        self._last = {(customer, rule): at for customer, rule, at in spoken}

    def over(self, rule: AutoReplyRule, customer: Customer) -> bool:
        last = self._last.get((customer.pk, rule.pk))
        if last is None:
            return True
        return self._now - last >= timedelta(seconds=rule.cooldown_seconds)

    def begin(self, rule: AutoReplyRule, customer: Customer) -> None:
        self._last[customer.pk, rule.pk] = self._now
