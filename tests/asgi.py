"""The web process without a network: an event loop of its own, and who talks to it.

    web.request("POST", "/wechat/wx1/push", body=b"{}")
    tab = web.open_tab(lin)
    tab.says({"resume": 0, "looking_at": 42})
    tab.waits_for(lambda frame: frame.get("topic") == "inbox")

Tests stay on their thread and their own database connection, as a browser would stay on
its own machine.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from agents.models import Agent
from console.asgi import application
from tests.conftest import wait_until

HOST = b"127.0.0.1"
TIMEOUT = 10.0  # s

Frame = dict[str, Any]


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Web:
    """Serves `console.asgi`, as Daphne would, from a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._tabs: list[Tab] = []

    def close(self) -> None:
        for tab in self._tabs:
            tab.leaves()
        self._run(_settle())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT)

    def request(self, method: str, path: str, *what: Any, **options: Any) -> Answer:
        """Return the answer to a request; see `begin`."""
        return self.begin(method, path, *what, **options).result(TIMEOUT)

    def begin(
        self,
        method: str,
        path: str,
        query: dict[str, str] | bytes = b"",
        body: bytes | Sequence[bytes] = b"",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        hangs_up: bool = False,
        falls_silent: bool = False,
    ) -> Future[Answer]:
        """Send a request, and don't wait.

        body          in one piece or several
        hangs_up      the client goes after the last piece, before the end
        falls_silent  it stays, and says nothing more after the last piece
        """
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": query if isinstance(query, bytes) else _encode(query),
            "headers": [(b"host", HOST), *headers],
            "client": ["127.0.0.1", 40000],
        }
        pieces = [body] if isinstance(body, bytes) else list(body)
        events: list[Frame] = [
            {"type": "http.request", "body": piece, "more_body": True}
            for piece in pieces
        ]
        if not hangs_up and not falls_silent:
            events[-1]["more_body"] = False
        if hangs_up:
            events.append({"type": "http.disconnect"})
        work = _exchange(scope, events)
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def open_tab(self, agent: Agent | None, **options: Any) -> Tab:
        """Open the socket of a tab that is signed in as an agent, or as nobody."""
        tab = Tab(self.loop, _cookie(agent), **options)
        self._tabs.append(tab)
        tab.opens()
        return tab


def _encode(query: dict[str, str]) -> bytes:
    return urlencode(query).encode()


async def _exchange(scope: Frame, events: list[Frame]) -> Answer:
    answer = Answer()
    more = asyncio.Event()  # Never comes

    async def receive() -> Frame:
        if not events:
            await more.wait()
        return events.pop(0)

    async def send(event: Frame) -> None:
        if event["type"] == "http.response.start":
            answer.status = event["status"]
            answer.headers = {
                name.decode().lower(): value.decode()
                for name, value in event["headers"]
            }
        else:
            answer.body += event.get("body", b"")

    await application(scope, receive, send)
    return answer


async def _settle() -> None:
    """End what still runs, such as a hub whose last tab has gone."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _cookie(agent: Agent | None) -> bytes:
    if agent is None:
        return b""
    browser = Client()
    browser.force_login(agent)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}".encode()


class Tab:
    """A browser tab's socket, and all that came down on it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        cookie: bytes,
        origin: bytes | None = None,
        path: str = "/live/",
    ) -> None:
        self.frames: list[Frame] = []
        self.accepted = False
        self.closed_with: int | None = None
        self.failed: BaseException | None = None
        self._loop = loop
        origin = settings.SITE_URL.encode() if origin is None else origin
        self._scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "subprotocols": [],
            "client": ["127.0.0.1", 40000],
            "headers": [
                (b"host", HOST),
                *([(b"cookie", cookie)] if cookie else []),
                *([(b"origin", origin)] if origin else []),
            ],
        }

    def opens(self) -> None:
        """Return once the socket is accepted and, if so, in use; or closed."""
        self._task = asyncio.run_coroutine_threadsafe(self._serve(), self._loop)
        wait_until(lambda: self.accepted or self._ended, what="the socket opens")

    @property
    def _ended(self) -> bool:
        return self.closed_with is not None or self._task.done()

    async def _serve(self) -> None:
        self._up: asyncio.Queue[Frame] = asyncio.Queue()
        self._flows = asyncio.Event()
        self._flows.set()
        self._up.put_nowait({"type": "websocket.connect"})
        try:
            await application(self._scope, self._up.get, self._send)
        except Exception as exc:
            self.failed = exc
            self.closed_with = self.closed_with or 1011

    async def _send(self, event: Frame) -> None:
        if event["type"] == "websocket.accept":
            self.accepted = True
        elif event["type"] == "websocket.close":
            self.closed_with = event.get("code", 1000)
            self._up.put_nowait(_gone(self.closed_with))
        else:
            await self._flows.wait()
            self.frames.append(json.loads(event["text"]))

    def says(self, said: Any) -> None:
        """Send a frame: text or bytes as they are, anything else as JSON."""
        event: Frame = {"type": "websocket.receive", "text": None, "bytes": None}
        if isinstance(said, bytes):
            event["bytes"] = said
        else:
            event["text"] = said if isinstance(said, str) else json.dumps(said)
        self._loop.call_soon_threadsafe(self._up.put_nowait, event)

    def stalls(self) -> None:
        """Take nothing more, as over a line that has gone dead."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def recovers(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.set)

    def leaves(self) -> None:
        if not self._task.done():
            self.recovers()
            self._loop.call_soon_threadsafe(self._up.put_nowait, _gone(1001))
            self._task.result(TIMEOUT)

    def resumes(self, after: int, looking_at: int | None = None) -> None:
        """Say what it has, and wait for what it missed."""
        self.says({"resume": after, "looking_at": looking_at})
        self.waits_for(lambda frame: "through" in frame, "the catch-up")

    def waits_for(self, wanted: Callable[[Frame], Any], what: str = "a frame") -> Frame:
        """Return the first frame that is wanted, those that came before included."""
        return wait_until(lambda: next(filter(wanted, self.frames), None), what=what)

    def waits_for_end(self) -> int:
        """Return the code with which the server closes the socket."""
        wait_until(lambda: self._ended, what="the socket closes")
        assert self.closed_with is not None
        return self.closed_with

    def shows(self, text: str) -> Frame:
        """Return the first frame whose drawing contains a text."""
        return self.waits_for(lambda frame: text in frame.get("html", ""), text)

    def drawings(self) -> list[str]:
        return [frame["html"] for frame in self.frames if "html" in frame]


def _gone(code: int) -> Frame:
    return {"type": "websocket.disconnect", "code": code}
