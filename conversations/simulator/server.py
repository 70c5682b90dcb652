"""A small HTTP/1.1 server for the API alone: it can do what a good one never would.

It may cut a connection before the answer, and close its port for a while, which is what
a test of "did it arrive?" needs. Nothing else is clever here, and it is no server for a
network: headers of 64 KiB, no TLS, loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from .http import Message, Receive, Scope, Send

HEAD_MAX = 64 * 1024
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Server:
    """Serves one ASGI application on one port of loopback; port 0 takes a free one."""

    def __init__(self, application: Application, port: int = 0) -> None:
        self._application = application
        self.port = port
        self._listening: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._reopening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._listening = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=HEAD_MAX
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._reopening:
            self._reopening.cancel()
        if self._listening:
            self._listening.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _reopen(self, after: float) -> None:
        await asyncio.sleep(after)
        await self.start()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._connections.add(task)
        try:
            while await self._serve_one(reader, writer):
                pass
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # Whoever it was has gone, or speaks no HTTP
        except asyncio.CancelledError:
            pass  # The server stops
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request. False when the connection is to end."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *rest = head[:-4].split(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers = [
            (name.strip().lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in rest)
        ]
        fields = dict(headers)
        if fields.get(b"expect", b"").lower() == b"100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _read_body(reader, fields)
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": headers,
            "server": ("127.0.0.1", self.port),
            "extensions": {"simulator.cut": {}},
        }
        answer = _Answer(writer)
        await self._application(scope, _once(body), answer.send)
        if answer.cut is not None:
            if answer.cut and self._listening:
                self._listening.close()  # First, so that the caller's next try finds it
                self._reopening = asyncio.create_task(self._reopen(answer.cut))
            writer.transport.abort()
            return False
        return answer.finished and fields.get(b"connection", b"").lower() != b"close"


class _Answer:
    """Writes what an application sends. cut: s for which the port is to close, or None"""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.finished = False
        self.cut: float | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "simulator.cut":
            self.cut = message["closed_for"]
        elif message["type"] == "http.response.start":
            lines = [b"HTTP/1.1 %d Simulated" % message["status"]]
            lines += [name + b": " + value for name, value in message["headers"]]
            self._writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        else:
            self._writer.write(message.get("body", b""))
            await self._writer.drain()
            self.finished = not message.get("more_body", False)


def _once(body: bytes) -> Receive:
    """Return an ASGI `receive` that gives the body, then waits for a goodbye for ever."""
    given = False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _read_body(
    reader: asyncio.StreamReader, headers: dict[bytes, bytes]
) -> bytes:
    if b"chunked" not in headers.get(b"transfer-encoding", b"").lower():
        return await reader.readexactly(int(headers.get(b"content-length", b"0")))
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return bytes(body)
