"""Requests read from a bare ASGI server, and answers to it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .errors import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/simulator/api"
BODY_MAX = 16 * 1024 * 1024  # bytes kept; the rest is read and forgotten


@dataclass(frozen=True, slots=True)
class Request:
    """path  below the API's root; root  the API's own address, as this caller wrote it"""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    root: str

    @property
    def host(self) -> str:
        return self.headers.get("host", "").rpartition(":")[0] or self.headers.get(
            "host", ""
        )

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body, {} for none. ValueError on anything else."""
        fields = json.loads(self.body.decode()) if self.body else {}
        if not isinstance(fields, dict):
            raise ValueError("The body must be a JSON object.")
        return fields


@dataclass(frozen=True, slots=True)
class Response:
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: object, status: int = 200) -> Response:
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return cls(body.encode(errors="surrogatepass"), status=status)


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Read the whole request; a body past BODY_MAX is cut there."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")[: max(0, BODY_MAX - len(body))]
        if not message.get("more_body"):
            break
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    path, prefix = scope["path"], ""
    if path.startswith(PREFIX):
        path, prefix = path[len(PREFIX) :] or "/", PREFIX
    return Request(
        method=scope["method"],
        path=path,
        query=dict(
            parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        ),
        headers=headers,
        body=bytes(body),
        root=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{prefix}",
    )


def read_file(request: Request, name: str) -> bytes:
    """Return the named file of a multipart form. Refusals 41005: none; 47001: broken."""
    content_type = request.headers.get("content-type", "")
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise Refusal(41005)
    boundary = ""
    for parameter in parameters.split(";"):
        key, _, value = parameter.strip().partition("=")
        if key.lower() == "boundary":
            boundary = value.strip('"')
    if not boundary:
        raise Refusal(47001)
    for part in request.body.split(b"--" + boundary.encode())[1:]:
        head, gap, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = head.decode("utf-8", "replace")
        if gap and f'name="{name}"' in disposition and "filename" in disposition:
            return content.removesuffix(b"\r\n")
    raise Refusal(41005)
