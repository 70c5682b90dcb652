"""Names in the shapes WeChat gives them."""

from __future__ import annotations

import secrets
import string

_WORD = string.ascii_letters + string.digits + "_-"

# 2^53 is 9.0e15: every MsgId is past it, so that one rounded by JavaScript is noticed.
FIRST_MSG_ID = 23_000_000_000_000_001


def _word(length: int) -> str:
    return "".join(secrets.choice(_WORD) for _ in range(length))


def new_openid() -> str:
    """Return `o` and 27 characters."""
    return "o" + _word(27)


def new_original_id() -> str:
    """Return `gh_` and 12 hex digits."""
    return "gh_" + secrets.token_hex(6)


def new_media_id() -> str:
    """Return 64 characters of A-Z a-z 0-9 _ -."""
    return _word(64)


def new_token() -> str:
    """Return 136 characters; WeChat promises no length, only to stay below 512."""
    return f"{secrets.randbelow(90) + 10}_{_word(133)}"


def new_rid(now: float) -> str:
    """Return a request's id: the Unix time and two more numbers, in hex."""
    return f"{int(now):x}-{secrets.randbits(32):x}-{secrets.randbits(30):x}"
