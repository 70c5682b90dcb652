from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from agents import presence
from conversations import auto_reply, health, live
from conversations.models import ReceivedPush

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
            (5, lambda: health.beat("cron")),
            (600, presence.forget_stale),
            (600, lambda: live.prune(timezone.now() - EVENTS_KEPT)),
            (600, _forget_pushes),
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
            self.stderr.write(f"{work.__qualname__} failed: {type(exc).__name__}")


def _forget_pushes() -> None:
    old = ReceivedPush.objects.filter(received_at__lt=timezone.now() - PUSHES_KEPT)
    ids = list(old.order_by("received_at").values_list("pk", flat=True)[:5000])
    ReceivedPush.objects.filter(pk__in=ids).delete()
