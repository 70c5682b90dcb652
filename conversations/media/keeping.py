"""Pictures as files of ours, each named by what is in it.

    MEDIA_ROOT/3f/3f1c….jpg         the picture
    MEDIA_ROOT/3f/3f1c….thumb.webp  its thumbnail

No part of a path comes from anybody else. The same picture, given twice, is one file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from conversations.models import Picture

from .decoding import EXTENSIONS, Box, Made, make_anew, make_cover


def keep(content: bytes, most_bytes: int | None = None) -> Picture:
    """Keep the picture in a file that somebody gave us.

    most_bytes  what ours may have; its quality is lowered until it fits

    Raises Unusable with a sentence for them. Takes up to seconds: not on an event loop.
    """
    return store(make_anew(content, most_bytes))


def keep_cover(content: bytes, box: Box | None = None) -> Picture:
    """Keep a picture as a card's cover: 520 × 416, of the middle unless a box is given.

    box  left, top, right, bottom, in the picture's own pixels

    Raises Unusable.
    """
    return store(make_cover(content, box))


def store(made: Made) -> Picture:
    """Write the files, and then the row: a row never lacks its files."""
    picture = Picture(
        sha256=hashlib.sha256(made.content).hexdigest(),
        content_type=made.content_type,
        width=made.width,
        height=made.height,
        size=len(made.content),
    )
    _write(path(picture), made.content)
    _write(thumb_path(picture), made.thumb)
    kept, _ = Picture.objects.get_or_create(
        sha256=picture.sha256,
        defaults={
            "content_type": picture.content_type,
            "width": picture.width,
            "height": picture.height,
            "size": picture.size,
        },
    )
    return kept


def path(picture: Picture) -> Path:
    return _folder(picture) / file_name(picture)


def thumb_path(picture: Picture) -> Path:
    return _folder(picture) / f"{picture.sha256}.thumb.webp"


def file_name(picture: Picture) -> str:
    """Return the name under which it lies, and under which others get it."""
    return f"{picture.sha256}.{EXTENSIONS[picture.content_type]}"


def _folder(picture: Picture) -> Path:
    return Path(settings.MEDIA_ROOT) / picture.sha256[:2]


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable to us alone."""
    if target.exists() and target.stat().st_size == len(content):
        return
    for folder in (target.parent.parent, target.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".", dir=target.parent)  # Mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
