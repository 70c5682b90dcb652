"""The raw ASGI face of receiving: WeChat's pushes, ahead of Django's handler.

    bounded body ─▶ one of the ways in ─▶ queue ─▶ a batch commits ─▶ "success"

Django's own path takes milliseconds a request and, under load, longer than the five
seconds WeChat waits. "success" is said only after the commit: WeChat doesn't send again
what we acknowledged. A message that is handed over is answered with the packet that says
so, each time it comes. When too many wait, or the database doesn't take it, the answer is
503, and WeChat comes again.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from conversations import barriers, lights, push_log, ways_in
from conversations.group_commit import NotStored, Writer
from conversations.models import MiniProgram
from conversations.ways_in import Address
from conversations.wechat.envelope import Rejected

logger = logging.getLogger(__name__)

PATH = re.compile(r"/wechat/([0-9A-Za-z_-]{1,32})/(push|relay|cloudrun)/?")
BODY_DEADLINE = 5.0  # s for a body to arrive: WeChat itself waits no longer
KEYS_DEADLINE = 1.0  # s to look up whose push it is
KEYS_FOR = 2.0  # s a mini program's credentials are remembered

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str = ""


class Refused(Exception):
    """Answer this, and nothing else happens."""

    def __init__(self, status: int, body: str = "") -> None:
        super().__init__(status)
        self.answer = Answer(status, body)


def is_ours(scope: Scope) -> bool:
    """Return whether a request is for this face."""
    return scope["type"] == "http" and PATH.fullmatch(scope["path"]) is not None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Take a push, or answer WeChat's check of the address."""
    try:
        answer = await _answer(scope, receive)
    except Refused as refused:
        answer = refused.answer
    except Rejected as rejected:
        await push_log.rejected(_appid(scope), rejected.reason, rejected.details)
        answer = Answer(rejected.status)
    await _send(send, answer, closing=answer.status == 413)


async def _answer(scope: Scope, receive: Receive) -> Answer:
    appid, way = _appid(scope), _way(scope)
    methods = ("GET", "POST") if way == "push" else ("POST",)
    if scope["method"] not in methods:
        raise Refused(405)
    began, query = time.monotonic(), _query(scope)
    if scope["method"] == "GET":
        address = await _address(appid)
        answer = Answer(200, ways_in.echo(query, address, timezone.now()))
        await _note_url(address)
        return answer
    body = await _body(scope, receive)
    address = await _address(appid)
    request = ways_in.Request(query, _headers(scope), body, timezone.now())
    came = ways_in.enter(way, request, address)
    if came.arrival is None:
        await _note_url(address)
        return Answer(200, ways_in.SUCCESS)
    try:
        taken = await writer.put(came.arrival)
    except NotStored:
        raise Refused(503) from None
    if taken.replayed:
        rejected = ways_in.replayed(way, len(body))
        await push_log.rejected(appid, rejected.reason, rejected.details)
        raise Refused(rejected.status)
    await barriers.areach("after_commit")
    push_log.acknowledged(address.mini_program_id, (time.monotonic() - began) * 1000)
    if taken.handed_over and came.transfer:
        return Answer(200, came.transfer())
    return Answer(200, ways_in.SUCCESS)


async def _note_url(address: Address) -> None:
    # Only that it works: that it doesn't, anybody could make it look like.
    note = sync_to_async(_light, thread_sensitive=False)
    await note(address.mini_program_id)


def _light(mini_program_id: int) -> None:
    try:
        lights.note(mini_program_id, "url", True)
    finally:
        connection.close()


def _appid(scope: Scope) -> str:
    return _path(scope)[1]


def _way(scope: Scope) -> str:
    return _path(scope)[2]


def _path(scope: Scope) -> re.Match[str]:
    found = PATH.fullmatch(scope["path"])
    assert found is not None  # noqa: S101  `is_ours` has seen to it
    return found


def _headers(scope: Scope) -> dict[str, str]:
    # The first of a repeated name counts.
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


def _query(scope: Scope) -> dict[str, str]:
    # The first of a repeated name counts; an oversized query is nobody's.
    pairs = parse_qsl(
        scope.get("query_string", b"")[:8192].decode("latin-1"),
        keep_blank_values=True,
        encoding="utf-8",
        errors="replace",
        max_num_fields=None,
    )
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    return query


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Read a body of at most 64 KiB. Raises Refused past it, or when it doesn't come."""
    limit = settings.PUSH_MAX_BYTES
    for name, value in scope["headers"]:
        if name == b"content-length" and not _is_within(value, limit):
            raise Refused(413)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Refused(400)
                chunks.append(event.get("body", b""))
                size += len(chunks[-1])
                if size > limit:
                    raise Refused(413)
                if not event.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Refused(408) from None


def _is_within(declared: bytes, limit: int) -> bool:
    # Python refuses to read a number of more than 4,300 digits.
    return declared.isdigit() and len(declared) < 20 and int(declared) <= limit


async def _send(send: Send, answer: Answer, *, closing: bool) -> None:
    body = answer.body.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if closing:
        headers.append((b"connection", b"close"))
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})


_remembered: dict[str, tuple[float, Address]] = {}


async def _address(appid: str) -> Address:
    """Return a mini program's doors, as of at most two seconds ago."""
    kept = _remembered.get(appid)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    try:
        async with asyncio.timeout(KEYS_DEADLINE):
            mini_program = await sync_to_async(_find, thread_sensitive=False)(appid)
    except (DatabaseError, TimeoutError):
        if kept:  # The keys seldom change; what must not be lost is the push
            return kept[1]
        raise Refused(503) from None
    if mini_program is None:
        raise Refused(404)
    address = Address.of(mini_program)
    if len(_remembered) > 1000:
        _remembered.clear()
    _remembered[appid] = (time.monotonic() + KEYS_FOR, address)
    return address


def _find(appid: str) -> MiniProgram | None:
    try:
        return MiniProgram.objects.filter(appid=appid, active=True).first()
    finally:
        connection.close()


writer = Writer()
