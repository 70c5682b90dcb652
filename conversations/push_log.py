"""What supervisors look up of pushes: which were rejected, and how the days went.

    rejected()      a row for each, up to a few in ten seconds; the rest are counted
    acknowledged()  how long WeChat waited, by mini program and day
    came_again()    WeChat's own repetitions, which changed nothing

Counting never stands in the way of an acknowledgement, and a flood of forgeries never
becomes a flood of writes: sums are kept in memory and written by a thread of their own,
seconds apart. A process that is killed takes the last few seconds' sums with it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from conversations.models import (
    MiniProgram,
    PushDay,
    ReceivedPush,
    RejectedCount,
    RejectedPush,
)

logger = logging.getLogger(__name__)

ROWS_KEPT = 50  # rejected pushes of a mini program
ROWS_AT_ONCE = 3  # of one fault, in …
BURST = 10.0  # s
SLOW_MS = 1000  # an acknowledgement after this is counted as slow; WeChat waits 5 s
KEYS_KEPT = 1000  # of each kind, between two writes


@dataclass(slots=True)
class _Tally:
    received: int = 0
    repeated: int = 0
    slow: int = 0
    slowest_ms: int = 0


_changed = threading.Condition()
_tallies: dict[tuple[int, date], _Tally] = {}
_repeats: Counter[str] = Counter()
_swallowed: Counter[tuple[str, str]] = Counter()
_written: dict[tuple[str, str], list[float]] = {}
_flusher: threading.Thread | None = None


async def rejected(appid: str, reason: str, details: Mapping[str, Any]) -> None:
    """Note a push that proved nothing, for whoever looks for the reason.

    details  of `wechat.diagnosis`: no secret, no openid, no message
    """
    if not _may_write(appid, details.get("fault", reason)):
        with _changed:
            if len(_swallowed) < KEYS_KEPT:
                _swallowed[appid, reason] += 1
        _flush_later()
        return
    logger.warning("A push to %s was rejected: %s", appid, reason)
    try:
        await sync_to_async(_write_rejected, thread_sensitive=False)(
            appid, reason, details
        )
    except DatabaseError:
        logger.warning("The rejection could not be noted")


def acknowledged(mini_program_id: int, milliseconds: float) -> None:
    """Count a push that WeChat was told we have."""
    with _changed:
        tally = _tally(mini_program_id)
        tally.received += 1
        tally.slow += milliseconds > SLOW_MS
        tally.slowest_ms = max(tally.slowest_ms, int(milliseconds))
    _flush_later()


def came_again(pushes: list[tuple[int, str]]) -> None:
    """Count pushes that were there already, by mini program and dedupe key."""
    if not pushes:
        return
    with _changed:
        for mini_program_id, key in pushes:
            _tally(mini_program_id).repeated += 1
            if len(_repeats) < KEYS_KEPT:
                _repeats[key] += 1
    _flush_later()


def flush() -> None:
    """Write the sums. What can't be written is kept for the next time."""
    with _changed:
        tallies, repeats, swallowed = _tallies.copy(), +_repeats, +_swallowed
        _tallies.clear()
        _repeats.clear()
        _swallowed.clear()
    try:
        with transaction.atomic():
            there = set(MiniProgram.objects.values_list("pk", flat=True))
            for (mini_program_id, day), tally in sorted(tallies.items()):
                if mini_program_id in there:
                    _add_to_day(mini_program_id, day, tally)
            _add_repeats(repeats)
            for (appid, reason), count in sorted(swallowed.items()):
                _add_swallowed(appid, reason, count)
    except DatabaseError as exc:
        logger.warning("Sums of pushes are written later: %s", type(exc).__name__)
        with _changed:
            for key, tally in tallies.items():
                _tallies[key] = _sum(tally, _tallies.get(key, _Tally()))
            _repeats.update(repeats)
            _swallowed.update(swallowed)


def forget() -> None:
    """Drop what is in memory, as a process that ends does."""
    with _changed:
        for kept in (_tallies, _repeats, _swallowed, _written):
            kept.clear()


def _may_write(appid: str, fault: str) -> bool:
    now = time.monotonic()
    with _changed:
        if len(_written) > KEYS_KEPT:
            _written.clear()
        recent = [at for at in _written.get((appid, fault), []) if at > now - BURST]
        if len(recent) >= ROWS_AT_ONCE:
            return False
        _written[appid, fault] = [*recent, now]
        return True


def _write_rejected(appid: str, reason: str, details: Mapping[str, Any]) -> None:
    try:
        with transaction.atomic():
            RejectedPush.objects.create(
                appid=appid, reason=reason, details=details, at=timezone.now()
            )
            theirs = RejectedPush.objects.filter(appid=appid).order_by("-pk")
            if too_old := list(theirs.values_list("pk", flat=True)[ROWS_KEPT:]):
                RejectedPush.objects.filter(pk__in=too_old).delete()
            _count_rejected(appid, reason, 1)
    finally:
        connection.close()


def _add_swallowed(appid: str, reason: str, count: int) -> None:
    alike = RejectedPush.objects.filter(appid=appid, reason=reason)
    if newest := alike.order_by("-pk").first():
        RejectedPush.objects.filter(pk=newest.pk).update(
            count=F("count") + count, at=timezone.now()
        )
    _count_rejected(appid, reason, count)


def _count_rejected(appid: str, reason: str, count: int) -> None:
    row = RejectedCount.objects.filter(appid=appid, reason=reason)
    while not row.update(count=F("count") + count):
        RejectedCount.objects.bulk_create(
            [RejectedCount(appid=appid, reason=reason)], ignore_conflicts=True
        )


def _tally(mini_program_id: int) -> _Tally:
    return _tallies.setdefault((mini_program_id, timezone.localdate()), _Tally())


def _sum(one: _Tally, other: _Tally) -> _Tally:
    return _Tally(
        one.received + other.received,
        one.repeated + other.repeated,
        one.slow + other.slow,
        max(one.slowest_ms, other.slowest_ms),
    )


def _add_to_day(mini_program_id: int, day: date, tally: _Tally) -> None:
    row = PushDay.objects.filter(mini_program_id=mini_program_id, day=day)
    while not row.update(
        received=F("received") + tally.received,
        repeated=F("repeated") + tally.repeated,
        slow=F("slow") + tally.slow,
        slowest_ms=Greatest("slowest_ms", tally.slowest_ms),
    ):
        PushDay.objects.bulk_create(
            [PushDay(mini_program_id=mini_program_id, day=day)], ignore_conflicts=True
        )


def _add_repeats(repeats: Counter[str]) -> None:
    by_count: dict[int, list[str]] = {}
    for key, count in repeats.items():
        by_count.setdefault(count, []).append(key)
    for count, keys in sorted(by_count.items()):
        rows = ReceivedPush.objects.filter(dedupe_key__in=keys)
        rows.update(repeats=F("repeats") + count)


def _flush_later() -> None:
    """Have the sums written soon, by a thread that is there once they exist."""
    global _flusher
    if not settings.PUSH_LOG_EVERY:
        return
    with _changed:
        if _flusher is None or not _flusher.is_alive():
            _flusher = threading.Thread(target=_flush, name="push-log", daemon=True)
            _flusher.start()
        _changed.notify()


def _flush() -> None:
    while True:
        with _changed:
            _changed.wait_for(lambda: _tallies or _repeats or _swallowed)
        flush()
        connection.close()
        time.sleep(settings.PUSH_LOG_EVERY)
