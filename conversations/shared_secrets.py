"""Secrets that we make, and show once.

A new one doesn't cut off the old one: it stays good beside it until it is retired, as
nobody can change a secret at WeChat and here in the same second. Nor does making another
one: who lost the page with the new one makes new ones again, while WeChat still has the
first.
"""

from __future__ import annotations

import secrets
import string

from conversations.models import MiniProgram

LETTERS_AND_DIGITS = string.ascii_letters + string.digits
KEPT = 3  # of a name that are replaced and still taken
# The last character of 43 carries four bits; these leave the other two zero, so that the
# strictest decoder takes the key.
LAST_OF_A_KEY = "AEIMQUYcgkosw048"

PREVIOUS = {
    "push_token": "previous_push_token",
    "encoding_aes_key": "previous_aes_key",
    "relay_secret": "previous_relay_secret",
}


def new_token() -> str:
    """Return a Token: 32 letters and digits, as WeChat allows."""
    return _letters(32)


def new_aes_key() -> str:
    """Return an EncodingAESKey: 43 letters and digits."""
    return _letters(42) + secrets.choice(LAST_OF_A_KEY)


def new_relay_secret() -> str:
    return _letters(43)


MAKERS = {
    "push_token": new_token,
    "encoding_aes_key": new_aes_key,
    "relay_secret": new_relay_secret,
}


def give(mini_program: MiniProgram, *names: str) -> list[str]:
    """Make new secrets of these names. Returns the columns that changed, unsaved."""
    changed = []
    for name in names:
        changed += replace(mini_program, name, MAKERS[name]())
    return changed


def replace(mini_program: MiniProgram, name: str, secret: str) -> list[str]:
    """Set a secret and keep the one it replaces. Returns the columns that changed."""
    old = getattr(mini_program, name)
    setattr(mini_program, name, secret)
    if not old or old == secret:
        return [name]
    return [name, keep(mini_program, name, old)]


def keep(mini_program: MiniProgram, name: str, old: str) -> str:
    """Go on taking a secret that was replaced. Returns the column, a line for each."""
    column = PREVIOUS[name]
    held = [old, *getattr(mini_program, column).splitlines()]
    setattr(mini_program, column, "\n".join(held[:KEPT]))
    return column


def retire(mini_program: MiniProgram) -> list[str]:
    """Take the old ones no longer. Returns the columns that changed, unsaved."""
    held = [name for name in PREVIOUS.values() if getattr(mini_program, name)]
    for name in held:
        setattr(mini_program, name, "")
    return held


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS_AND_DIGITS) for _ in range(count))
