"""WeChat's interfaces, one function each: a request in, the answer's JSON out.

Source: developers.weixin.qq.com › miniprogram, the page of each interface.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from . import custom_messages, media, tokens
from .errors import Refusal
from .http import Request, Response, read_file
from .records import App
from .state import World

CHECKED_WITHIN = 2 * 60 * 60  # s since the customer's last act
CHECKED_MAX = 2500  # characters
CHECKED_TOO = ("title", "nickname", "signature")
RISKY_WORDS = ("赌博", "代开发票")


def token(world: World, request: Request) -> dict[str, Any]:
    query = request.query
    app = tokens.check_secret(
        world,
        query.get("grant_type", ""),
        query.get("appid", ""),
        query.get("secret", ""),
    )
    access_token, seconds = tokens.issue_ordinary(world, app)
    return {"access_token": access_token, "expires_in": seconds}


def stable_token(world: World, request: Request) -> dict[str, Any]:
    fields = custom_messages.parse_body(request.method, request.body)
    app = tokens.check_secret(
        world,
        str(fields.get("grant_type", "")),
        str(fields.get("appid", "")),
        str(fields.get("secret", "")),
    )
    forced = fields.get("force_refresh", False)
    if not isinstance(forced, bool):
        raise Refusal(40097)
    access_token, seconds = tokens.issue_stable(world, app, forced)
    return {"access_token": access_token, "expires_in": seconds}


def send(world: World, app: App, request: Request) -> None:
    fields = custom_messages.parse_body(request.method, request.body)
    custom_messages.send(world, app, fields, business=False)


def business_send(world: World, app: App, request: Request) -> None:
    fields = custom_messages.parse_body(request.method, request.body)
    custom_messages.send(world, app, fields, business=True)


def typing(world: World, app: App, request: Request) -> None:
    fields = custom_messages.parse_body(request.method, request.body)
    custom_messages.set_typing(world, app, fields)


def business_typing(world: World, app: App, request: Request) -> None:
    fields = custom_messages.parse_body(request.method, request.body)
    if world.limits.business_typing_needs_id and not fields.get("businessid"):
        raise Refusal(40101)
    custom_messages.set_typing(world, app, fields)


def upload(world: World, app: App, request: Request) -> dict[str, Any]:
    if request.method != "POST":
        raise Refusal(43002)
    if request.query.get("type") != "image":
        raise Refusal(40004)
    kept = media.keep(world, app.appid, read_file(request, "media"))
    return {
        "type": "image",
        "media_id": kept.media_id,
        "created_at": int(kept.created_at),
    }


def get_media(world: World, app: App, request: Request) -> Response:
    media_id = request.query.get("media_id", "")
    if not media_id:
        raise Refusal(41006)
    kept = media.find(world, app.appid, media_id)
    name = f"{media_id}.{media.EXTENSIONS[kept.content_type]}"
    return Response(
        kept.content,
        kept.content_type,
        headers={"Content-disposition": f'attachment; filename="{name}"'},
    )


def callback_ip(world: World, app: App, request: Request) -> dict[str, Any]:
    return {"ip_list": ["127.0.0.1"]}


def clear_quota(world: World, app: App, request: Request) -> None:
    fields = custom_messages.parse_body(request.method, request.body)
    if fields.get("appid") != app.appid:
        raise Refusal(40013)
    _clear_quota(world, app)


def clear_quota_by_secret(world: World, request: Request) -> dict[str, Any]:
    fields = custom_messages.parse_body(request.method, request.body)
    appid, secret = str(fields.get("appid", "")), str(fields.get("appsecret", ""))
    app = tokens.check_secret(world, "client_credential", appid, secret)
    _clear_quota(world, app)
    return {"errcode": 0, "errmsg": "ok"}


def _clear_quota(world: World, app: App) -> None:
    moment = time.gmtime(world.now())
    month = f"clears:{app.appid}:{time.strftime('%Y%m', moment)}"
    if world.store.number(month) >= world.limits.clears_per_month:
        raise Refusal(48006)
    world.store.next_number(month)
    world.store.set_number(f"sends:{app.appid}:{time.strftime('%Y%m%d', moment)}", 0)


def daily_quota(world: World, app: App, request: Request) -> dict[str, Any]:
    fields = custom_messages.parse_body(request.method, request.body)
    path, limits = fields.get("cgi_path"), world.limits
    if path not in WITH_TOKEN:
        raise Refusal(40097)
    moment = time.gmtime(world.now())
    day = f"sends:{app.appid}:{time.strftime('%Y%m%d', moment)}"
    minute = f"sends:{app.appid}:{time.strftime('%Y%m%d%H%M', moment)}"
    sends = path == "/cgi-bin/message/custom/send"  # Of the others none is counted
    used, most = world.store.number(day) if sends else 0, limits.sends_per_day
    return {
        "quota": {"daily_limit": most, "used": used, "remain": max(0, most - used)},
        "rate_limit": {
            "call_count": world.store.number(minute) if sends else 0,
            "refresh_second": 60,
        },
    }


def check_text(world: World, app: App, request: Request) -> dict[str, Any] | None:
    """Judge a text by the words in it. Without a version as the first edition did."""
    fields = custom_messages.parse_body(request.method, request.body)
    content = fields.get("content")
    version = fields.get("version", 1)
    if version not in (1, 2) or not isinstance(content, str):
        raise Refusal(47001)
    if version == 2:
        _check_visitor(world, app, fields)
    if len(content) > CHECKED_MAX:
        raise Refusal(45002)
    _count_check(world, app)
    parts = [content, *(str(fields.get(name, "")) for name in CHECKED_TOO)]
    risky = any(word in part for word in RISKY_WORDS for part in parts)
    if version == 1:
        if risky:
            raise Refusal(87014)
        return None
    verdict = ("risky", 21000) if risky else ("pass", 100)
    result = dict(zip(("suggest", "label"), verdict, strict=True))
    return {
        "errcode": 0,
        "errmsg": "ok",
        "result": result,
        "detail": [{"strategy": "content_model", "errcode": 0, **result}],
        "trace_id": f"{int(world.now() * 1e6):x}",
    }


def _check_visitor(world: World, app: App, fields: dict[str, Any]) -> None:
    if fields.get("scene") not in (1, 2, 3, 4):
        raise Refusal(40129)
    openid = {"touser": fields.get("openid")}
    try:
        customer = custom_messages.find_customer(world, app, openid)
    except Refusal:
        raise Refusal(43104) from None
    if customer.acted_at <= world.now() - CHECKED_WITHIN:
        raise Refusal(61010)


def _count_check(world: World, app: App) -> None:
    minute = time.strftime("%Y%m%d%H%M", time.gmtime(world.now()))
    name = f"checks:{app.appid}:{minute}"
    if world.store.number(name) >= world.limits.checks_per_minute:
        raise Refusal(44991)
    world.store.next_number(name)


WITH_SECRET: dict[str, Callable[[World, Request], dict[str, Any]]] = {
    "/cgi-bin/token": token,
    "/cgi-bin/stable_token": stable_token,
    "/cgi-bin/clear_quota/v2": clear_quota_by_secret,
}
WITH_TOKEN: dict[
    str, Callable[[World, App, Request], dict[str, Any] | Response | None]
] = {
    "/cgi-bin/message/custom/send": send,
    "/cgi-bin/message/custom/business/send": business_send,
    "/cgi-bin/message/custom/typing": typing,
    "/cgi-bin/message/custom/business/typing": business_typing,
    "/cgi-bin/media/upload": upload,
    "/cgi-bin/media/get": get_media,
    "/cgi-bin/getcallbackip": callback_ip,
    "/cgi-bin/clear_quota": clear_quota,
    "/cgi-bin/openapi/quota/get": daily_quota,
    "/wxa/msg_sec_check": check_text,
}
