"""What a canned answer or a rule says: a list of parts, each one message.

{"kind": "text", "text": "…"}
{"kind": "link", "title": "…", "description": "…", "url": "…", "thumb_url": "…"}
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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
    return " ⏎ ".join(part.get("text") or part.get("title", "") for part in parts)


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
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError(_("A text is empty."))
    if (size := len(text.encode())) > settings.TEXT_MAX_BYTES:
        raise ValidationError(
            _("A text is %(size)s bytes long; WeChat takes %(limit)s.")
            % {"size": size, "limit": settings.TEXT_MAX_BYTES}
        )
    return {"kind": "text", "text": text}


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
