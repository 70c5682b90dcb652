"""How a request ended, and what becomes of its delivery.

WeChat took it                     sent
it was not sent, or WeChat asks    queued again for a while, then failed
us to come back
WeChat refused it                  failed
nobody knows                       unconfirmed; only a human sends it again
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from conversations.models import Delivery, DeliveryAttempt
from conversations.wechat.errors import Action, NoAnswer, NotSent, WeChatError

State = Delivery.State
Outcome = DeliveryAttempt.Outcome

BUSY_PAUSES = [1, 2, 4]  # s, then it has failed
UNREACHABLE_PAUSES = [1, 2, 4, 8, 15, 30, 30]  # s, a minute and a half in all
MINUTE = 60  # s until WeChat counts anew


@dataclass(frozen=True, slots=True)
class Result:
    """How one request ended, and what becomes of its delivery."""

    state: str
    outcome: str
    errcode: int | None = None
    errmsg: str = ""
    rid: str = ""
    pause: float = 0.0  # s until it is tried again, when `state` is queued


def judge(exc: Exception, delivery: Delivery) -> Result:
    """Sort a failure by what is to be done about it."""
    match exc:
        case NoAnswer():
            return Result(State.UNCONFIRMED, Outcome.UNCONFIRMED, errmsg=str(exc))
        case NotSent():
            return _later(
                Outcome.NOT_SENT, UNREACHABLE_PAUSES, delivery, None, str(exc)
            )
        case WeChatError(action=Action.RETRY):
            return _later(
                Outcome.REFUSED, BUSY_PAUSES, delivery, exc.errcode, exc.errmsg, exc.rid
            )
        case WeChatError(action=Action.PAUSE_MINUTE):
            return _later(
                Outcome.REFUSED,
                [MINUTE] * 3,
                delivery,
                exc.errcode,
                exc.errmsg,
                exc.rid,
            )
        case WeChatError():
            return Result(
                State.FAILED, Outcome.REFUSED, exc.errcode, exc.errmsg, exc.rid
            )
        case _:
            return Result(State.FAILED, Outcome.NOT_SENT, 47001, str(exc))


def _later(
    outcome: str,
    pauses: list[int],
    delivery: Delivery,
    errcode: int | None,
    errmsg: str,
    rid: str = "",
) -> Result:
    if delivery.tries >= len(pauses):
        return Result(State.FAILED, outcome, errcode, errmsg, rid)
    pause = pauses[delivery.tries] * random.uniform(0.8, 1.2)  # noqa: S311
    return Result(State.QUEUED, outcome, errcode, errmsg, rid, pause)
