"""JSON from outside: one object, and nothing a database or a parser chokes on."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import Unreadable

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20  # brackets within each other; what comes after may recurse over them
INT64_DIGITS = 19
INT64 = range(-(2**63), 2**63)


def parse(raw: bytes) -> dict[str, Any]:
    """Return the object, or raise Unreadable.

    Refused: anything but an object at the top, duplicate keys (two readers would see
    two messages), NaN and Infinity, deep nesting, bytes that aren't UTF-8. A byte order
    mark is passed over. Numbers beyond 64 bits, and all with a fraction or an exponent,
    come out as the text they were, so that no digit of an id is ever rounded.
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable("size")
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_int=_int,
            parse_float=str,
            parse_constant=_refuse,
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("json") from None
    if not isinstance(value, dict) or not _is_shallow(value):
        raise Unreadable("shape")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Unreadable("duplicate")
    return fields


def _int(digits: str) -> int | str:
    # Longer ones are not even tried: Python refuses more than 4,300 digits.
    if len(digits.lstrip("-")) > INT64_DIGITS or int(digits) not in INT64:
        return digits
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise Unreadable("constant")


def _is_shallow(value: Any) -> bool:
    """Go down a layer at a time, so that depth costs no stack."""
    layer = [value]
    for _ in range(MAX_DEPTH):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return True
    return False


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
