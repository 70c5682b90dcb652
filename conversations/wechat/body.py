"""The body of a push, JSON or XML, to its fields."""

from __future__ import annotations

import codecs
from typing import Any

from . import strict_json, xml
from .errors import Unreadable


def parse(raw: bytes) -> dict[str, Any]:
    """Return the fields of a body, or raise Unreadable.

    The first byte that isn't white space tells the format. Neither the console's setting
    nor the Content-Type does: the first changes while pushes are under way, the second
    is often wrong.
    """
    start = raw.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start == b"<":
        return xml.parse(raw.removeprefix(codecs.BOM_UTF8).lstrip())
    if start == b"{":
        return strict_json.parse(raw)
    raise Unreadable("format")
