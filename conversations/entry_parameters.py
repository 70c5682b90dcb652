"""What a SessionFrom says, taken apart.

The mini program's developers write into it what they like. Three ways are usual:

    {"page": "order", "id": 42}          JSON, now and then percent-encoded
    order?id=42&from=list                a query behind a name
    id=42&from=list                      a query alone
"""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, unquote

MOST = 20  # that are shown
LONGEST = 200  # characters of a name or a value

Parameters = list[tuple[str, str]]


def parameters(session_from: str) -> Parameters:
    """Return [(name, value)], in the order written; nothing when it is but a name."""
    text = session_from.strip()
    if text[:3].lower() == "%7b":
        text = unquote(text)
    found = _from_json(text) if text.startswith("{") else _from_query(text)
    return [(name[:LONGEST], value[:LONGEST]) for name, value in found[:MOST]]


def _from_json(text: str) -> Parameters:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [(str(name), _shown(value)) for name, value in said.items()]


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _from_query(text: str) -> Parameters:
    _, _, behind = text.partition("?")
    query = behind or text
    if "=" not in query:
        return []
    pairs = parse_qsl(query, keep_blank_values=True)
    return [(name, value) for name, value in pairs if name]
