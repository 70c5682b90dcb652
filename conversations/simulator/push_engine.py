"""Pushes on their way: signed, sent, and sent again until they are taken.

WeChat waits 5 s for an answer and delivers three times in all. Here the next delivery
begins one push timeout after the last began, however fast that one failed, so that a
console being restarted is found again. A push is taken when the answer is HTTP 200 with
`success`, with nothing, or with a valid transfer packet. By which way it goes, see `ways`.

Options of a push, for tests:

    times            copies delivered at the same moment (duplicate push)
    delay            s before the first delivery
    after_next       wait until the customer's next push has settled (out of order)
    wrong_signature  signed with another token
    old_key          encrypted as before the last rotation
    clock_skew       s added to the URL's timestamp (and, when made, to CreateTime)
    fresh_nonce      a new timestamp, nonce and ciphertext for each delivery
    unheard          deliveries whose answer never reaches WeChat: it tries again
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from . import passive_answer, ways
from .courier import NO_CONNECTION, Courier
from .records import App, Push

if TYPE_CHECKING:
    from .state import World

T = TypeVar("T")

OPTIONS = {
    "times",
    "delay",
    "after_next",
    "wrong_signature",
    "old_key",
    "clock_skew",
    "fresh_nonce",
    "unheard",
}
NEXT_PUSH_WAIT = 10  # s that an overtaken push waits for the one that overtakes it
UNHEARD = "unheard"


class PushEngine:
    """One thread with a loop of its own, so that nobody who acts on a page waits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._courier = Courier()

    def push(
        self,
        app: App,
        openid: str,
        fields: dict[str, Any],
        *,
        line: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> Future[str]:
        """Send a message or event on its way, and return its state when it settles."""
        unknown = set(options or {}) - OPTIONS
        if unknown:
            raise ValueError(f"No such option: {', '.join(sorted(unknown))}.")
        number = self.world.store.write(
            "INSERT INTO push (appid, openid, line, fields, options, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            app.appid,
            openid,
            line,
            json.dumps(fields, ensure_ascii=True),
            json.dumps(options or {}),
            self.world.now(),
        )
        return self._run(self._settle(number))

    def check(self, app: App) -> Future[dict[str, Any]]:
        """Ask an address what WeChat asks when it is set up.

        Returns {ok, status, answer}, or {ok: None} for a cloud function, which nobody
        asks anything.
        """
        return self._run(self._courier.check(app, self.world))

    def resume(self) -> None:
        """Take up the pushes that a process before this one left on their way."""
        for row in self.world.store.rows("SELECT id FROM push WHERE state = 'going'"):
            self._run(self._settle(row["id"]))

    def stop(self) -> None:
        """Leave what is on its way, and end the thread."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_serve,
                    args=(self._loop,),
                    name="simulator-push",
                    daemon=True,
                ).start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._courier.close()

    async def _settle(self, number: int) -> str:
        row = self.world.store.row("SELECT * FROM push WHERE id = ?", number)
        if row is None:
            return "forgotten"
        push = Push.from_row(row)
        fault = self.world.faults.take(
            "push", json.dumps(push.fields, ensure_ascii=False).encode(), push.appid
        )
        if fault is not None:
            push = replace(push, options={**push.options, **fault.options})
        await asyncio.sleep(push.options.get("delay", 0))
        if push.options.get("after_next"):
            await self._overtaken(push)
        copies = int(push.options.get("times", 1))
        states = await asyncio.gather(*(self._deliver(push) for _ in range(copies)))
        state = next((state for state in states if state != "failed"), "failed")
        self._conclude(push, state)
        return state

    async def _overtaken(self, push: Push) -> None:
        wait = push.options["after_next"]  # true, or how many seconds at most
        deadline = time.monotonic() + (NEXT_PUSH_WAIT if wait is True else wait)
        while time.monotonic() < deadline:
            if self.world.store.row(
                "SELECT 1 FROM push WHERE openid = ? AND id > ? AND state != 'going'",
                push.openid,
                push.id,
            ):
                return
            await asyncio.sleep(0.02)

    async def _deliver(self, push: Push) -> str:
        limits = self.world.limits
        fresh = limits.fresh_nonce or push.options.get("fresh_nonce")
        parcel = None
        for delivery in itertools.count(1):
            began = time.monotonic()
            app = self.world.app(push.appid)
            if app is None or not app.address:
                break
            if parcel is None or fresh or app.way == "relay":
                try:
                    now, is_kept = self.world.now(), delivery > 1
                    parcel = ways.pack(push, app, now, is_kept=is_kept)
                except (ValueError, LookupError):
                    break  # A key or a text that nothing can be made of
            status, outcome = await self._post(push, app, parcel)
            if delivery <= push.options.get("unheard", 0):
                status, outcome = None, UNHEARD
            seconds = time.monotonic() - began
            self._note(push, seconds, status, outcome)
            if outcome in passive_answer.TAKEN:
                return passive_answer.ACCEPTED if self._is_kept(push) else outcome
            if app.way == "relay":
                self._keep(push)
            if delivery >= self._most(push, app):
                break
            slot = limits.push_timeout
            pause = slot if limits.retry_pause is None else limits.retry_pause
            await asyncio.sleep(max(0, pause - seconds))
        return "failed"

    def _most(self, push: Push, app: App) -> int:
        """Return how many deliveries are made. What was sent wrong on purpose is not
        brought again and again by a cloud function."""
        limits = self.world.limits
        if app.way == "relay" and not push.options:
            return limits.relay_deliveries
        return limits.max_deliveries

    def _keep(self, push: Push) -> None:
        """A cloud function answers WeChat whatever happens, and keeps what it couldn't
        hand on: to the customer it is delivered."""
        if push.line is not None and not self._is_kept(push):
            self.world.settle_line(push.line, passive_answer.ACCEPTED)

    def _is_kept(self, push: Push) -> bool:
        return push.line is not None and self.world.line(push.line).state == "accepted"

    def _note(
        self, push: Push, seconds: float, status: int | None, outcome: str
    ) -> None:
        self.world.store.write(
            "INSERT INTO push_delivery (push, at, seconds, status, outcome)"
            " VALUES (?, ?, ?, ?, ?)",
            push.id,
            self.world.now() - seconds,
            seconds,
            status,
            outcome,
        )

    async def _post(
        self, push: Push, app: App, parcel: ways.Parcel
    ) -> tuple[int | None, str]:
        try:
            response = await self._courier.request(
                "POST", app, parcel, self.world.limits
            )
        except TimeoutError:
            return None, "timeout"
        except NO_CONNECTION:
            return None, "no connection"
        return response.status_code, passive_answer.judge(push, app, response)

    def _conclude(self, push: Push, state: str) -> None:
        with self.world.store.transaction() as db:
            db.execute("UPDATE push SET state = ? WHERE id = ?", (state, push.id))
            if push.line is None or self._is_kept(push):
                return
            self.world.settle_line(push.line, state)
            limits = self.world.limits
            if state == "failed" and (not push.is_event or limits.failure_after_events):
                self.world.add_line(
                    push.openid,
                    "system",
                    "failure",
                    {"content": limits.failure_text},
                )


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()
