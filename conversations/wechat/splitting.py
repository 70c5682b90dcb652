"""A text too long for one message, as several: cut where a reader would pause.

Behind the last end of a sentence that fits; without one, behind the last comma; without
one, behind the last blank; else behind the last whole character, which may be several
code points: an emoji with its skin and hair, a letter with its accents. A jump link and
a web address stay whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate

from . import jump_links
from .jump_links import JumpLink
from .messages import TAG, ZERO_WIDTH_SPACE

# With the quotes and brackets that close behind it. A Latin mark ends a sentence only
# where another word can't go on with it: not in 3.5 or in what-is?x=1.
_SENTENCE = re.compile(r"[。！？；…\n][”’」』）》】)\"']*$")
_LATIN_SENTENCE = re.compile(r"[!?;.][”’」』）》】)\"']*$")
_STAYS_BEHIND = "。！？；…，、：!?;.,”’」』）》】)"
_COMMAS = "，、：,"
_ADDRESS = re.compile(r"https?://[!#-;=?-~]+")

_JOINERS = "\u200c\u200d"
_SKINS = ("\U0001f3fb", "\U0001f3ff")
_FLAG_TAGS = ("\U000e0020", "\U000e007f")
_HANGUL_TAILS = ("\u1160", "\u11ff")
_FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")


def split(
    text: str, limit: int, own_appid: str = jump_links.LONGEST_APPID
) -> list[str]:
    """Return the parts of a text, in order, each at most `limit` bytes at WeChat.

    limit      bytes of UTF-8 of a part as it is sent, with its tags
    own_appid  what stands in the tags

    Blanks around a cut are dropped; nothing else is. A text that fits is one part. Only
    a link that is by itself over the limit makes a part that is.
    """
    text = text.strip()
    if jump_links.size(text, own_appid) <= limit:
        return [text] if text else []
    atoms = [atom for piece in jump_links.pieces(text) for atom in _atoms(piece, limit)]
    costs = [_cost(atoms, place, own_appid) for place in range(len(atoms))]
    parts: list[str] = []
    start = 0
    while start < len(atoms):
        if _said(atoms[start]).isspace():
            start += 1
            continue
        most = start + _how_many_fit(costs[start:], limit)
        end = len(atoms) if most == len(atoms) else _cut(atoms, start, most)
        parts.append("".join(map(_said, atoms[start:end])).strip())
        start = end
    return parts


def _atoms(piece: str | JumpLink, limit: int) -> Iterator[str | JumpLink]:
    """Yield what is never cut in two."""
    if isinstance(piece, JumpLink):
        yield piece
        return
    end = 0
    for match in _ADDRESS.finditer(piece):
        if len(match[0]) <= limit // 2:
            yield from _characters(piece[end : match.start()], limit)
            yield match[0]
            end = match.end()
    yield from _characters(piece[end:], limit)


def _characters(text: str, limit: int) -> Iterator[str]:
    """Yield whole characters as readers see them; one past all measure, in pieces."""
    whole = ""
    for character in text:
        if whole and not _belongs(whole, character):
            yield from _bounded(whole, limit)
            whole = ""
        whole += character
    yield from _bounded(whole, limit)


def _bounded(whole: str, limit: int) -> Iterator[str]:
    if len(whole.encode("utf-8", "surrogatepass")) <= limit:
        yield from [whole] if whole else []
    else:
        yield from whole


def _belongs(whole: str, character: str) -> bool:
    """Return whether a code point is part of the character begun."""
    if whole == "\r":
        return character == "\n"
    if whole[-1] == "\u200d" or character in _JOINERS:
        return True
    if _is_in(character, _FLAG_LETTERS):
        return len(whole) == 1 and _is_in(whole, _FLAG_LETTERS)
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or _is_in(character, _SKINS)
        or _is_in(character, _FLAG_TAGS)
        or _is_in(character, _HANGUL_TAILS)
    )


def _is_in(character: str, bounds: tuple[str, str]) -> bool:
    return bounds[0] <= character <= bounds[1]


def _cost(atoms: list[str | JumpLink], place: int, own_appid: str) -> int:
    """Return the bytes an atom takes, with what keeps it from opening a tag."""
    atom = atoms[place]
    if isinstance(atom, JumpLink):
        return len(atom.tag(own_appid).encode())
    near = "".join(map(_said, atoms[place : place + 3]))
    guard = ZERO_WIDTH_SPACE if TAG.match(near) else ""
    return len((atom + guard).encode("utf-8", "surrogatepass"))


def _how_many_fit(costs: list[int], limit: int) -> int:
    """Return how many atoms fit into one part: one at least."""
    fit = 0
    for total in accumulate(costs):
        if total > limit:
            break
        fit += 1
    return max(1, fit)


def _cut(atoms: list[str | JumpLink], start: int, most: int) -> int:
    """Return the best place to cut, behind `start` and no further than `most`."""
    for pauses in (_ends_sentence, _ends_clause, _is_blank):
        for end in range(most, start, -1):
            if pauses(atoms, end):
                return end
    return most


def _ends_sentence(atoms: list[str | JumpLink], end: int) -> bool:
    before = "".join(map(_said, atoms[max(0, end - 4) : end]))
    after = _said(atoms[end])[0]
    if after in _STAYS_BEHIND:
        return False
    if _LATIN_SENTENCE.search(before):
        return after.isspace() or not after.isascii()
    return _SENTENCE.search(before) is not None


def _ends_clause(atoms: list[str | JumpLink], end: int) -> bool:
    return _said(atoms[end - 1])[-1] in _COMMAS


def _is_blank(atoms: list[str | JumpLink], end: int) -> bool:
    return _said(atoms[end - 1]).isspace() or _said(atoms[end]).isspace()


def _said(atom: str | JumpLink) -> str:
    return atom if isinstance(atom, str) else atom.token
