"""One call to WeChat, and what became of it.

    it never left            NotSent    no connection, none free in the pool
    it may have arrived      NoAnswer   timeout, reset, 5xx, an answer that isn't JSON
    WeChat said no           WeChatError, by its errcode
    WeChat said yes          the answer

httpx puts the whole URL, token and all, into its INFO log: whoever starts the process
sets the loggers `httpx` and `httpcore` to WARNING. Its exceptions hold the request too,
so none of them leaves this module, not even as a context.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

from .errors import NoAnswer, NotSent, TooBig, refusal
from .text import clean

JSON_MAX = 64 * 1024  # bytes
CONNECT_MAX = 5.0  # seconds for a connection, and no more than half the deadline
SERVER_ERROR = 500

# What httpx raises before a byte of the request has left. All else may have been read.
NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    content: bytes


async def call(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    deadline: float,
    max_bytes: int = JSON_MAX,
    **request: Any,
) -> Answer:
    """Make one request and read the whole answer.

    deadline   seconds for all of it: httpx's own timeouts start again at every byte
    max_bytes  of the answer; it is never inflated, so they are what it costs to hold
    request    content, files, headers or params, as for httpx

    Raises NotSent, NoAnswer, or of the latter TooBig.
    """
    progress = _Progress()
    failure: Exception
    try:
        async with asyncio.timeout(deadline):
            return await _exchange(
                http, method, url, deadline, max_bytes, progress, request
            )
    except TimeoutError:
        failure = NotSent("deadline") if progress.connecting else NoAnswer("deadline")
    except NEVER_LEFT as exc:
        failure = NotSent(type(exc).__name__)
    except (httpx.HTTPError, httpx.StreamError) as exc:
        failure = NoAnswer(type(exc).__name__)
    # Out here, so that it doesn't drag httpx's exception along as its context.
    raise failure


async def _exchange(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    deadline: float,
    max_bytes: int,
    progress: _Progress,
    request: dict[str, Any],
) -> Answer:
    headers = {"Accept-Encoding": "identity", **request.pop("headers", {})}
    first = min(CONNECT_MAX, deadline / 2)
    async with http.stream(
        method,
        url,
        headers=headers,
        timeout=httpx.Timeout(deadline, connect=first, pool=first),
        follow_redirects=False,
        extensions={"trace": progress.note},
        **request,
    ) as response:
        if response.status_code >= SERVER_ERROR:
            raise NoAnswer(f"HTTP {response.status_code}", response.status_code)
        content = await _read(response, max_bytes)
        content_type = response.headers.get("Content-Type", "")
        return Answer(response.status_code, content_type, content)


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoAnswer("compressed", response.status_code)
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > max_bytes:
            raise TooBig(f"more than {max_bytes} bytes")
    return bytes(content)


class _Progress:
    """Whether a request is still waiting for its connection, by httpcore's own trace."""

    def __init__(self) -> None:
        self.connecting = False

    async def note(self, event: str, _info: Any) -> None:
        if event.startswith("connection."):
            self.connecting = True
        elif event.endswith("send_request_headers.started"):
            self.connecting = False


def read_json(answer: Answer) -> dict[str, Any]:
    """Return the object WeChat answered with: neither a refusal nor anything else.

    Raises WeChatError when it bears an errcode other than 0, NoAnswer when it isn't a
    JSON object. One without an errcode is returned: only the caller knows what it asked.
    """
    try:
        fields = json.loads(answer.content)
        if not isinstance(fields, dict):
            raise NoAnswer("not a JSON object", answer.status)
        errcode = int(fields.get("errcode", 0))
    except (ValueError, TypeError, RecursionError):
        raise NoAnswer(
            "not JSON" if answer.status == httpx.codes.OK else f"HTTP {answer.status}",
            answer.status,
        ) from None
    if errcode:
        raise refusal(errcode, clean(str(fields.get("errmsg", ""))))
    if answer.status != httpx.codes.OK:
        raise NoAnswer(f"HTTP {answer.status}", answer.status)
    return fields
