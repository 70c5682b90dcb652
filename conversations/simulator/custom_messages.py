"""Customer-service messages and the typing sign, checked as strictly as WeChat could.

The checks of a send, in order: token (41001, 40014, 40001, 42001), method (43002), body
(44002, 47001, 40033), business id where the path wants one (40101), touser (40003),
msgtype (40008; 45162 for kinds that are another product's), fields (47001, 44004),
media (40007), length (45002 to 45006), rate (45009, 45011), window (45015), count
(45047). Then the message is on the phone, the count is one less and typing has ended.

Sources: developers.weixin.qq.com › miniprogram › 发送客服消息, 客服输入状态. The order
is ours: no page gives one.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from . import media
from .errors import Refusal
from .records import App, Customer
from .state import World

_OTHER_PRODUCTS = {
    "voice",
    "video",
    "music",
    "news",
    "mpnews",
    "mpnewsarticle",
    "msgmenu",
    "wxcard",
    "transfer_customer_service",
}
# JSON's escapes of anything but a control character; the client shows them as they are.
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[01][0-9a-fA-F])[0-9a-fA-F]{4}")


def parse_body(method: str, body: bytes) -> dict[str, Any]:
    """Return a call's JSON object. Refusals 43002, 44002, 47001 and 40033."""
    if method != "POST":
        raise Refusal(43002)
    if not body:
        raise Refusal(44002)
    try:
        fields = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Refusal(47001) from None
    if not isinstance(fields, dict):
        raise Refusal(47001)
    if _ESCAPED.search(body):
        raise Refusal(40033)
    return fields


def send(world: World, app: App, fields: dict[str, Any], *, business: bool) -> None:
    """Put a message on a customer's phone, or raise the Refusal that is due first."""
    if business and not fields.get("businessid"):
        raise Refusal(40101)
    customer = find_customer(world, app, fields)
    kind = fields.get("msgtype")
    if kind in _OTHER_PRODUCTS:
        raise Refusal(45162)
    if kind not in _KINDS:
        raise Refusal(40008)
    content = fields.get(kind)
    if not isinstance(content, dict):
        raise Refusal(47001)
    data = _KINDS[kind](world, app, content)
    notice = fields.get("aimsgcontext")
    if isinstance(notice, dict) and notice.get("is_ai_msg") == 1:
        data["by_ai"] = True
    if customer.typing_until > world.now():
        data["typed"] = True  # The phone showed that somebody types, until this came
    with world.store.transaction():
        _check_rate(world, app)
        world.spend(customer.openid)
        world.add_line(customer.openid, "service", kind, data)
        world.update_customer(customer.openid, exchanged_at=world.now(), typing_until=0)


def find_customer(world: World, app: App, fields: dict[str, Any]) -> Customer:
    """Return who `touser` is. Refusal 40003: nobody, or another mini program's."""
    touser = fields.get("touser")
    if not isinstance(touser, str):
        raise Refusal(40003)
    customer = world.customer(touser)
    if customer.appid != app.appid:
        raise Refusal(40003)
    return customer


def _text(world: World, app: App, content: dict[str, Any]) -> dict[str, Any]:
    text = _string(content, "content")
    if not text.strip():
        raise Refusal(44004)
    _fit(text, world.limits.text_max_bytes, 45002)
    return {"content": text}


def _image(world: World, app: App, content: dict[str, Any]) -> dict[str, Any]:
    media_id = _string(content, "media_id")
    media.find(world, app.appid, media_id)
    return {"media_id": media_id}


def _link(world: World, app: App, content: dict[str, Any]) -> dict[str, Any]:
    data = {
        name: _string(content, name)
        for name in ("title", "description", "url", "thumb_url")
    }
    if not data["title"] or not data["url"]:
        raise Refusal(47001)
    _fit(data["title"], world.limits.title_max_bytes, 45003)
    _fit(data["description"], world.limits.description_max_bytes, 45004)
    _fit(data["url"], world.limits.url_max_bytes, 45005)
    _fit(data["thumb_url"], world.limits.url_max_bytes, 45006)
    return data


def _card(world: World, app: App, content: dict[str, Any]) -> dict[str, Any]:
    data = {
        name: _string(content, name) for name in ("title", "pagepath", "thumb_media_id")
    }
    if not data["title"] or not data["pagepath"]:
        raise Refusal(47001)
    if content.get("appid", app.appid) != app.appid:
        raise Refusal(40013)
    media.find(world, app.appid, data["thumb_media_id"])
    _fit(data["title"], world.limits.title_max_bytes, 45003)
    return data


_KINDS = {"text": _text, "image": _image, "link": _link, "miniprogrampage": _card}


def _string(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise Refusal(47001)
    return value


def _fit(value: str, most: int, errcode: int) -> None:
    if len(value.encode(errors="surrogatepass")) > most:
        raise Refusal(errcode)


def _check_rate(world: World, app: App) -> None:
    moment = time.gmtime(world.now())
    day = f"sends:{app.appid}:{time.strftime('%Y%m%d', moment)}"
    minute = f"sends:{app.appid}:{time.strftime('%Y%m%d%H%M', moment)}"
    if world.store.number(day) >= world.limits.sends_per_day:
        raise Refusal(45009)
    most = world.limits.sends_per_minute
    if most and world.store.number(minute) >= most:
        raise Refusal(45011)
    world.store.next_number(day)
    world.store.next_number(minute)


def set_typing(world: World, app: App, fields: dict[str, Any]) -> None:
    """Show or end 对方正在输入 on a phone.

    Refusals: 45072 no such command, 40003, then 45015 and 45047 (a message could not be
    sent either), 45080 nothing said in the last 30 s, 45081 already typing.
    """
    command = fields.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise Refusal(45072)
    customer = find_customer(world, app, fields)
    if command == "CancelTyping":
        world.update_customer(customer.openid, typing_until=0)
        return
    now = world.now()
    customer.quota.check(now)
    if customer.exchanged_at <= now - world.limits.typing_window:
        raise Refusal(45080)
    if customer.typing_until > now:
        raise Refusal(45081)
    world.update_customer(customer.openid, typing_until=now + world.limits.typing_ttl)
