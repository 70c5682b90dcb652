"""Waking lanes that nobody woke: what Redis forgot, what a dead worker left, what waited.

While a mini program is paused its lanes are left alone, but for one now and then to see
whether it still is, and for those whose customer can't be answered any more.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from channels.db import database_sync_to_async
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations import lanes, mini_programs, pauses
from conversations.models import Delivery, Pause
from conversations.wechat.errors import NotSent, WeChatError

from .hold import is_held
from .outbox import drain

logger = logging.getLogger(__name__)

MOST = 500  # lanes woken in one round

State = Delivery.State


def sweep() -> int:
    """Wake every lane that has work and that nobody serves. Returns how many."""
    if is_held():
        return 0
    now = timezone.now()
    paused = list(Pause.objects.select_related("mini_program"))
    for pause in paused:
        if pause.probe_at <= now:
            probe_now(pause.mini_program_id)
    stranded = Delivery.objects.filter(
        Q(state=State.SENDING) | Q(not_before__lte=now),
        Q(customer__lane_until=None) | Q(customer__lane_until__lte=now),
        settled_at=None,
    )
    if paused:
        held_up = [pause.mini_program_id for pause in paused]
        may_move = ~Q(customer__mini_program__in=held_up) | Q(state=State.SENDING)
        for pause in paused:
            may_move |= _has_closed(pause, now)
        stranded = stranded.filter(may_move)
    return _wake(stranded)


def probe_now(mini_program_id: int) -> None:
    """See whether a pause is over. A worker's job; does nothing before it is time.

    By one delivery, of any customer: the same again and again might be the only one
    that WeChat won't have. With none on hand, by asking for a token.
    """
    waiting = Delivery.objects.filter(
        customer__mini_program=mini_program_id,
        settled_at=None,
        state=State.QUEUED,
        not_before__lte=timezone.now(),
    ).values_list("customer_id", flat=True)
    if customer_ids := sorted(set(waiting[:MOST])):
        lanes.wake(drain, random.choice(customer_ids))  # noqa: S311
    else:
        lanes.wake(_ask_for_token, mini_program_id)


async def _ask_for_token(mini_program_id: int) -> None:
    pause = (
        await Pause.objects.select_related("mini_program")
        .filter(mini_program=mini_program_id)
        .afirst()
    )
    if pause is None or not await database_sync_to_async(pauses.take_probe)(pause):
        return
    try:
        await mini_programs.client(pause.mini_program).get_ready()
    except NotSent:
        return
    except WeChatError as exc:
        await database_sync_to_async(pauses.begin)(mini_program_id, exc)
        return
    await database_sync_to_async(pauses.end)(mini_program_id)


def _has_closed(pause: Pause, now: datetime) -> Q:
    """The deliveries of a paused mini program that have come too late by now."""
    of = pause.mini_program
    from_message = now - timedelta(hours=of.message_hours)
    from_entry = now - timedelta(seconds=of.entry_seconds)
    is_open = Q(customer__message_granted_at__gt=from_message)
    is_open |= Q(customer__entry_granted_at__gt=from_entry)
    unknown = Q(customer__message_granted_at=None, customer__entry_granted_at=None)
    return Q(customer__mini_program=of.pk) & ~is_open & ~unknown


def _wake(deliveries: QuerySet[Delivery]) -> int:
    customer_ids = list(
        deliveries.values_list("customer_id", flat=True).distinct()[:MOST]
    )
    for customer_id in customer_ids:
        lanes.wake(drain, customer_id)
    return len(customer_ids)
