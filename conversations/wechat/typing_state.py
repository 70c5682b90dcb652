"""When WeChat would show the customer that somebody types.

Only within 30 s of a message in either direction (else 45080), and not while it is
still showing, which takes 15 s (else 45081). Entering the session is no message.

Source: developers.weixin.qq.com › miniprogram › customer-message › typing
(客服输入状态).
"""

from __future__ import annotations

from datetime import datetime, timedelta

AFTER_EXCHANGE = timedelta(seconds=30)
SHOWN_FOR = timedelta(seconds=15)


def may_show(
    now: datetime, last_exchange_at: datetime | None, last_shown_at: datetime | None
) -> bool:
    """Return whether asking WeChat for the typing indicator makes sense at `now`.

    last_exchange_at  when the last message went either way; None if there was none
    last_shown_at     when WeChat last began to show it; None if never

    A message of ours ends the indicator early. Only WeChat knows when it arrived, so
    the 15 s are kept all the same.
    """
    if last_exchange_at is None or now - last_exchange_at >= AFTER_EXCHANGE:
        return False
    return last_shown_at is None or now - last_shown_at >= SHOWN_FOR
