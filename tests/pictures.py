"""Pictures for tests, and files that only claim to be some."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="http://127.0.0.1:1/"/></svg>'


def painting(
    width: int = 60, height: int = 40, kind: str = "JPEG", colour: Any = "teal"
) -> bytes:
    """Return a picture's file."""
    return saved(Image.new("RGB", (width, height), colour), kind)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def bomb(side: int = 9000) -> bytes:
    """Return a PNG of under 10 KB that stands for `side` × `side` pixels."""
    rows = zlib.compress((b"\0" + b"\0" * (side // 8)) * side, 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + END


def chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


END = chunk(b"IEND", b"")


def huge_gif() -> bytes:
    """Return a GIF that says it is 65,535 × 65,535 pixels."""
    return b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b"\x3b"


def growing_gif() -> bytes:
    """Return a small GIF whose second frame claims 60,000 × 60,000 pixels."""
    first = saved(Image.new("P", (4, 4)), "GIF")
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0)
    return first[:-1] + frame + b"\x02\x02\x4c\x01\x00\x3b"
