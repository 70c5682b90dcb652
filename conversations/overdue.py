"""Conversations whose customer waits for an agent who is away, or silent, go back.

Everything is done by conditions that hold under the customers' locks, a batch at a time:
any process may run it, twice at once too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from agents.models import Tab
from conversations import live
from conversations.models import (
    Assignment,
    Attention,
    Conversation,
    Customer,
    DeskSettings,
    Message,
)

MOST = 100  # conversations in one transaction


@dataclass(frozen=True, slots=True)
class Rules:
    """From when on an answer is overdue, and an agent away; None: never."""

    unanswered_since: datetime | None
    away_since: datetime


def take_back() -> int:
    """Return what is overdue to waiting, at most one batch. Returns how many.

    Never what has nothing waiting, nor before the agent has had it for as long; while
    they type they are answering.
    """
    rules = _rules(timezone.now())
    customers = list(
        _overdue(rules)
        .order_by("customer_id")
        .values_list("customer_id", flat=True)
        .distinct()[:MOST]
    )
    if not customers:
        return 0
    with live.recording():
        lock = Customer.objects.select_for_update(skip_locked=True).order_by("pk")
        ours = list(lock.filter(pk__in=customers).values_list("pk", flat=True))
        overdue = _overdue(rules).filter(customer__in=ours)
        found = list(overdue.select_related("assignee").order_by("pk")[:MOST])
        _release(found, rules, timezone.now())
    return len(found)


def _rules(now: datetime) -> Rules:
    settings = DeskSettings.current()
    within = settings.answer_within_seconds
    return Rules(
        unanswered_since=now - timedelta(seconds=within) if within else None,
        away_since=now - timedelta(seconds=settings.offline_after_seconds),
    )


def _overdue(rules: Rules) -> QuerySet[Conversation]:
    here = Tab.objects.filter(agent=OuterRef("assignee"), seen_at__gt=rules.away_since)
    typing = Attention.objects.filter(
        agent=OuterRef("assignee"),
        conversation=OuterRef("pk"),
        typing_until__gt=timezone.now(),
    )
    away = Q(_held_since(rules.away_since)) & ~Q(Exists(here))
    overdue = away
    if since := rules.unanswered_since:
        awake = Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now())
        silent = Q(waiting_since__lte=since) & Q(_held_since(since)) & awake
        overdue |= silent & ~Q(Exists(typing))
    return (
        Conversation.objects.open()
        .filter(assignee__isnull=False, waiting_since__isnull=False)
        .filter(overdue)
        .annotate(is_here=Exists(here))
    )


def _held_since(moment: datetime) -> Exists:
    """Whether whoever has it has had it since then, or longer."""
    return Exists(
        Assignment.objects.filter(
            conversation=OuterRef("pk"), ended_at=None, began_at__lte=moment
        )
    )


def _release(found: list[Conversation], rules: Rules, now: datetime) -> None:
    pks = [one.pk for one in found]
    Assignment.objects.filter(conversation__in=pks, ended_at=None).update(ended_at=now)
    Conversation.objects.filter(pk__in=pks).update(assignee=None)
    lines = [_line(one, now) for one in found]
    Message.objects.bulk_create(lines)
    for conversation, line in zip(found, lines, strict=True):
        live.message(line)
        live.conversation(conversation)
        if line.agent_id:
            live.agent(line.agent_id, conversation, line)


def _line(conversation: Conversation, now: datetime) -> Message:
    agent = conversation.assignee
    is_here = conversation.is_here  # type: ignore[attr-defined]
    return Message(
        conversation=conversation,
        customer_id=conversation.customer_id,
        author=Message.Author.SYSTEM,
        agent=agent,
        kind=Message.Kind.EVENT,
        data={
            "event": "taken_back",
            "agent": agent.name if agent else "",
            "why": "unanswered" if is_here else "offline",
        },
        said_at=now,
        ordered_at=now,
    )
