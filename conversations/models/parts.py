"""What a canned answer or a rule says: a list of parts, each one message.

{"kind": "text", "text": "…"}
{"kind": "link", "title": "…", "description": "…", "url": "…", "thumb_url": "…"}
{"kind": "image", "picture": 7}
{"kind": "card", "title": "…", "page_path": "pages/a?x=1", "picture": 7, "appid": "wx…"}

`picture` is a Picture's id; a card's appid is left out for the mini program's own.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from conversations.wechat import jump_links

from .picture import Picture

MOST_PARTS = 5  # WeChat allows no more after one message of the customer's
LINK_LENGTHS = {
    "title": 128,
    "description": 256,
    "url": 1024,
    "thumb_url": 1024,
}  # characters

CARD_LENGTHS = {"title": 64, "page_path": 1024, "appid": 32}  # characters
_PATH = re.compile(r"[^\s\x00-\x1f]+")
_APPID = re.compile(r"[0-9A-Za-z_-]*")

Part = dict[str, Any]


def clean_parts(parts: Any) -> list[Part]:
    """Return the parts stripped of what doesn't belong, or raise ValidationError."""
    if not isinstance(parts, list) or not parts:
        raise ValidationError(_("Say something: it is empty."))
    if len(parts) > MOST_PARTS:
        raise ValidationError(
            _("WeChat takes at most %(count)s messages at a time.")
            % {"count": MOST_PARTS}
        )
    return [_clean(part) for part in parts]


def preview(parts: list[Part]) -> str:
    """Return one line that says what the parts say."""
    return " ⏎ ".join(_says(part) for part in parts)


def _says(part: Part) -> str:
    words = jump_links.plain(part.get("text") or part.get("title", ""))
    return f"[{_('Picture')}]" if part.get("kind") == "image" else words


def _clean(part: Any) -> Part:
    match part.get("kind") if isinstance(part, dict) else None:
        case "text":
            return _clean_text(str(part.get("text", "")))
        case "link":
            return _clean_link(part)
        case "image":
            return {"kind": "image", "picture": _clean_picture(part)}
        case "card":
            return _clean_card(part)
        case _:
            raise ValidationError(
                _("A part must be a text, a link, a picture or a card.")
            )


def _clean_text(text: str) -> Part:
    """Supervisors may write jump links as WeChat's pages do; they become tokens."""
    try:
        text = jump_links.from_tags(text)
    except jump_links.BadTag as exc:
        raise ValidationError(
            _("WeChat may not understand this link: %(tag)s") % {"tag": str(exc)[:200]}
        ) from exc
    text = tidy(text)
    fits(text)
    return {"kind": "text", "text": text}


def tidy(text: str) -> str:
    """Return words without what browsers add around them. ValidationError: none left."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError(_("A text is empty."))
    return text


def fits(text: str, own_appid: str = jump_links.LONGEST_APPID) -> None:
    """Raise ValidationError unless WeChat takes the words as one message.

    own_appid  whose customer they are for; unknown, the longest there can be
    """
    size = jump_links.size(text, own_appid)
    if size > settings.TEXT_MAX_BYTES:
        raise ValidationError(
            _("A text is %(size)s bytes long; WeChat takes %(limit)s.")
            % {"size": size, "limit": settings.TEXT_MAX_BYTES}
        )


def _clean_link(part: dict[str, Any]) -> Part:
    link = {key: str(part.get(key, "")).strip() for key in LINK_LENGTHS}
    if not all(link.values()):
        raise ValidationError(
            _(
                "A link needs a title, a description, an address and a picture's address."
            )
        )
    for key, limit in LINK_LENGTHS.items():
        if len(link[key]) > limit:
            raise ValidationError(
                _("A link's %(field)s is longer than %(limit)s characters.")
                % {"field": key, "limit": limit}
            )
    for key in ("url", "thumb_url"):
        if not link[key].lower().startswith(("https://", "http://")):
            raise ValidationError(
                _("A link's address begins with https:// or http://.")
            )
    return {"kind": "link", **link}


def _clean_card(part: dict[str, Any]) -> Part:
    card = {key: str(part.get(key) or "").strip() for key in CARD_LENGTHS}
    card["page_path"] = card["page_path"].removeprefix("/")  # As in app.json
    if not card["title"] or not card["page_path"]:
        raise ValidationError(_("A card needs a title and a page."))
    for key, limit in CARD_LENGTHS.items():
        if len(card[key]) > limit:
            raise ValidationError(
                _("A card's %(field)s is longer than %(limit)s characters.")
                % {"field": key, "limit": limit}
            )
    if not _PATH.fullmatch(card["page_path"]) or not _APPID.fullmatch(card["appid"]):
        raise ValidationError(_("A card's page or AppID holds what neither can have."))
    if not card["appid"]:
        del card["appid"]
    return {"kind": "card", **card, "picture": _clean_picture(part)}


def _clean_picture(part: dict[str, Any]) -> int:
    picture = part.get("picture")
    if not isinstance(picture, int) or isinstance(picture, bool):
        raise ValidationError(_("Its picture is missing."))
    if not Picture.objects.filter(pk=picture).exists():
        raise ValidationError(_("Its picture is missing."))
    return picture
