"""Patterns that supervisors write, run in time linear in the text.

RE2 knows no look-around and no back-references, and what it accepts can't hang. Text and
pattern are compared without regard to case and width (NFKC), so that １２３ matches `\\d`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import re2

LONGEST_PATTERN = 500  # characters
LONGEST_TEXT = 4096  # characters looked at
_MEMORY = 8 << 20  # bytes for one compiled pattern


def folded(text: str) -> str:
    """Return text as it is compared: NFKC, case folded, without blanks around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def fault(pattern: str) -> str:
    """Return what is wrong with a pattern, in RE2's words; "" when nothing is."""
    if not pattern:
        return "missing pattern"
    if len(pattern) > LONGEST_PATTERN:
        return f"longer than {LONGEST_PATTERN} characters"
    try:
        _compiled(pattern)
    except re2.error as exc:
        reason = exc.args[0] if exc.args else "bad pattern"
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return ""


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
