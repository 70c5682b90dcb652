from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from agents import presence
from conversations import auto_reply, health, live, once_only, overdue, snoozing
from conversations.models import CannedAnswer, DueReply, ReceivedPush, SpentNonce

EVENTS_KEPT = timedelta(days=7)
PUSHES_KEPT = timedelta(days=30)  # and with them what makes a repeated push harmless


class Command(BaseCommand):
    help = "Keep the timers: fallback answers when they are due, and tidying up."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        chores: list[tuple[float, Callable[[], object]]] = [
            (0.5, auto_reply.send_due),
            (5, snoozing.wake_due),
            (5, lambda: health.beat("cron")),
            (2, overdue.take_back),
            (600, presence.forget_stale),
            (600, lambda: live.prune(timezone.now() - EVENTS_KEPT)),
            (600, _forget_pushes),
            (600, _forget_nonces),
            (600, _forget_due_replies),
            (1, partial(_announce_validity, [timezone.now()])),
            (3600, partial(call_command, "clearsessions")),
        ]
        due = [0.0] * len(chores)
        while not stop.is_set():
            close_old_connections()
            for number, (every, work) in enumerate(chores):
                if due[number] <= time.monotonic():
                    due[number] = time.monotonic() + every
                    self._do(work)
            stop.wait(0.25)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as exc:
            name = getattr(work, "__qualname__", repr(getattr(work, "func", work)))
            self.stderr.write(f"{name} failed: {type(exc).__name__}")


def _forget_pushes() -> None:
    """In small steps, so that no push waits long for its turn to be written."""
    old = ReceivedPush.objects.filter(received_at__lt=timezone.now() - PUSHES_KEPT)
    while ids := list(old.order_by("received_at").values_list("pk", flat=True)[:500]):
        ReceivedPush.objects.filter(pk__in=ids).delete()


def _forget_nonces() -> None:
    old = timezone.now() - once_only.NONCES_KEPT
    SpentNonce.objects.filter(at__lt=old).delete()


def _forget_due_replies() -> None:
    old = timezone.now() - EVENTS_KEPT
    settled = DueReply.objects.exclude(state=DueReply.State.PENDING)
    settled.filter(due_at__lt=old).delete()


def _announce_validity(last: list[datetime]) -> None:
    """Have open consoles take or drop the answers whose time has just begun or ended."""
    now = timezone.now()
    passed = Q(valid_from__gt=last[0], valid_from__lte=now)
    passed |= Q(valid_to__gt=last[0], valid_to__lte=now)
    if CannedAnswer.objects.filter(passed).exists():
        with live.recording():
            live.answers()
    last[0] = now
