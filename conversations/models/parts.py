"""What a canned answer or a rule says: a list of parts, each one message.

{"kind": "text", "text": "…"}
{"kind": "link", "title": "…", "description": "…", "url": "…", "thumb_url": "…"}
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from conversations.wechat import jump_links

MOST_PARTS = 5  # WeChat allows no more after one message of the customer's
_LINK = {"title": 128, "description": 256, "url": 1024, "thumb_url": 1024}  # characters

Part = dict[str, str]


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
    return " ⏎ ".join(
        jump_links.plain(part.get("text") or part.get("title", "")) for part in parts
    )


def _clean(part: Any) -> Part:
    if not isinstance(part, dict):
        raise ValidationError(_("A part must be a text or a link."))
    match part.get("kind"):
        case "text":
            return _clean_text(str(part.get("text", "")))
        case "link":
            return _clean_link(part)
        case _:
            raise ValidationError(_("A part must be a text or a link."))


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
    link = {key: str(part.get(key, "")).strip() for key in _LINK}
    if not all(link.values()):
        raise ValidationError(
            _(
                "A link needs a title, a description, an address and a picture's address."
            )
        )
    for key, limit in _LINK.items():
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
