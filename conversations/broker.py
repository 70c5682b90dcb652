"""What we hand to Redis, without ever waiting for it.

Everything that goes there is a hint: a number for the hubs, a wake-up for the worker. A
thread of its own in each process hands the hints over. So a request is not slower when
Redis hangs, and what is lost, the database still knows: the hubs read the numbers they
missed, and the worker's sweeper finds what nobody woke it for.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import django_rq
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from rq.job import Job

logger = logging.getLogger(__name__)

HUBS = "hubs"  # the group in which each process's hub has one channel
LONGEST_LINE = 10_000  # hints held while Redis is away; the oldest go first

# The functions a job may name. A job is data from Redis, and whoever can write there
# must not be able to run anything else.
JOBS = frozenset(
    {
        "conversations.media.fetch_now",
        "conversations.sending.drain_now",
        "conversations.sending.probe_now",
        "conversations.typing_state.show_now",
        "conversations.typing_state.hide_now",
    }
)


class SafeJob(Job):
    """A job that can name only our own functions, with whole numbers for arguments."""

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in JOBS or self.instance is not None or self.kwargs:
            raise PermissionError("a job may not name this function")
        if not all(isinstance(argument, int) for argument in self.args):
            raise PermissionError("a job takes ids and nothing else")
        return super().func

    def restore(self, raw_data: Any) -> None:
        super().restore(raw_data)
        if (
            self._success_callback_name
            or self._failure_callback_name
            or self._stopped_callback_name
            or self.webhooks
        ):
            raise PermissionError("a job may not bring callbacks")


def enqueue(queue: str, job: str, *ids: int) -> None:
    """Have a worker run a job, once the transaction commits."""
    transaction.on_commit(lambda: _line.put((queue, job, ids)), robust=True)


def announce(first: int, last: int) -> None:
    """Tell every process's hub that live events of these numbers are committed."""
    _line.put((first, last))


def flush(timeout: float = 1.0) -> bool:
    """Wait until all that was handed in is handed over. False when time ran out."""
    return _line.flush(timeout)


class _Line:
    """The hints on their way, and the thread that carries them."""

    def __init__(self) -> None:
        self._hints: deque[tuple[Any, ...]] = deque(maxlen=LONGEST_LINE)
        self._changed = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None

    def put(self, hint: tuple[Any, ...]) -> None:
        with self._changed:
            self._hints.append(hint)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._carry, name="broker", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._hints and not self._busy,
                max(0.0, deadline - time.monotonic()),
            )

    def _carry(self) -> None:
        loop = asyncio.new_event_loop()
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._hints))
                hints, self._busy = list(self._hints), True
                self._hints.clear()
            numbers = [hint for hint in hints if len(hint) == 2]
            if numbers:
                loop.run_until_complete(
                    _announce(min(n[0] for n in numbers), max(n[1] for n in numbers))
                )
            # A customer's lane needs waking once, however many messages are in it.
            for queue, job, ids in dict.fromkeys(h for h in hints if len(h) == 3):
                _enqueue(queue, job, ids)


async def _announce(first: int, last: int) -> None:
    event = {"type": "live.changed", "first": first, "last": last}
    layer = get_channel_layer("announce")
    try:
        async with asyncio.timeout(settings.BROKER_TIMEOUT):
            await layer.group_send(HUBS, event)
    except Exception as exc:
        logger.warning("Announcing %s-%s failed: %s", first, last, type(exc).__name__)


def _enqueue(queue: str, job: str, ids: tuple[int, ...]) -> None:
    try:
        django_rq.get_queue(queue).enqueue(job, *ids, result_ttl=0, failure_ttl=3600)
    except Exception as exc:
        logger.warning("Enqueueing %s failed: %s", job, type(exc).__name__)


_line = _Line()
atexit.register(_line.flush, 1.0)
