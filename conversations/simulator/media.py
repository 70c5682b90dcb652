"""Pictures that pass through WeChat: three days, then forgotten."""

from __future__ import annotations

import functools
import struct
import zlib
from dataclasses import dataclass

from . import ids
from .errors import Refusal
from .state import World

_KINDS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}
# Pictures a phone without any has to send: name → size.
SAMPLES = {"hills": (260, 208), "tall": (240, 520), "wide": (640, 240)}
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}


@dataclass(frozen=True, slots=True)
class Media:
    media_id: str
    appid: str
    content: bytes
    content_type: str
    created_at: float


def keep(world: World, appid: str, content: bytes) -> Media:
    """Keep a picture. Refusals 44001 (empty), 40009 (too big), 40005 (no picture)."""
    if not content:
        raise Refusal(44001)
    if len(content) > world.limits.image_max_bytes:
        raise Refusal(40009)
    kinds = [kind for magic, kind in _KINDS.items() if content.startswith(magic)]
    if not kinds:
        raise Refusal(40005)
    media = Media(ids.new_media_id(), appid, content, kinds[0], world.now())
    world.store.write(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?)",
        media.media_id,
        appid,
        content,
        media.content_type,
        media.created_at,
    )
    return media


def find(world: World, appid: str, media_id: str) -> Media:
    """Return one mini program's picture. Refusal 40007: unknown, another's, or old."""
    row = world.store.row(
        "SELECT * FROM media WHERE media_id = ? AND appid = ? AND created_at > ?",
        media_id,
        appid,
        world.now() - world.limits.media_ttl,
    )
    if row is None:
        raise Refusal(40007)
    return Media(**dict(row))


def find_for_phone(world: World, media_id: str) -> Media:
    """Return a picture for whoever saw it in a chat: a phone keeps what it has shown."""
    row = world.store.row("SELECT * FROM media WHERE media_id = ?", media_id)
    if row is None:
        raise Refusal(40007)
    return Media(**dict(row))


def sample(name: str) -> bytes:
    """Return a built-in picture. LookupError when there is none of this name."""
    return painted(name, *SAMPLES[name])


@functools.lru_cache(maxsize=64)
def painted(seed: str, width: int = 260, height: int = 208) -> bytes:
    """Return a PNG of soft hills in colours that follow from `seed`."""
    tint = zlib.crc32(seed.encode())
    sky = (150 + tint % 80, 170 + (tint >> 8) % 60, 215 + (tint >> 16) % 40)
    land = tuple(value * 2 // 3 for value in (sky[1], sky[2], sky[0]))
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            hill = height * 0.55 + (x - width * (tint % 7 + 1) / 8) ** 2 / width * 0.6
            far = height * 0.72 + (x - width * (tint % 5 + 2) / 8) ** 2 / width * 0.2
            colour = sky if y < hill else land
            shade = 1.0 if y < far else 0.82
            rows += bytes(int(value * shade) for value in colour)
    return _png(width, height, bytes(rows))


def _png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 6))
        + chunk(b"IEND", b"")
    )
