"""What a text is found by, and what somebody looks for.

Chinese has no blanks between its words, so a run of it is indexed by all its pairs of
characters: 申请退款 by 申请, 请退 and 退款. A run of Latin letters and digits is one word,
wherever it stands: 我的iPhone坏了 is found by `iphone` too. A pair that occurs proves
little (two of them may stand apart), so whoever asks the index looks at the text again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_WORD = 64  # characters of a word that count
LONGEST_TEXT = 20_000  # characters of a text that are indexed
TAIL = 4  # people say an order number by its last four
_LONG_NUMBER = 6

# Han with its extensions, kana, bopomofo, hangul: written without blanks, or nearly.
_CHINESE = "⺀-⻿々〆〇぀-ヿㄅ-ㄯㆠ-ㆿㇰ-ㇿ㐀-䶿一-鿿가-힯豈-﫿\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<chinese>[{_CHINESE}]+)|(?P<word>[^\W_{_CHINESE}]+)")


class _Folds(dict[int, str]):
    """How each character is compared; made when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isspace():
            folded = " "
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            folded = ""  # Seen by nobody, and some can't be stored
        else:
            folded = unicodedata.normalize("NFKC", character).casefold()
            folded = unicodedata.normalize("NFKC", folded)
        self[code] = folded
        return folded


_folds = _Folds()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for.

    terms   folded; each must stand in the text as it is
    words   of the index; all must be there
    begins  beginnings of words; for each, a word must be there
    """

    terms: tuple[str, ...]
    words: frozenset[str] = frozenset()
    begins: frozenset[str] = frozenset()

    @property
    def is_indexed(self) -> bool:
        """Whether the index helps: one character alone it doesn't know."""
        return bool(self.words or self.begins)

    def stands_in(self, text: str) -> bool:
        folded = fold(text)
        return all(term in folded for term in self.terms)


def fold(text: str) -> str:
    """Return a text as it is compared: without case, width and what nobody sees."""
    return unicodedata.normalize("NFC", text).translate(_folds)


def words_of(text: str) -> set[str]:
    """Return what a text is indexed by."""
    found: set[str] = set()
    for kind, run in _runs(fold(text[:LONGEST_TEXT])):
        if kind == "chinese":
            found.update(_pairs(run))
            continue
        found.add(run[:LONGEST_WORD])
        if kind == "word" and len(run) >= _LONG_NUMBER and run[-TAIL:].isdigit():
            found.add(run[-TAIL:])
    return found


def wanted(query: str) -> Wanted:
    """Read what somebody typed. Blanks separate terms, which may stand anywhere."""
    terms = tuple(dict.fromkeys(fold(query).split()))
    words: set[str] = set()
    begins: set[str] = set()
    for term in terms:
        runs = list(_runs(term))
        ends = term.endswith(runs[-1][1]) if runs else False
        for place, (kind, run) in enumerate(runs):
            if kind == "chinese":
                words.update(_pairs(run))
            elif kind == "sign":
                words.add(run)
            elif place == len(runs) - 1 and ends:  # It may go on
                if len(run) > 1:
                    begins.add(run[:LONGEST_WORD])
            else:
                words.add(run[:LONGEST_WORD])
    return Wanted(terms, frozenset(words), frozenset(begins))


def marked(text: str, terms: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Cut a text into (piece, whether somebody looked for it), in order."""
    text = unicodedata.normalize("NFC", text)
    places: list[int] = []  # of each folded character, in the text
    folded = []
    for place, character in enumerate(text):
        one = _folds[ord(character)]
        folded.append(one)
        places += [place] * len(one)
    whole = "".join(folded)
    hit = [False] * len(text)
    for term in terms:
        start = whole.find(term) if term else -1
        while start >= 0:
            end = start + len(term)
            for place in range(places[start], places[end - 1] + 1):
                hit[place] = True
            start = whole.find(term, end)
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or hit[place] != hit[begin]:
            yield text[begin:place], hit[begin]
            begin = place


def _runs(folded: str) -> Iterator[tuple[str, str]]:
    """Yield (chinese, run), (word, run) and (sign, one character) in order."""
    end = 0
    for run in _RUNS.finditer(folded):
        yield from _signs(folded[end : run.start()])
        yield run.lastgroup or "", run[0]
        end = run.end()
    yield from _signs(folded[end:])


def _signs(between: str) -> Iterator[tuple[str, str]]:
    """Yield what is looked for by itself, such as a face."""
    if between.isascii():
        return
    for character in between:
        if unicodedata.category(character) == "So":
            yield "sign", character


def _pairs(run: str) -> Iterator[str]:
    for place in range(len(run) - 1):
        yield run[place : place + 2]
