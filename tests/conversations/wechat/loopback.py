"""A server on loopback that misbehaves as told."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Loopback:
    """A server on loopback that does to each request what the next answer says.

    An answer is bytes to write, or a coroutine that is given the writer.
    """

    root: str = ""
    answers: list = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def paths(self):
        return [request.path for request in self.requests]

    async def serve(self, reader, writer):
        try:
            while request := await self._read(reader):
                self.requests.append(request)
                self.arrived.set()
                answer = self.answers.pop(0) if self.answers else ok()
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The client has gone, or the test is over
        finally:
            writer.close()

    async def _read(self, reader):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, url.path, dict(parse_qsl(url.query)), headers, body)


def respond(content, status="200 OK", content_type="application/json", extra=""):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{extra}"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def ok(**fields):
    return respond({"errcode": 0, "errmsg": "ok", **fields})


def refuse(errcode, errmsg="no rid: 6512a3f0-1b2c3d4-5e6f708"):
    return respond({"errcode": errcode, "errmsg": errmsg})


@asynccontextmanager
async def listening():
    loopback = Loopback()
    tasks = set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        await loopback.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    loopback.root = f"http://{host}:{port}"
    try:
        yield loopback
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
