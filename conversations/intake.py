"""The raw ASGI face of receiving: WeChat's pushes, ahead of Django's handler.

    bounded body ─▶ authenticate ─▶ queue ─▶ a batch commits ─▶ "success"

Django's own path takes milliseconds a request and, under load, longer than the five
seconds WeChat waits. Here one thread with one connection writes all that has come while
it was writing the last batch, in one transaction. "success" is said only after the
commit: WeChat doesn't send again what we acknowledged. When a batch fails, its pushes
are tried one by one, so that one that can't be stored fails alone; and when too many
wait, the answer is 503, and WeChat comes again.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from conversations import barriers, mini_programs, receiving
from conversations.models import MiniProgram, RejectedPush
from conversations.receiving import Arrival
from conversations.wechat import pushes
from conversations.wechat.credentials import Credentials
from conversations.wechat.envelope import Rejected, check_url, open_envelope

logger = logging.getLogger(__name__)

PATH = re.compile(r"/wechat/([0-9A-Za-z_-]{1,32})/push/?")
BODY_DEADLINE = 5.0  # s for a body to arrive: WeChat itself waits no longer
KEYS_DEADLINE = 1.0  # s to look up whose push it is
ANSWER_DEADLINE = 3.5  # s until a push that can't be committed is told so
KEYS_FOR = 2.0  # s a mini program's credentials are remembered
PROBLEM_LOG_EVERY = timedelta(seconds=10)

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
        await _note_rejection(scope, rejected.reason)
        answer = Answer(rejected.status)
    await _send(send, answer, closing=answer.status == 413)


async def _answer(scope: Scope, receive: Receive) -> Answer:
    if scope["method"] not in ("GET", "POST"):
        raise Refused(405)
    query = _query(scope)
    if scope["method"] == "GET":
        mini_program_id, credentials = await _keys(_appid(scope))
        return Answer(200, check_url(query, credentials, timezone.now()))
    body = await _body(scope, receive)
    mini_program_id, credentials = await _keys(_appid(scope))
    now = timezone.now()
    opened = open_envelope(query, body, credentials, now)
    push = pushes.parse(opened.fields, credentials.appid, now, opened.content)
    arrival = Arrival(
        mini_program_id=mini_program_id,
        push=push,
        body=pushes.clean(opened.content.decode("utf-8", "replace")),
        authenticated_by=opened.authenticated_by,
    )
    await writer.put(arrival)
    await barriers.areach("after_commit")
    return Answer(200, "success")


def _appid(scope: Scope) -> str:
    found = PATH.fullmatch(scope["path"])
    assert found is not None  # noqa: S101  `is_ours` has seen to it
    return found[1]


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


_remembered: dict[str, tuple[float, int, Credentials]] = {}


async def _keys(appid: str) -> tuple[int, Credentials]:
    """Return a mini program's id and credentials, as of at most two seconds ago."""
    kept = _remembered.get(appid)
    if kept and kept[0] > time.monotonic():
        return kept[1], kept[2]
    try:
        async with asyncio.timeout(KEYS_DEADLINE):
            mini_program = await sync_to_async(_find, thread_sensitive=False)(appid)
    except (DatabaseError, TimeoutError):
        if kept:  # The keys seldom change; what must not be lost is the push
            return kept[1], kept[2]
        raise Refused(503) from None
    if mini_program is None:
        raise Refused(404)
    credentials = mini_programs.credentials(mini_program)
    if len(_remembered) > 1000:
        _remembered.clear()
    _remembered[appid] = (time.monotonic() + KEYS_FOR, mini_program.pk, credentials)
    return mini_program.pk, credentials


def _find(appid: str) -> MiniProgram | None:
    try:
        return MiniProgram.objects.filter(appid=appid, active=True).first()
    finally:
        connection.close()


_noted: dict[tuple[str, str], float] = {}


async def _note_rejection(scope: Scope, reason: str) -> None:
    """Count what was rejected, for whoever looks for the reason.

    At most one row a reason, written at most every few seconds: a flood of forgeries
    must not become a flood of writes.
    """
    key = (_appid(scope), reason)
    if _noted.get(key, 0.0) > time.monotonic():
        return
    if len(_noted) > 1000:
        _noted.clear()
    _noted[key] = time.monotonic() + PROBLEM_LOG_EVERY.total_seconds()
    logger.warning("A push to %s was rejected: %s", *key)
    try:
        await sync_to_async(_count_rejection, thread_sensitive=False)(*key)
    except DatabaseError:
        logger.warning("The rejection could not be counted")


def _count_rejection(appid: str, reason: str) -> None:
    try:
        row, made = RejectedPush.objects.get_or_create(
            appid=appid, reason=reason, defaults={"at": timezone.now()}
        )
        if not made:
            RejectedPush.objects.filter(pk=row.pk).update(
                count=row.count + 1, at=timezone.now()
            )
    finally:
        connection.close()


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
        """Return once the push is committed. Raises Refused(503) if it can't be."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if len(self._waiting) >= settings.PUSH_QUEUE_LENGTH:
                raise Refused(503)
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
            raise Refused(503) from None

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
            done.set_exception(Refused(503))

    try:
        done.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:  # The loop has ended with its process
        logger.info("A push was stored after its connection had gone")


writer = Writer()
