"""Pushes on their way: signed, sent, and sent again until they are taken.

WeChat waits 5 s for an answer and delivers three times in all. Here the next delivery
begins one push timeout after the last began, however fast that one failed, so that a
console being restarted is found again. A push is taken when the answer is HTTP 200 with
`success`, with nothing, or with a valid transfer packet.

Options of a push, for tests:

    times            copies delivered at the same moment (duplicate push)
    delay            s before the first delivery
    after_next       wait until the customer's next push has settled (out of order)
    wrong_signature  signed with another token
    old_key          encrypted as before the last rotation
    clock_skew       s added to the URL's timestamp (and, when made, to CreateTime)
    fresh_nonce      a new timestamp, nonce and ciphertext for each delivery
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx

from conversations.wechat import envelope

from . import passive_answer
from .records import App, Push

if TYPE_CHECKING:
    from .state import World

OPTIONS = {
    "times",
    "delay",
    "after_next",
    "wrong_signature",
    "old_key",
    "clock_skew",
    "fresh_nonce",
}
NEXT_PUSH_WAIT = 10  # s that an overtaken push waits for the one that overtakes it


class PushEngine:
    """One thread with a loop of its own, so that nobody who acts on a page waits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None

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
        return self._start(number)

    def resume(self) -> None:
        """Take up the pushes that a process before this one left on their way."""
        for row in self.world.store.rows("SELECT id FROM push WHERE state = 'going'"):
            self._start(row["id"])

    def stop(self) -> None:
        """Leave what is on its way, and end the thread."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    def _start(self, number: int) -> Future[str]:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run, args=(self._loop,), name="simulator-push", daemon=True
                ).start()
            return asyncio.run_coroutine_threadsafe(self._settle(number), self._loop)

    async def _close(self) -> None:
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _settle(self, number: int) -> str:
        row = self.world.store.row("SELECT * FROM push WHERE id = ?", number)
        if row is None:
            return "forgotten"
        push = Push.from_row(row)
        fault = self.world.faults.take(
            "push", json.dumps(push.fields, ensure_ascii=False).encode()
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
        deadline = time.monotonic() + NEXT_PUSH_WAIT
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
        made = None
        for delivery in range(1, limits.max_deliveries + 1):
            began = time.monotonic()
            app = self.world.app(push.appid)
            if app is None or not app.push_url:
                return "failed"
            if made is None or push.options.get("fresh_nonce"):
                try:
                    made = self._make(push, app)
                except (ValueError, LookupError):
                    return "failed"  # A key or a text that nothing can be made of
            status, outcome = await self._post(push, app, made)
            seconds = time.monotonic() - began
            self.world.store.write(
                "INSERT INTO push_delivery (push, at, seconds, status, outcome)"
                " VALUES (?, ?, ?, ?, ?)",
                push.id,
                self.world.now() - seconds,
                seconds,
                status,
                outcome,
            )
            if outcome in passive_answer.TAKEN:
                return outcome
            if delivery < limits.max_deliveries:
                pause = limits.retry_pause
                slot = limits.push_timeout if pause is None else pause
                await asyncio.sleep(max(0, slot - seconds))
        return "failed"

    def _make(self, push: Push, app: App) -> tuple[dict[str, str], bytes, str]:
        credentials = app.credentials(old_key=bool(push.options.get("old_key")))
        if push.options.get("wrong_signature"):
            credentials = replace(credentials, token=credentials.token + "x")
        timestamp = int(self.world.now() + push.options.get("clock_skew", 0))
        nonce = str(secrets.randbelow(9 * 10**8) + 10**8)
        return envelope.wrap(
            push.fields, credentials, str(timestamp), nonce, push.openid
        )

    async def _post(
        self, push: Push, app: App, made: tuple[dict[str, str], bytes, str]
    ) -> tuple[int | None, str]:
        query, body, content_type = made
        if self._client is None:
            # WeChat opens a connection for each delivery, and follows no redirect.
            self._client = httpx.AsyncClient(
                limits=httpx.Limits(max_keepalive_connections=0),
                timeout=None,  # noqa: S113  The whole delivery is timed below
                trust_env=False,
            )
        try:
            async with asyncio.timeout(self.world.limits.push_timeout):
                response = await self._client.post(
                    httpx.URL(app.push_url).copy_merge_params(query),
                    content=body,
                    headers={"Content-Type": content_type, "User-Agent": "Mozilla/4.0"},
                )
        except TimeoutError:
            return None, "timeout"
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return None, "no connection"
        return response.status_code, passive_answer.judge(push, app, response)

    def _conclude(self, push: Push, state: str) -> None:
        with self.world.store.transaction() as db:
            db.execute("UPDATE push SET state = ? WHERE id = ?", (state, push.id))
            if push.line is None:
                return
            self.world.settle_line(push.line, state)
            if state == "failed" and not push.is_event:
                self.world.add_line(
                    push.openid,
                    "system",
                    "failure",
                    {"content": self.world.limits.failure_text},
                )


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()
