"""WeChat's XML: one root, flat fields, strings in CDATA. Read with distrust.

Everything that makes XML dangerous is refused, and none of it is ever needed here:
document types, entities, processing instructions, attributes, deep nesting. Python's
own tree builder would first expand a billion laughs and then object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from xml.parsers import expat

from .errors import Unreadable
from .text import printable

MAX_BYTES = 64 * 1024
MAX_DEPTH = 4  # elements within each other, the root included
MAX_ELEMENTS = 200


def parse(raw: bytes) -> dict[str, str]:
    """Return the fields under the root, as text, or raise Unreadable.

    An element that holds others counts as a field without text: no push we understand
    has one, and the body is stored as it came.
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable("size")
    return _FlatParser().parse(raw)


class _FlatParser:
    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.depth = 0
        self.elements = 0
        self.texts: list[str] = []  # of the field under way
        self.is_flat = True  # is the field under way

    def parse(self, raw: bytes) -> dict[str, str]:
        # Whatever the declaration claims. A byte order mark would outdo even this.
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = refuse
        parser.EntityDeclHandler = refuse
        parser.UnparsedEntityDeclHandler = refuse
        parser.ExternalEntityRefHandler = refuse
        parser.ProcessingInstructionHandler = refuse
        try:
            raw.decode()
            parser.Parse(raw, True)
        except (UnicodeDecodeError, expat.ExpatError):
            raise Unreadable("xml") from None
        return self.fields

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if attributes or self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise Unreadable("shape")
        self.is_flat = self.depth <= 2
        if self.depth == 2:
            self.texts = []

    def text(self, text: str) -> None:
        if self.depth == 2:
            self.texts.append(text)

    def end(self, name: str) -> None:
        if self.depth == 2:
            if name in self.fields:
                raise Unreadable("duplicate")
            self.fields[name] = "".join(self.texts) if self.is_flat else ""
        self.depth -= 1


def refuse(*_: object) -> NoReturn:
    raise Unreadable("dtd")


def write(fields: Mapping[str, Any]) -> str:
    """Return the fields as WeChat writes them: a line each, numbers bare, the rest in
    CDATA."""
    lines = (f"<{name}>{_value(value)}</{name}>\n" for name, value in fields.items())
    return f"<xml>{''.join(lines)}</xml>"


def _value(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    # The end mark of a CDATA section can't stand inside it, so it is cut in two.
    text = printable(str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"
