"""How many messages we may still send a customer, and until when.

WeChat lets a mini program answer only after the customer does something, only so many
times, and only for so long. Such an act is a grant:

    customer's act        messages allowed   for how long
    sends a message       5                  48 hours
    enters the session    2                  1 minute

Grants don't add up: a new one of a kind refills its count and starts its time again,
and where both kinds are open the larger count holds. WeChat has changed both numbers
before, so they are settings; these are the defaults.

Nothing says whether entering again, once five messages are spent, opens two more for
the rest of the 48 hours or for its own minute. We plan with the minute: each kind keeps
its own window, and what we send counts against every one that is open. WeChat's own
45015 and 45047 outrank whatever this says.

Source: developers.weixin.qq.com › miniprogram › customer-message › send (发送客服消息),
the table 用户动作 / 允许下发条数限制 / 下发时限.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Grant:
    messages: int
    duration: timedelta


MESSAGE = Grant(messages=5, duration=timedelta(hours=48))
ENTRY = Grant(messages=2, duration=timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """The window that one act of a customer's opens.

    opened_at  when the act happened: aware, by WeChat's clock
    grant      what it allows
    used       how many of our messages WeChat has accepted since
    """

    opened_at: datetime
    grant: Grant
    used: int = 0

    @property
    def closes_at(self) -> datetime:
        return self.opened_at + self.grant.duration

    def is_open(self, now: datetime) -> bool:
        return now < self.closes_at

    def left(self, now: datetime) -> int:
        """Return how many messages may still be sent at `now`: 0 once it has closed."""
        if not self.is_open(now):
            return 0
        return max(0, self.grant.messages - self.used)


def left(windows: Iterable[ReplyWindow], now: datetime) -> int:
    """Return how many messages a customer's windows, one of each kind, leave us."""
    return max((window.left(now) for window in windows), default=0)


def closes_at(windows: Iterable[ReplyWindow], now: datetime) -> datetime | None:
    """Return until when we may send anything at all, or None if we may not."""
    usable = (window.closes_at for window in windows if window.left(now))
    return max(usable, default=None)
