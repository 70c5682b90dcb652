"""How many messages a mini program may still send one customer: WeChat's own count.

    customer's act        messages   for how long
    sends a message       5          48 hours
    enters the session    2          1 minute

Grants don't add up. What happens when a spent grant is followed by a smaller one is not
written anywhere, so there are two readings:

    literal   one counter and one end; an act raises each to the larger of old and new.
              Five sent, then entering again: two more, until the 48 hours are over
    separate  one counter and one end a kind of act; a message is taken from every
              counter still running. Five sent, then entering: two more, for a minute

Source: developers.weixin.qq.com › miniprogram › 客服消息使用指南, 下发条数与时限.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import Refusal


@dataclass(slots=True)
class Bucket:
    """remaining  messages left; expires  Unix seconds, 0 if it never began"""

    remaining: int = 0
    expires: float = 0

    def grant(self, now: float, messages: int, seconds: float) -> None:
        if self.expires <= now:
            self.remaining, self.expires = 0, 0
        self.remaining = max(self.remaining, messages)
        self.expires = max(self.expires, now + seconds)

    def is_open(self, now: float) -> bool:
        return self.expires > now


@dataclass(slots=True)
class Quota:
    """One customer's counters, under `policy`."""

    policy: str = "literal"
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def grant(self, act: str, now: float, messages: int, seconds: float) -> None:
        """Note a customer's act: "message" or "entry"."""
        kind = act if self.policy == "separate" else "any"
        self.buckets.setdefault(kind, Bucket()).grant(now, messages, seconds)

    def check(self, now: float) -> None:
        """Raise 45015 when no grant runs, 45047 when those that run are spent."""
        running = self._running(now)
        if not running:
            raise Refusal(45015)
        if not any(bucket.remaining for bucket in running):
            raise Refusal(45047)

    def spend(self, now: float) -> None:
        """Take one message. Call `check` first."""
        for bucket in self._running(now):
            bucket.remaining = max(0, bucket.remaining - 1)

    def remaining(self, now: float) -> int:
        return max((bucket.remaining for bucket in self._running(now)), default=0)

    def closes_at(self, now: float) -> float | None:
        """Return when the last grant with anything left ends, or None if none runs."""
        running = self._running(now)
        left = [bucket for bucket in running if bucket.remaining] or running
        return max((bucket.expires for bucket in left), default=None)

    def _running(self, now: float) -> list[Bucket]:
        return [bucket for bucket in self.buckets.values() if bucket.is_open(now)]
