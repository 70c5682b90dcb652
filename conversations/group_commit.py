"""Group commit: everything that came while the last batch was written goes in one go.

One thread with one persistent connection. Whoever handed a push in hears of it after the
commit, and not before. When a batch fails, its pushes are tried one by one, so that one
that can't be stored fails alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from conversations import lights, receiving
from conversations.once_only import Arrival, Taken

logger = logging.getLogger(__name__)

ANSWER_DEADLINE = 3.5  # s until a push that can't be committed is told so


class NotStored(Exception):
    """Too many wait, the database doesn't take it, or not soon enough."""


class Writer:
    """Group commit: one thread, one connection, everything that waits in one go."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Arrival, asyncio.Future[Taken]]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many pushes wait for the next commit."""
        return len(self._waiting)

    async def put(self, arrival: Arrival) -> Taken:
        """Return what became of a push, once it is committed. Raises NotStored if it
        can't be."""
        done: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
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
                return await done
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
            for (_, done), taken in zip(batch, stored, strict=True):
                _resolve(done, taken)
            _note_pushes(
                arrival
                for (arrival, _), taken in zip(batch, stored, strict=True)
                if taken
            )


def _commit(arrivals: list[Arrival]) -> Sequence[Taken | None]:
    """Store a batch, or else each push by itself. Returns what became of each: None if
    it isn't stored.

    When it is the database that fails, trying them singly would only take longer.
    """
    for fresh_connection in (False, True):
        try:
            return receiving.receive(arrivals)
        except (OperationalError, InterfaceError) as exc:
            _report(arrivals, exc)
            if fresh_connection or connection.vendor == "sqlite":
                break
        except Exception as exc:
            _report(arrivals, exc)
            if len(arrivals) == 1:
                return [_keep_failed(arrivals[0], type(exc).__name__)]
            return [taken for one in arrivals for taken in _commit([one])]
    return [None] * len(arrivals)


def _keep_failed(arrival: Arrival, error: str) -> Taken | None:
    """Keep what we can't make anything of: WeChat would only send the same again.

    None if it can't even be kept as it came.
    """
    try:
        return receiving.keep_failed(arrival, error)
    except Exception as exc:
        _report([arrival], exc)
        return None


def _note_pushes(arrivals: Iterable[Arrival]) -> None:
    """Light the light that says that pushes come. After the answer: it can wait."""
    for mini_program_id in {one.mini_program_id for one in arrivals}:
        try:
            lights.note(mini_program_id, "push", True)
        except Exception as exc:  # The next batch must not suffer from it
            logger.warning("A light was not noted: %s", type(exc).__name__)


def _report(arrivals: list[Arrival], exc: Exception) -> None:
    # Not its text, which may quote what a customer wrote.
    logger.error("%s pushes not stored: %s", len(arrivals), type(exc).__name__)
    connection.close()


def _resolve(done: asyncio.Future[Taken], taken: Taken | None) -> None:
    def settle() -> None:
        if done.done():
            return
        if taken is None:
            done.set_exception(NotStored)
        else:
            done.set_result(taken)

    try:
        done.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:  # The loop has ended with its process
        logger.info("A push was stored after its connection had gone")
