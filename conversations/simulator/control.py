"""The strings behind the stage: what the simulated phone and the tests pull.

WeChat has none of these. They answer only on loopback, and a POST must be JSON, which no
page of another site can send without being asked first.

    GET    /_ledger?openid=&after=      every call, push and received message, in order
    DELETE /_ledger                     forget calls and pushes
    GET    /_faults?appid=              those still to come
    POST   /_faults                     {kind, path, count, seconds, errcode, after,
                                        match, appid, name}
                                        {"kind": "expire_tokens", appid?} at once
                                        {"kind": "push", "options": {…}} the next push
    DELETE /_faults?id=&appid=          none any more, or not these; whoever hangs is
                                        let go
    POST   /_apps                       {appid, …}   add or change a mini program
    POST   /_apps/APPID/check           what WeChat asks of an address when it is set up
    GET    /_limits
    POST   /_limits                     some of `limits.Limits`
    POST   /_clock                      {"advance": s}   the world's clock only
    GET    /_customers?appid=
    POST   /_customers                  {appid, name, openid?} → {openid}
    POST   /_customers/OPENID/ACT       enter {session_from} · text {content} · image
                                        {base64? or sample?} · card {title, pagepath} ·
                                        unknown {kind} · close · tap {line} · push
                                        {fields}
                                        each with {options?: {…}, wait?: true}
    GET    /_state?appid=&openid=&after=&wait=   what a page draws, once it has changed
    GET    /_samples/NAME               the pictures a phone has to send
    GET    /_pictures/MEDIA_ID          where PicUrl and ThumbUrl point
"""

from __future__ import annotations

import asyncio
import base64
import time
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from . import actions, ledger, media, tokens
from .errors import Refusal
from .faults import Fault
from .http import Request, Response
from .phone_state import phone_state
from .state import World

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
WAIT_MAX = 15  # s that a page is kept waiting; Daphne ends a request after 20
LOOK_EVERY = 0.05  # s


async def handle(world: World, request: Request) -> Response:
    if request.host not in _LOOPBACK:
        return Response.of({"error": "on loopback only"}, 403)
    if request.method == "POST" and not request.headers.get(
        "content-type", ""
    ).startswith("application/json"):
        return Response.of({"error": "JSON only"}, 415)
    what, _, rest = request.path.removeprefix("/_").partition("/")
    try:
        match request.method, what:
            case "GET", "state":
                return Response.of(await _wait_for_state(world, request))
            case "GET", "samples":
                return Response(media.sample(rest), "image/png")
            case "GET", "pictures":
                return _picture(world, rest)
            case "POST", "apps" if rest:
                return Response.of(await _check_address(world, rest))
            case "POST", "customers" if rest:
                return Response.of(await _act(world, request, *rest.split("/", 1)))
            case method, _:
                return Response.of(_pull(world, request, f"{method} {what}"))
    except Refusal as refusal:
        return Response.of({"error": refusal.errmsg, "errcode": refusal.errcode}, 404)
    except (ValueError, TypeError, LookupError) as error:
        return Response.of({"error": str(error)}, 400)


def _pull(world: World, request: Request, what: str) -> object:
    query = request.query
    match what:
        case "GET ledger":
            after = int(query.get("after", 0))
            return ledger.as_json(world, query.get("openid", ""), after)
        case "DELETE ledger":
            ledger.clear(world)
        case "POST faults":
            _add_fault(world, request.json())
        case "GET faults":
            return world.faults.coming(query.get("appid", ""))
        case "DELETE faults":
            world.faults.clear(int(query.get("id", 0)), query.get("appid", ""))
        case "POST apps":
            app = world.register_app(**request.json())
            return {"appid": app.appid, "original_id": app.original_id}
        case "GET limits":
            return asdict(world.limits)
        case "POST limits":
            world.limits = world.limits.changed(request.json())
            world.changed()
        case "POST clock":
            world.clock_ahead += float(request.json()["advance"])
            world.changed()
        case "GET customers":
            return phone_state(world, query.get("appid", ""))["customers"]
        case "POST customers":
            return {"openid": world.add_customer(**request.json()).openid}
        case _:
            raise LookupError("no such thing")
    return {}


def _add_fault(world: World, values: dict[str, Any]) -> None:
    if values.get("kind") == "expire_tokens":
        tokens.expire_all(world, str(values.get("appid", "")))
    else:
        world.faults.add(Fault(**values))


async def _check_address(world: World, rest: str) -> dict[str, Any]:
    appid, _, what = rest.partition("/")
    app = world.app(appid)
    if app is None or what != "check":
        raise LookupError("no such thing")
    return await asyncio.wrap_future(world.pushes.check(app))


async def _act(
    world: World, request: Request, openid: str, act: str = ""
) -> dict[str, Any]:
    values = request.json()
    if act == "tap":
        return actions.tap(world, openid, int(values["line"]))
    push = start(world, openid, act, values, request.root)
    if not values.get("wait"):
        return {}
    return {"state": await asyncio.wrap_future(push)}


def start(
    world: World, openid: str, act: str, values: dict[str, Any], root: str
) -> Future[str]:
    """Do one of a customer's acts, and return its push's Future."""
    options = values.get("options")
    match act:
        case "enter":
            session_from = str(values.get("session_from", ""))
            return actions.enter(world, openid, session_from, options)
        case "text":
            return actions.say(world, openid, str(values["content"]), options)
        case "image":
            content = base64.b64decode(values.get("base64", ""))
            if "sample" in values:
                content = media.sample(str(values["sample"]))
            return actions.send_picture(world, openid, content, root, options)
        case "card":
            title, path = str(values["title"]), str(values["pagepath"])
            return actions.send_card(world, openid, title, path, root, options)
        case "unknown":
            return actions.send_unknown(world, openid, str(values["kind"]), options)
        case "close":
            return actions.close(world, openid)
        case "push":
            app = world.app(world.customer(openid).appid)
            if app is None:
                raise LookupError("no such mini program")
            return actions.push_raw(world, app, openid, values["fields"], options)
        case _:
            raise LookupError(f"Nobody can {act!r}.")


async def _wait_for_state(world: World, request: Request) -> dict[str, Any]:
    """Return the state once it is newer than `after`, or when `wait` seconds are over."""
    query = request.query
    after = int(query.get("after", 0))
    wait = min(float(query.get("wait", 0)), WAIT_MAX)
    deadline = time.monotonic() + wait
    # Changed by any thread: a number to look at is simpler than events across loops.
    while world.revision == after and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_EVERY)
    return phone_state(world, query.get("appid", ""), query.get("openid", ""), after)


def _picture(world: World, media_id: str) -> Response:
    kept = media.find_for_phone(world, media_id)
    return Response(
        kept.content,
        kept.content_type,
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )
