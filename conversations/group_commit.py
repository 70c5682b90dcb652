"""Group commit: everything that came while the last batch was written goes in one go.

One thread with one persistent connection. Whoever handed a push in hears of it after the
commit, and not before. When a batch fails, its pushes are tried one by one, so that one
that can't be stored fails alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading

from django.conf import settings
from django.db import OperationalError, connection

from conversations import receiving
from conversations.receiving import Arrival

logger = logging.getLogger(__name__)

ANSWER_DEADLINE = 3.5  # s until a push that can't be committed is told so


class NotStored(Exception):
    """Too many wait, the database doesn't take it, or not soon enough."""


class Writer:
    """Group commit: one thread, one connection, everything that waits in one go."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many pushes wait for the next commit."""
        return len(self._waiting)

    async def put(self, arrival: Arrival) -> None:
        """Return once the push is committed. Raises NotStored if it can't be."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if len(self._waiting) >= settings.PUSH_QUEUE_LENGTH:
                raise NotStored
            self._waiting.append((arrival, done))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._write, name="intake", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        try:
            async with asyncio.timeout(ANSWER_DEADLINE):
                await done
        except TimeoutError:
            # It may be committed all the same; WeChat comes again, and finds it there.
            raise NotStored from None

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                batch = self._waiting[: settings.PUSH_BATCH]
                del self._waiting[: len(batch)]
            stored = _commit([arrival for arrival, _ in batch])
            for (_, done), is_stored in zip(batch, stored, strict=True):
                _resolve(done, is_stored)


def _commit(arrivals: list[Arrival]) -> list[bool]:
    """Store a batch, or else each push by itself. Returns which of them are stored.

    When it is the database that fails, trying them singly would only take longer.
    """
    for fresh_connection in (False, True):
        try:
            receiving.receive(arrivals)
        except OperationalError as exc:
            _report(arrivals, exc)
            if fresh_connection or connection.vendor == "sqlite":
                return [False] * len(arrivals)
        except Exception as exc:
            _report(arrivals, exc)
            if len(arrivals) == 1:
                return [False]
            return [stored for one in arrivals for stored in _commit([one])]
        else:
            return [True] * len(arrivals)
    return [False] * len(arrivals)


def _report(arrivals: list[Arrival], exc: Exception) -> None:
    # Not its text, which may quote what a customer wrote.
    logger.error("%s pushes not stored: %s", len(arrivals), type(exc).__name__)
    connection.close()


def _resolve(done: asyncio.Future[None], stored: bool) -> None:
    def settle() -> None:
        if done.done():
            return
        if stored:
            done.set_result(None)
        else:
            done.set_exception(NotStored)

    try:
        done.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:  # The loop has ended with its process
        logger.info("A push was stored after its connection had gone")
