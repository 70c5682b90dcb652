"""What stands in a message, in pieces for a template to draw.

Nothing here makes markup: the template does, and escapes what people wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import ngettext

from conversations.models import Message
from conversations.wechat import emoji, jump_links

register = template.Library()

# What RFC 3986 lets stand in an address: Chinese beside one is not part of it.
WEB_ADDRESS = re.compile(r"(https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]+)", re.ASCII | re.I)
MOST_PARAMETERS = 20  # of a page that are drawn
DETAIL = 200  # characters of a parameter's value


@dataclass(frozen=True, slots=True)
class Piece:
    """One of: words; a face with its code; a jump link; a web address."""

    words: str = ""
    face: str = ""
    code: str = ""
    link: jump_links.JumpLink | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class PageOf:
    """A mini program's page: where it is, and what it is told.

    path        without the query
    parameters  [(name, value)]
    """

    path: str
    parameters: list[tuple[str, str]]


@register.filter
def pieces(message: Message) -> list[Piece]:
    """Return what a text says. Jump links are ours alone: the customer's text stays as
    it was written."""
    found: list[Piece] = []
    parts = jump_links.pieces(message.text) if message.is_ours else [message.text]
    for part in parts:
        if isinstance(part, jump_links.JumpLink):
            found.append(Piece(link=part))
        else:
            found += _pieces(part)
    return found


def _pieces(text: str) -> list[Piece]:
    found: list[Piece] = []
    for number, part in enumerate(WEB_ADDRESS.split(text)):
        url = _whole(part) if number % 2 else ""
        if url:
            found.append(Piece(url=url))
        found += [_piece(one) for one in emoji.pieces(part[len(url) :])]
    return found


def _whole(address: str) -> str:
    """Return an address without what ends the sentence it stands in: "" for none."""
    url = address.rstrip(".,;:!?'*")
    while url.endswith((")", "]")) and url.count("(") + url.count("[") < (
        url.count(")") + url.count("]")
    ):
        url = url[:-1].rstrip(".,;:!?'*")
    return url if host(url) else ""


def _piece(one: str | emoji.Face) -> Piece:
    if isinstance(one, emoji.Face):
        return Piece(face=one.face, code=one.code)
    return Piece(words=one)


@register.filter
def note_pieces(message: Message) -> list[tuple[str, bool]]:
    """Return what a note says, and of each piece whether it calls somebody by name."""
    names = message.data.get("mentions", [])
    if not names:
        return [(message.text, False)]
    calls = re.compile(f"([@＠](?:{'|'.join(map(re.escape, names))}))")
    return [
        (piece, bool(number % 2))
        for number, piece in enumerate(calls.split(message.text))
        if piece
    ]


@register.filter
def in_a_line(message: Message) -> str:
    """Return what a text says as a row of the inbox has room for it."""
    text = jump_links.plain(message.text) if message.is_ours else message.text
    return emoji.plain(text)


@register.filter
def page(path: str) -> PageOf:
    """Return a card's page, its query taken apart."""
    where, _, query = str(path).partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:  # More than that
        pairs = [("", query)]
    return PageOf(where, [(name, value[:DETAIL]) for name, value in pairs])


@register.filter
def moment(text: str) -> datetime | None:
    """Return the moment that a line names, in the office's time."""
    at = parse_datetime(str(text))
    return timezone.localtime(at) if at and at.tzinfo else None


@register.filter
def host(url: str) -> str:
    """Return whose address it is, "" when that can't be told."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@register.filter
def is_web_address(url: str) -> bool:
    """Return whether it may be drawn as a link: nothing else that browsers follow."""
    return str(url).lower().startswith(("https://", "http://"))


@register.filter
def lateness(message: Message) -> str:
    """Return how much later than it was said a message came: "" when that isn't known."""
    if message.late_by is None:
        return ""
    minutes = message.late_by // 60
    if minutes < 60:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = hours // 24
    return ngettext("{n} day", "{n} days", days).format(n=days)
