"""WeChat's API as a bare ASGI application.

`console.asgi` mounts it ahead of Django under /simulator/api; `python -m
conversations.simulator` serves it alone. WeChat's own paths answer HTTP 200 whatever
happened; what begins with an underscore is ours (see `control`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import control, endpoints, ids, ledger, state, tokens
from .errors import Refusal
from .faults import Fault
from .http import Receive, Request, Response, Scope, Send, read_request
from .records import App
from .state import World

HANG = 60  # s, when a fault names no time
ERROR_PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"


class Api:
    """WeChat's API over the world that `find_world` returns."""

    def __init__(self, find_world: Callable[[], World]) -> None:
        self._find_world = find_world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        try:
            request = await read_request(scope, receive)
        except ConnectionResetError:
            return None
        world = self._find_world()
        if request.path.startswith("/_"):
            return await _answer(send, await control.handle(world, request))
        appid = _caller(world, request)
        fault = world.faults.take(request.path, request.body, appid)
        if fault is None:
            return await _answer(send, call(world, request))
        return await _go_wrong(world, request, fault, scope, send)


def call(world: World, request: Request, fault: str = "") -> Response:
    """Handle one call and put it in the ledger."""
    note: dict[str, Any] = {"fields": _loggable(request), "fault": fault, "errcode": 0}
    try:
        return _handle(world, request, note)
    except Refusal as refusal:
        note["errcode"] = refusal.errcode
        return _refused(world, refusal)
    finally:
        ledger.record_call(world, request.path, **note)


def _handle(world: World, request: Request, note: dict[str, Any]) -> Response:
    if request.path in endpoints.WITH_SECRET:
        return Response.of(endpoints.WITH_SECRET[request.path](world, request))
    if request.path not in endpoints.WITH_TOKEN:
        raise Refusal(40066)
    app = _container(world, request)
    seal = {"X-Openapi-Seqid": ids.new_rid(world.now())} if app else {}
    app = app or tokens.check_token(world, request.query.get("access_token", ""))
    note["appid"] = app.appid
    answer = endpoints.WITH_TOKEN[request.path](world, app, request)
    if isinstance(answer, Response):
        return replace(answer, headers={**answer.headers, **seal})
    ok = {"errcode": 0, "errmsg": "ok"}
    return replace(Response.of(ok if answer is None else answer), headers=seal)


def _container(world: World, request: Request) -> App | None:
    """Return the mini program whose container calls: those need no token, and one they
    bring is looked at as any other."""
    if "access_token" in request.query:
        return None
    return tokens.app_of_container(world, request.query.get("from_appid", ""))


def _caller(world: World, request: Request) -> str:
    """Return the appid of whoever calls, good token or not; "" when nobody can tell."""
    if request.path in endpoints.WITH_SECRET:
        fields = _object(request.body)
        return str(request.query.get("appid") or fields.get("appid") or "")
    if container := _container(world, request):
        return container.appid
    return tokens.owner_of(world, request.query.get("access_token", ""))


def _loggable(request: Request) -> dict[str, Any]:
    """Return a call's JSON for the ledger. Never a secret: those have other paths."""
    if not request.path.startswith(("/cgi-bin/message/", "/wxa/")):
        return {}
    return _object(request.body)


def _object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, {} for anything else."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _refused(world: World, refusal: Refusal) -> Response:
    rid = ids.new_rid(world.now())
    return Response.of(
        {"errcode": refusal.errcode, "errmsg": f"{refusal.errmsg} rid: {rid}"}
    )


async def _go_wrong(
    world: World, request: Request, fault: Fault, scope: Scope, send: Send
) -> None:
    """Let one fault befall one call."""
    handled = fault.kind in ("latency", "drop", "drip", "kill_token") or fault.after
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "kill_token":
        tokens.kill(world, request.query.get("access_token", ""))
    if handled:
        response = call(world, request, fault.kind)
    else:
        errcode = fault.errcode if fault.kind == "errcode" else None
        ledger.record_call(
            world,
            request.path,
            fields=_loggable(request),
            appid=_caller(world, request),
            errcode=errcode,
            fault=fault.kind,
        )
        response = _refused(world, Refusal(fault.errcode))
    match fault.kind:
        case "latency" | "errcode" | "kill_token":
            await _answer(send, response)
        case "drip":
            await _drip(send, response, fault.seconds)
        case "html":
            await _answer(send, Response(ERROR_PAGE, "text/html", 502))
        case _:
            if fault.kind == "hang":
                await _hang(world, fault.seconds or HANG)
            await _cut(scope, send, fault.seconds if fault.kind == "refuse" else 0)


async def _hang(world: World, seconds: float) -> None:
    cleared, deadline = world.faults.cleared, time.monotonic() + seconds
    # Cleared from another thread, so there is no event of this loop's to wait for.
    while world.faults.cleared == cleared and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def _cut(scope: Scope, send: Send, closed_for: float) -> None:
    """End the connection without an answer, if the server can.

    Daphne can't: there the caller gets a proxy's error page, which says as little about
    what became of the call.
    """
    if "simulator.cut" in scope.get("extensions", {}):
        await send({"type": "simulator.cut", "closed_for": closed_for})
    else:
        await _answer(send, Response(ERROR_PAGE, "text/html", 502))


async def _drip(send: Send, response: Response, pause: float) -> None:
    await _start(send, response)
    for byte in response.body:
        await send(
            {"type": "http.response.body", "body": bytes([byte]), "more_body": True}
        )
        await asyncio.sleep(pause)
    await send({"type": "http.response.body"})


async def _answer(send: Send, response: Response) -> None:
    await _start(send, response)
    await send({"type": "http.response.body", "body": response.body})


async def _start(send: Send, response: Response) -> None:
    headers = {
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        **response.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ],
        }
    )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


application = Api(state.world)
