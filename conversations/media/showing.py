"""A picture as an answer.

On our own address it is a file that somebody else chose. So it goes out as nothing but a
picture: with a fixed type nobody may guess at, in a sandbox if somebody opens it by
itself, and to pages of ours alone.
"""

from __future__ import annotations

from pathlib import Path

from django.http import Http404, HttpResponse

from conversations.models import Picture

from .decoding import THUMB_TYPE
from .keeping import path, thumb_path


def show(picture: Picture | None, name: str) -> HttpResponse:
    """Answer with a picture. Http404 when there is none.

    name  of the file, without its ending
    """
    if picture is None:
        raise Http404
    ending = path(picture).suffix
    return _answer(path(picture), picture.content_type, name + ending)


def show_thumb(picture: Picture | None, name: str) -> HttpResponse:
    """Answer with its thumbnail. Http404 when there is none."""
    if picture is None:
        raise Http404
    return _answer(thumb_path(picture), THUMB_TYPE, f"{name}.webp")


def _answer(file: Path, content_type: str, name: str) -> HttpResponse:
    try:
        content = file.read_bytes()
    except FileNotFoundError as exc:
        raise Http404 from exc
    return HttpResponse(
        content,
        content_type=content_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Content-Disposition": f'inline; filename="{name}"',
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=86400",
        },
    )
