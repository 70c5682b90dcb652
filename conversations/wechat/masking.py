"""What may be shown of a push to whoever looks for a fault: its form, not its words.

A field that isn't known to be harmless is hidden, so that one WeChat adds tomorrow is
too. An openid keeps its last four characters, to be told from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pushes import Push

SHOWN = frozenset(
    {
        *("ToUserName", "CreateTime", "MsgType", "Event", "MsgId", "SessionFrom"),
        *("AppId", "PagePath", "appId", "BusinessId", "KfAccount", "queued", "action"),
    }
)
OPENIDS = frozenset({"FromUserName", "openId", "OPENID", "openid"})
TAIL = 4  # characters of an openid
DOTS = "…"


def openid(value: str) -> str:
    """Return the end of an openid, behind dots."""
    return DOTS + value[-TAIL:] if value else ""


def fields(given: Mapping[str, Any], push: Push) -> dict[str, Any]:
    """Return a push's fields, masked.

    push  what was parsed from them: its openid is hidden wherever it stands
    """
    return {name: _masked(name, value, push.openid) for name, value in given.items()}


def _masked(name: str, value: Any, whose: str) -> Any:
    if isinstance(value, Mapping):
        return {inner: _masked(inner, one, whose) for inner, one in value.items()}
    if name in OPENIDS:
        return openid(str(value))
    if name not in SHOWN or not isinstance(value, str | int | float):
        return f"{DOTS} ({len(str(value))})"
    if not isinstance(value, str):
        return value
    return value.replace(whose, openid(whose)) if whose else value
