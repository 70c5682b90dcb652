"""What a push says: fields in, one of a few kinds of Push out.

Nothing in here raises. What arrives has been authenticated; if it is odd, it is
WeChat's oddity, and it is stored and acknowledged like the rest.

Source: developers.weixin.qq.com › miniprogram › customer-message › receive
(接收消息和事件).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .text import REPLACEMENT, clean

__all__ = [
    "CardPush",
    "EnterPush",
    "ImagePush",
    "Push",
    "TextPush",
    "UnknownPush",
    "clean",
    "parse",
]

SESSION_FROM_MAX = 1024  # characters; WeChat's own limit
ID_MAX = 64  # characters of an openid, an original id, a MsgId
KIND_MAX = 64  # characters of a kind we don't know
DEPTH_MAX = 20  # brackets within each other that are kept
INT64 = range(-(2**63), 2**63)
SAID = ("MsgType", "Content", "MediaId", "Title", "PagePath")

OPENID = re.compile(rf"[0-9A-Za-z_-]{{1,{ID_MAX}}}")
SECONDS = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?")
EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)  # WeChat did not exist before
MAX_AHEAD = timedelta(days=1)  # how far WeChat's clock is believed beyond ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Something WeChat told us.

    openid       who did it; "" if it doesn't say
    original_id  the mini program, as gh_…
    at           when, aware, by WeChat's clock; ours where that is missing or absurd
    dedupe_key   SHA-256 in hex, the same whenever WeChat delivers the same push again
    msg_id       MsgId as text, digit for digit; "" for events
    kind         text, image, card, enter; for an UnknownPush, WeChat's own name for it
    fields       everything it said, cleaned for any database
    """

    openid: str
    at: datetime
    dedupe_key: str
    original_id: str = ""
    msg_id: str = ""
    kind: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPush(Push):
    kind: str = "text"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePush(Push):
    """A picture, which WeChat forgets after three days.

    media_id  what it is fetched by
    pic_url   a link of WeChat's to it
    """

    kind: str = "image"
    media_id: str
    pic_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPush(Push):
    """A page of a mini program. Its thumbnail is as short-lived as a picture."""

    kind: str = "card"
    title: str
    appid: str = ""
    page_path: str = ""
    thumb_url: str = ""
    thumb_media_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterPush(Push):
    """The customer opened the chat, by the button that carries this session_from."""

    kind: str = "enter"
    session_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPush(Push):
    """Anything else: a MsgType we don't know, `event:` and the name of an event, or a
    body that says nothing ("")."""


def parse(
    fields: Mapping[str, Any],
    appid: str,
    now: datetime,
    body: bytes = b"",
    *,
    rounded: bool = False,
) -> Push:
    """Return the push in some fields.

    fields  of the message as sent: numbers from JSON, text only from XML
    appid   the mini program at whose address it arrived
    now     aware
    body    what it was read from; tells apart those that have no fields
    rounded it came through JavaScript, which can't count as far as a MsgId goes: the
            last digits may be those of another message's
    """
    cleaned = _clean_fields(fields)
    openid = _openid(cleaned)
    common: dict[str, Any] = {
        "openid": openid,
        "original_id": _text(cleaned, "ToUserName")[:ID_MAX],
        "at": _time(_text(cleaned, "CreateTime"), now),
        "dedupe_key": _dedupe_key(cleaned, appid, openid, body, rounded),
        "msg_id": _text(cleaned, "MsgId")[:ID_MAX],
        "fields": cleaned,
    }
    return _push(cleaned, _kind(cleaned), common)


def _push(fields: dict[str, Any], kind: str, common: dict[str, Any]) -> Push:
    def text(name: str) -> str:
        return _text(fields, name)

    match kind if common["openid"] else "":
        case "text":
            return TextPush(**common, text=text("Content"))
        case "image":
            return ImagePush(**common, media_id=text("MediaId"), pic_url=text("PicUrl"))
        case "miniprogrampage":
            return CardPush(
                **common,
                title=text("Title"),
                appid=text("AppId"),
                page_path=text("PagePath"),
                thumb_url=text("ThumbUrl"),
                thumb_media_id=text("ThumbMediaId"),
            )
        case "event:user_enter_tempsession":
            session_from = text("SessionFrom")[:SESSION_FROM_MAX]
            return EnterPush(**common, session_from=session_from)
    return UnknownPush(**common, kind=kind[:KIND_MAX])


def _kind(fields: dict[str, Any]) -> str:
    kind = _text(fields, "MsgType")
    return f"event:{_text(fields, 'Event')}" if kind == "event" else kind


def _openid(fields: dict[str, Any]) -> str:
    openid = _text(fields, "FromUserName")
    return openid if OPENID.fullmatch(openid) else ""


def _time(seconds: str, now: datetime) -> datetime:
    found = SECONDS.fullmatch(seconds)
    if not found:
        return now
    try:
        at = datetime.fromtimestamp(int(found[1]), UTC)
    except (OverflowError, ValueError, OSError):
        return now
    return at if EARLIEST <= at <= now + MAX_AHEAD else now


def _dedupe_key(
    fields: dict[str, Any], appid: str, openid: str, body: bytes, rounded: bool
) -> str:
    """Return what this push has in common with its repetitions, and with no other push.

    A MsgId by itself was seen to collide between customers. Events have none; two in
    the same second differ at least in what they say.
    """
    msg_id = _text(fields, "MsgId")
    if not openid:
        said = hashlib.sha256(body).hexdigest() if body else _canonical(fields)
        return _digest("body", appid, said)
    created, event = _text(fields, "CreateTime"), _text(fields, "Event")
    if msg_id and _text(fields, "MsgType") != "event":
        if not rounded:
            return _digest("message", appid, openid, msg_id)
        content = [_text(fields, name) for name in SAID]
        return _digest("relayed", appid, openid, msg_id, created, *content)
    return _digest("event", appid, openid, created, event, _canonical(fields))


def _digest(*parts: str) -> str:
    # As JSON, so that no two lists of parts read the same.
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _canonical(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True)


def _text(fields: dict[str, Any], name: str) -> str:
    """Return a field as text: "" if it is missing or not a plain value."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""


def _clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {clean(str(name)): _clean(value, 1) for name, value in fields.items()}


def _clean(value: Any, depth: int) -> Any:
    """Return a value as both databases hold it in JSON: 64-bit integers, finite
    numbers, clean text, nothing deeper than twenty brackets."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if value in INT64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= DEPTH_MAX:
        return REPLACEMENT
    if isinstance(value, Mapping):
        return {clean(str(k)): _clean(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner, depth + 1) for inner in value]
    return clean(str(value))
