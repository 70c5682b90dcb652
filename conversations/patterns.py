"""Patterns that supervisors write, run in time linear in the text.

RE2 knows no look-around and no back-references, and what it accepts can't hang. Text and
pattern are compared without regard to case and width (NFKC), so that １２３ matches `\\d`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import re2
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST_PATTERN = 500  # characters
LONGEST_TEXT = 4096  # characters looked at
_MEMORY = 8 << 20  # bytes for one compiled pattern

_FAULTS = {  # by what RE2 calls them
    "missing )": gettext_lazy("A bracket is opened and not closed."),
    "unexpected )": gettext_lazy("A bracket is closed that was never opened."),
    "missing ]": gettext_lazy("A [ has no ]."),
    "trailing \\": gettext_lazy("It ends with a single \\."),
    "no argument for repetition operator": gettext_lazy("There is nothing to repeat."),
    "bad repetition operator": gettext_lazy("Two signs of repetition in a row."),
    "invalid repetition size": gettext_lazy("It repeats more than 1000 times."),
    "invalid character class range": gettext_lazy("A range in [ ] is not one."),
    "invalid escape sequence": gettext_lazy(
        "RE2 doesn't know this escape; a character is written as \\x{4e00}."
    ),
    "invalid perl operator": gettext_lazy(
        "RE2 has no look-ahead, no look-behind and no such group."
    ),
    "invalid named capture group": gettext_lazy("The name of a group is wrong."),
    "pattern too large - compile failed": gettext_lazy("The pattern is too large."),
}


def folded(text: str) -> str:
    """Return text as it is compared: NFKC, case folded, without blanks around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def fault(pattern: str) -> str:
    """Return what is wrong with a pattern, for its author; "" when nothing is."""
    if not pattern:
        return _("Write a pattern.")
    if len(pattern) > LONGEST_PATTERN:
        return _("It is longer than %(count)s characters.") % {"count": LONGEST_PATTERN}
    try:
        _compiled(pattern)
    except re2.error as exc:
        return _in_words(exc)
    return ""


def _in_words(exc: re2.error) -> str:
    """Return RE2's "missing ): (退款" as a sentence in the reader's language."""
    said = exc.args[0] if exc.args else b""
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    code, _colon, where = said.partition(": ")
    sentence = _FAULTS.get(code, gettext_lazy("RE2 can't read this pattern."))
    return f"{sentence} ({where})" if where else str(sentence)


def found(pattern: str, text: str) -> bool:
    """Return whether a pattern matches anywhere in a text; a faulty one never does."""
    if fault(pattern):
        return False
    text = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=2000)
def _compiled(pattern: str):  # type: ignore[no-untyped-def]
    """Compile `退款|退货`, or `/退款|退货/i` as JavaScript writes it."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(unicodedata.normalize("NFKC", _bare(pattern)), options)


def _bare(pattern: str) -> str:
    if pattern.startswith("/"):
        body, slash, flags = pattern[1:].rpartition("/")
        if slash and body and set(flags) <= set("gimsu"):
            return body
    return pattern
