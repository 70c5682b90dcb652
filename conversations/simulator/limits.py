"""The numbers WeChat has changed before, or that its documents leave open."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Limits:
    """All times in seconds, all sizes in bytes unless the name says otherwise.

    message_grant     (messages, for how long) a customer's message allows
    entry_grant       the same for entering the session
    quota_policy      literal: one counter, set to the larger; separate: one a grant
    retry_pause       from the start of one delivery to the next; None: push_timeout
    fresh_nonce       a push tried again bears a new timestamp, nonce and signature
    relay_timeout     that a cloud function gives the console it hands a push on to
    relay_deliveries  how often a cloud function hands on what it keeps
    failure_after_events  a failed event shows the grey line too
    session_from_refused  one too long is refused, not cut
    sends_per_minute  of one mini program; 0 for no limit
    """

    message_grant: tuple[int, float] = (5, 172_800)
    entry_grant: tuple[int, float] = (2, 60)
    quota_policy: str = "literal"
    text_max_bytes: int = 2048
    title_max_bytes: int = 512
    description_max_bytes: int = 1024
    url_max_bytes: int = 2048
    image_max_bytes: int = 10 * 1024 * 1024
    media_ttl: float = 259_200
    token_ttl: float = 7200
    token_overlap: float = 300
    forced_refresh_pause: float = 30
    forced_refreshes_per_day: int = 20
    typing_ttl: float = 15
    typing_window: float = 30
    business_typing_needs_id: bool = False
    push_timeout: float = 5
    retry_pause: float | None = None
    max_deliveries: int = 3
    fresh_nonce: bool = False
    relay_timeout: float = 3
    relay_deliveries: int = 20
    failure_text: str = "该小程序提供的服务出现故障，请稍后再试"
    failure_after_events: bool = False
    session_from_max: int = 1024  # characters
    session_from_refused: bool = False
    sends_per_minute: int = 0
    sends_per_day: int = 5_000_000
    clears_per_month: int = 10
    tokens_per_day: int = 2000
    stable_tokens_per_minute: int = 10_000
    stable_tokens_per_day: int = 500_000
    checks_per_minute: int = 4000

    def changed(self, values: dict[str, Any]) -> Self:
        """Return these limits with some replaced. ValueError on an unknown name."""
        unknown = set(values) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"No such limit: {', '.join(sorted(unknown))}.")
        for name in ("message_grant", "entry_grant"):
            if name in values:
                values = {**values, name: tuple(values[name])}
        return replace(self, **values)
