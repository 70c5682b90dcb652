"""The worker's resident event loop, on which every customer has a lane.

A job from RQ wakes a lane and returns, so that one process serves many customers while
each waits for WeChat. A lane is one coroutine for one customer; it never runs twice at
once in a process, and between processes a lease in the database sees to that.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context
from typing import Any

from django.conf import settings
from django.db import DatabaseError

logger = logging.getLogger(__name__)

# Rooms, each with as many places as the setting of that name says.
MESSAGES = "LANES"
MEDIA = "MEDIA_FETCHES"
TYPING = "TYPING_LANES"

# Takes a customer's id; returns in how many seconds it has to run again, if at all.
Lane = Callable[[int], Coroutine[Any, Any, float | None]]

_starting = threading.Lock()
_ending = threading.Event()
_loop: asyncio.AbstractEventLoop | None = None
_awake: dict[tuple[str, int], bool] = {}  # whether to run once more when done
_running: set[asyncio.Task[None]] = set()
_places: dict[str, asyncio.Semaphore] = {}


def wake(lane: Lane, customer_id: int, room: str = MESSAGES) -> None:
    """Have a customer's lane run: now, or once more after the run it is in.

    room  whose places it takes: pictures and typing keep no message waiting
    """
    # In a context of its own. The caller may be in a database thread, and asgiref marks
    # that thread's context as busy: a lane that inherits it is refused the database.
    loop().call_soon_threadsafe(_wake, lane, customer_id, room, context=Context())


def run(work: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Run something else on the loop, from any thread."""
    return asyncio.run_coroutine_threadsafe(work, loop())


def loop() -> asyncio.AbstractEventLoop:
    """Return the loop, starting its thread the first time."""
    global _loop
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(
                target=_loop.run_forever, name="lanes", daemon=True
            ).start()
        return _loop


def is_ending() -> bool:
    """Return whether the process is about to end: finish, begin nothing."""
    return _ending.is_set()


def settle(timeout: float) -> bool:
    """Start no more lanes, and wait for those that run.

    False when time ran out: their leases settle the rest.
    """
    _ending.set()

    async def idle() -> None:
        while _running:
            await asyncio.wait(set(_running))

    try:
        run(idle()).result(timeout)
    except TimeoutError:
        return False
    return True


def _wake(lane: Lane, customer_id: int, room: str) -> None:
    key = (lane.__qualname__, customer_id)
    if is_ending():
        return
    if key in _awake:
        _awake[key] = True
        return
    _awake[key] = False
    task = asyncio.get_running_loop().create_task(_serve(lane, key, room))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _serve(lane: Lane, key: tuple[str, int], room: str) -> None:
    if room not in _places:
        _places[room] = asyncio.Semaphore(getattr(settings, room))
    try:
        again = True
        while again:
            _awake[key] = False
            async with _places[room]:
                later = await lane(key[1])
            again = _awake[key] and not is_ending()
        if later is not None:
            # Forgotten with the process; the sweeper remembers.
            asyncio.get_running_loop().call_later(later, _wake, lane, key[1], room)
    except DatabaseError as exc:
        # Locked or away. The sweeper comes back to it.
        logger.warning("A lane broke off: %s", type(exc).__name__)
    except Exception:
        logger.exception("A lane broke off")
    finally:
        _awake.pop(key, None)
