"""Text as any database and any JSON parser can hold it."""

from __future__ import annotations

import re

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """Replace what no database stores by U+FFFD: NUL, and half a surrogate pair.

    PostgreSQL refuses both, and SQLite the second; one odd character would keep a
    customer's message from being stored at all.
    """
    return UNSTORABLE.sub(REPLACEMENT, text)


def printable(text: str) -> str:
    """Replace by U+FFFD what XML can't hold and JSON only as an escape: control
    characters other than tab and line breaks."""
    return CONTROL.sub(REPLACEMENT, text)
