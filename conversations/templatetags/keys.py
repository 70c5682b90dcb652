"""The table of the desk's keys, as its sheet draws it and as the page obeys it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import template

register = template.Library()

NAMES = {
    "mod": "Ctrl",  # ⌘ on a Mac: the page knows which it is on
    "alt": "Alt",
    "shift": "Shift",
    "enter": "Enter",
    "escape": "Esc",
    "arrowdown": "↓",
    "arrowup": "↑",
}


@register.inclusion_tag("conversations/_key.html")
def key(
    keys: str, label: str, does: str = "", *, listed: bool = True
) -> dict[str, Any]:
    """Draw one line of the table.

    keys    as a browser names them: "mod+k"; "g i" is one after the other
    does    the action; without one the key is another's, and only told of
    listed  whether the command palette offers it too
    """
    return {
        "keys": keys,
        "strokes": [_caps(stroke) for stroke in keys.split()],
        "label": label,
        "does": does,
        "listed": listed and does,
    }


@register.filter
@lru_cache(maxsize=4096)
def pinyin(text: str) -> str:
    """Return what a text is found by in Latin letters: "jieshu js" for 结束."""
    # Tens of megabytes, for who draws a page alone.
    from pypinyin import lazy_pinyin

    syllables = [one for one in lazy_pinyin(str(text), errors=_as_written) if one]
    return f"{''.join(syllables)} {''.join(one[0] for one in syllables)}"


def _caps(stroke: str) -> list[tuple[str, str]]:
    return [(part, NAMES.get(part, part.upper())) for part in stroke.split("+")]


def _as_written(run: str) -> str:
    return re.sub(r"\W", "", run).lower()
