"""What a mini program and its push settings at WeChat share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["plain", "compatible", "secure"]
Format = Literal["json", "xml"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets and settings behind one push address.

    token            signs; while it is empty nothing is accepted
    previous_tokens  on their way out: still accepted, for the minutes between changing
                     it at WeChat and here
    aes_keys         decoded (32 bytes each): the current one, then those on their way out
    mode             as configured with WeChat; decides what is accepted
    format           as configured with WeChat; decides what we write, not what we read
    """

    appid: str
    token: str = field(repr=False)
    aes_keys: tuple[bytes, ...] = field(default=(), repr=False)
    mode: Mode = "secure"
    format: Format = "json"
    previous_tokens: tuple[str, ...] = field(default=(), repr=False)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those that are believed, the current one first."""
        if not self.token:  # Anybody can sign under an empty one
            return ()
        return (self.token, *filter(None, self.previous_tokens))
