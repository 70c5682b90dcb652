"""Numbers for a Prometheus: how much waits, how old it is, what went wrong.

All from the tables, at the moment of asking, so that it makes no difference which of
several web processes is asked. No label names a customer, an agent or a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from agents import presence
from conversations import live
from conversations.models import (
    Conversation,
    Customer,
    Delivery,
    ProcessHeartbeat,
    RejectedCount,
)
from conversations.wechat.reply_window import REFUSALS

State = Delivery.State


def exposition() -> bytes:
    """Return all numbers as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Tables())
    return generate_latest(registry)


class _Tables:
    def collect(self) -> Iterator[Metric]:
        yield from _outbox()
        yield from _heartbeats()
        rejected = GaugeMetricFamily(
            "kefu_rejected_pushes",
            "Pushes that proved nothing, since the installation began.",
            labels=["reason"],
        )
        counts = RejectedCount.objects.values_list("reason").annotate(Sum("count"))
        for reason, count in counts.order_by():
            rejected.add_metric([reason], count)
        yield rejected
        yield from _window_refusals()
        waiting = Conversation.objects.waiting()
        yield _gauge("waiting", "Conversations nobody has taken.", waiting.count())
        longest = waiting.aggregate(at=Min("waiting_since"))["at"]
        yield _gauge(
            "longest_wait_seconds", "The longest of their waits.", _age(longest)
        )
        yield _gauge("online_agents", "Agents with a tab open.", len(presence.online()))
        yield _gauge("live_seq", "The newest live event's number.", live.head())


def _outbox() -> Iterator[Metric]:
    unsettled = Delivery.objects.filter(settled_at=None)
    states = GaugeMetricFamily(
        "kefu_outbox", "Deliveries not yet settled.", labels=["state"]
    )
    counts = dict(unsettled.values_list("state").annotate(Count("pk")).order_by())
    for state in (State.QUEUED, State.SENDING):
        states.add_metric([state], counts.get(state, 0))
    yield states
    oldest = unsettled.aggregate(at=Min("message__said_at"))["at"]
    yield _gauge(
        "outbox_oldest_seconds", "The age of the oldest of them.", _age(oldest)
    )


def _window_refusals() -> Iterator[Metric]:
    """By our own count there was room: somebody else sends too, or a clock is wrong."""
    closed = GaugeMetricFamily(
        "kefu_windows_refused",
        "Customers to whom WeChat takes nothing until they act, by its own word.",
        labels=["errcode"],
    )
    refused = Customer.objects.exclude(window_refusal=None)
    counts = dict(
        refused.values_list("window_refusal").annotate(Count("pk")).order_by()
    )
    for errcode in sorted(REFUSALS):
        closed.add_metric([str(errcode)], counts.get(errcode, 0))
    yield closed


def _heartbeats() -> Iterator[Metric]:
    beats = GaugeMetricFamily(
        "kefu_heartbeat_age_seconds",
        "Since a process last showed that it lives.",
        labels=["process"],
    )
    for name, at in ProcessHeartbeat.objects.values_list("name", "at"):
        beats.add_metric([name], _age(at))
    yield beats


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"kefu_{name}", help_text, value=value)


def _age(at: datetime | None) -> float:
    return (timezone.now() - at).total_seconds() if at else 0.0
