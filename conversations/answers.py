"""Canned answers: what an agent may pick, how it is found, and what it says now.

The browser keeps the library and searches it by itself, so that the picker works at
once and offline too. `find` is the same ranking, for tests and for whoever has no
browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from agents.models import Agent
from conversations import access
from conversations.models import CannedAnswer
from conversations.models.parts import preview
from conversations.patterns import folded

SLASHES = "/／、"  # what calls the picker, on Latin and Chinese keyboards
LONGEST_KEYS = 500  # characters that the column holds
# Characters that people of a shop read now one way, now another. The dictionary knows
# many more readings, too rare to be typed, which would only find the wrong answers.
POLYPHONES = {
    "重": "zhong chong",
    "长": "chang zhang",
    "行": "xing hang",
    "还": "hai huan",
    "调": "tiao diao",
    "传": "chuan zhuan",
    "乐": "le yue",
    "折": "zhe she",
    "降": "jiang xiang",
    "率": "lv shuai",
    "差": "cha chai",
    "便": "bian pian",
    "会": "hui kuai",
    "单": "dan shan",
    "藏": "cang zang",
    "朝": "chao zhao",
    "弹": "tan dan",
    "薄": "bao bo",
    "得": "de dei",
    "都": "dou du",
}

Entry = dict[str, Any]


class Stale(Exception):
    """The browser shows what holds no more.

    answer   the canned answer as it is now; None when it is withdrawn or has expired
    """

    def __init__(self, answer: CannedAnswer | None) -> None:
        super().__init__("the canned answer has changed")
        self.answer = answer


def library(agent: Agent) -> list[Entry]:
    """Return what an agent may pick at the mini programs they see, in order.

    [{id, version, use, scope, title, shortcut, pinyin, preview, parts, mini_program}],
    where mini_program is the id of the only one it is for, or None.
    """
    usable = CannedAnswer.objects.usable_by(agent, timezone.now())
    if (seats := access.seats_of(agent)) is not None:
        usable = usable.filter(Q(mini_program=None) | Q(mini_program_id__in=seats))
    rows = usable.values(
        "id", "version", "use", "scope", "title", "shortcut", "pinyin", "parts",
        "mini_program",
    )  # fmt: skip
    return [{**row, "preview": preview(row["parts"])} for row in rows]


def pick(
    agent: Agent, answer_id: int, version: int, mini_program_id: int | None = None
) -> CannedAnswer:
    """Return the canned answer an agent picked, and count the use.

    mini_program_id  whose customer it is for; None asks for no particular one

    Raises Stale when it isn't what their browser shows, isn't theirs to pick, or is for
    another mini program's customers.
    """
    usable = CannedAnswer.objects.usable_by(agent, timezone.now())
    if mini_program_id is not None:
        usable = usable.filter(
            Q(mini_program=None) | Q(mini_program_id=mini_program_id)
        )
    answer = usable.filter(pk=answer_id).first()
    if answer is None or answer.version != version:
        raise Stale(answer)
    CannedAnswer.objects.filter(pk=answer.pk).update(uses=F("uses") + 1)
    return answer


def find(entries: Iterable[Entry], query: str) -> list[Entry]:
    """Return the entries that a query finds, the best first.

    Every word of the query has to be found. Ahead stand a shortcut that is the query,
    one that begins with it, then title, pinyin (full or initials), and what it says.
    """
    words = folded(query.strip().lstrip(SLASHES)).split()
    ranked = [(_rank(entry, words), entry) for entry in entries]
    found = [(rank, entry) for rank, entry in ranked if rank is not None]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _rank(entry: Entry, words: list[str]) -> int | None:
    """Return how well an entry answers, 0 the best; None when it doesn't."""
    worst = 0
    for word in words:
        rank = _rank_of_word(entry, word)
        if rank is None:
            return None
        worst = max(worst, rank)
    return worst


def _rank_of_word(entry: Entry, word: str) -> int | None:
    shortcut, title = folded(entry["shortcut"]), folded(entry["title"])
    keys = entry["pinyin"].split()
    tests = (
        lambda: shortcut == word,
        lambda: shortcut.startswith(word),
        lambda: title.startswith(word),
        lambda: word in title,
        lambda: any(key.startswith(word) for key in keys),
        lambda: any(word in key for key in keys),
        lambda: any(word in folded(said) for said in _all_it_says(entry)),
    )
    return next((rank for rank, passes in enumerate(tests) if passes()), None)


def _all_it_says(entry: Entry) -> Iterable[str]:
    for part in entry["parts"]:
        yield from (part.get("text", ""), part.get("title", ""))
        yield part.get("description", "")


def pinyin_keys(title: str) -> str:
    """Return what a title is found by in Latin letters: "tuikuan tk" for 退款.

    Full pinyin and initials, words apart by blanks, the likeliest reading first.
    """
    keys: dict[str, None] = {}
    for syllables in _readings(title):
        full = "".join(syllables)
        initials = "".join(one if one.isdigit() else one[:1] for one in syllables)
        keys.update(dict.fromkeys(key for key in (full, initials) if key))
    return _as_many_as_fit(keys)


def _readings(title: str) -> Iterator[list[str]]:
    """Yield the likeliest reading, then those that read one character otherwise."""
    likeliest = _read(title)
    yield likeliest
    for place, character in enumerate(title):
        for other in POLYPHONES.get(character, "").split():
            yield [*_read(title[:place]), other, *_read(title[place + 1 :])]


def _read(text: str) -> list[str]:
    # Its dictionary takes half a second and tens of megabytes: of a process that reads
    # a title, and of no other.
    from pypinyin import lazy_pinyin

    return [one for one in lazy_pinyin(text, errors=_as_written) if one]


def _as_written(run: str) -> str:
    """Return Latin letters and digits inside a title as they are typed."""
    return re.sub(r"\W", "", folded(run))


def _as_many_as_fit(keys: Iterable[str]) -> str:
    kept: list[str] = []
    for key in keys:
        if len(" ".join([*kept, key])) > LONGEST_KEYS:
            break
        kept.append(key)
    return " ".join(kept)
