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
the table 用户动作 / 允许下发条数限制 / 下发时限; the codes: 全局错误码.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

OVER = 45015  # the time to reply is over
SPENT = 45047  # the messages of this round are used up
REFUSALS = (OVER, SPENT)

Kind = Literal["message", "entry"]


@dataclass(frozen=True, slots=True)
class Grant:
    messages: int
    duration: timedelta
    kind: Kind = "message"


MESSAGE = Grant(messages=5, duration=timedelta(hours=48))
ENTRY = Grant(messages=2, duration=timedelta(minutes=1), kind="entry")


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """The window that one act of a customer's opens.

    opened_at  when the act happened: aware, by WeChat's clock
    grant      what it allows
    used       how many of our messages count against it: those WeChat has accepted
               since, and those on their way
    """

    opened_at: datetime
    grant: Grant
    used: int = 0

    @property
    def kind(self) -> Kind:
        return self.grant.kind

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


@dataclass(frozen=True, slots=True)
class Standing:
    """What we may send a customer at one moment.

    left       messages that may still be sent
    allowed    of how many, in the window that leaves the most; 0 when none is open
    closes_at  when that window ends; None when none is open
    kind       what opened it
    refusal    45015 or 45047 when that was WeChat's last word, which then holds
               whatever the rest would say: closed, or none left
    """

    left: int = 0
    allowed: int = 0
    closes_at: datetime | None = None
    kind: Kind | None = None
    refusal: int | None = None

    @property
    def is_open(self) -> bool:
        return self.kind is not None


def standing(
    windows: Iterable[ReplyWindow], now: datetime, refusal: int | None = None
) -> Standing:
    """Say what a customer's windows, one of each kind, leave us.

    refusal  WeChat's last word, if the customer has done nothing since
    """
    running = [window for window in windows if window.is_open(now)]
    if refusal == OVER or not running:
        return Standing(refusal=refusal)
    best = max(running, key=lambda window: (window.left(now), window.closes_at))
    return Standing(
        left=0 if refusal == SPENT else best.left(now),
        allowed=best.grant.messages,
        closes_at=best.closes_at,
        kind=best.kind,
        refusal=refusal,
    )


def left(windows: Iterable[ReplyWindow], now: datetime) -> int:
    """Return how many messages a customer's windows, one of each kind, leave us."""
    return standing(windows, now).left


def closes_at(windows: Iterable[ReplyWindow], now: datetime) -> datetime | None:
    """Return until when we may send anything at all, or None if we may not."""
    usable = (window.closes_at for window in windows if window.left(now))
    return max(usable, default=None)
