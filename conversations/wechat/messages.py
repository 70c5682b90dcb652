"""What we may say to a customer, as WeChat wants to be told.

    kind    msgtype           needs
    Text    text              1 to 2,048 bytes of UTF-8
    Link    link              title, description, url, thumb_url
    Image   image             media_id, from an upload less than three days ago
    Card    miniprogrampage   title, page_path, thumb_media_id

WeChat gives no length for a text; 2,048 bytes is what developers measured before 45002.

Source: developers.weixin.qq.com › miniprogram › customer-message › send
(发送客服消息), and the editions of 2019 to 2022 for the fields of a link.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from .text import printable

TEXT_BYTES = 2048
TAG = re.compile(r"<(?=[/!?]?[A-Za-z])")
ZERO_WIDTH_SPACE = "\u200b"


class Invalid(ValueError):
    """WeChat would refuse this message.

    field  what is wrong with it, by the name it has here
    """

    def __init__(self, field: str, why: str = "is missing") -> None:
        super().__init__(f"{field} {why}")
        self.field = field


class TooLong(Invalid):
    """More bytes of UTF-8 than WeChat takes."""

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(field, f"has {length} bytes, {limit} are allowed")
        self.length = length
        self.limit = limit


class OutgoingMessage(Protocol):
    def check(self) -> None:
        """Raise Invalid or TooLong if WeChat would refuse it."""

    def payload(self, openid: str) -> dict[str, Any]:
        """Return the request that says it to a customer."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words. `<a href>` in them becomes a link; see `literal`."""

    text: str

    def check(self) -> None:
        _require(self, "text")
        length = len(self.text.encode("utf-8", "surrogatepass"))
        if length > TEXT_BYTES:
            raise TooLong("text", length, TEXT_BYTES)

    def payload(self, openid: str) -> dict[str, Any]:
        return _payload(openid, "text", {"content": self.text})


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    description: str
    url: str
    thumb_url: str

    def check(self) -> None:
        _require(self, "title", "description", "url", "thumb_url")
        _require_url(self, "url", "thumb_url")

    def payload(self, openid: str) -> dict[str, Any]:
        fields = {
            "title": self.title,
            "description": self.description,
            "url": self.url,
            "thumb_url": self.thumb_url,
        }
        return _payload(openid, "link", fields)


@dataclass(frozen=True, slots=True)
class Image:
    media_id: str

    def check(self) -> None:
        _require(self, "media_id")

    def payload(self, openid: str) -> dict[str, Any]:
        return _payload(openid, "image", {"media_id": self.media_id})


@dataclass(frozen=True, slots=True)
class Card:
    """A page of the mini program.

    page_path  as in app.json, with a query if need be
    appid      left out unless given: a card opens its own mini program, and WeChat's
               documents disagree on whether the field exists
    """

    title: str
    page_path: str
    thumb_media_id: str
    appid: str = ""

    def check(self) -> None:
        _require(self, "title", "page_path", "thumb_media_id")

    def payload(self, openid: str) -> dict[str, Any]:
        fields = {
            "title": self.title,
            "pagepath": self.page_path,
            "thumb_media_id": self.thumb_media_id,
        }
        if self.appid:
            fields["appid"] = self.appid
        return _payload(openid, "miniprogrampage", fields)


def literal(text: str) -> str:
    """Return a text that the customer sees exactly as it was typed, markup and all.

    WeChat makes links of `<a …>` in a text. Whether its clients turn `&lt;` back into
    `<` is written nowhere, and the customer might read the escape itself. So nothing is
    escaped: a zero-width space after the `<` of a tag keeps it from being one, and
    shows as nothing. `1 < 2` and `<3` stay as they are. Costs three bytes per tag, so
    check the length afterwards.
    """
    return TAG.sub("<" + ZERO_WIDTH_SPACE, text)


def encode(payload: dict[str, Any]) -> bytes:
    r"""Return a request's body: JSON in raw UTF-8.

    Without a single \u: WeChat answers 40033 to it, or shows it to the customer. Control
    characters, which JSON can't write otherwise, become U+FFFD.
    """
    return json.dumps(_printable(payload), ensure_ascii=False).encode()


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _printable(inner) for name, inner in value.items()}
    return printable(value) if isinstance(value, str) else value


def _payload(openid: str, msgtype: str, fields: dict[str, str]) -> dict[str, Any]:
    return {"touser": openid, "msgtype": msgtype, msgtype: fields}


def _require(message: object, *names: str) -> None:
    for name in names:
        if not getattr(message, name).strip():
            raise Invalid(name)


def _require_url(message: object, *names: str) -> None:
    for name in names:
        if not getattr(message, name).lower().startswith(("https://", "http://")):
            raise Invalid(name, "is not a web address")
