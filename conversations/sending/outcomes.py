"""How a request ended, and what becomes of its delivery.

WeChat took it                     sent
it was not sent, or WeChat asks    queued again for a while, then failed
us to come back
it has forgotten our picture       queued, and uploaded anew, once
WeChat refuses whatever we send    queued, and the mini program is paused
WeChat refused it                  failed
nobody knows                       unconfirmed; only a human sends it again
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from conversations import pauses
from conversations.models import Delivery, DeliveryAttempt
from conversations.wechat.errors import Action, NoAnswer, NotSent, WeChatError

State = Delivery.State
Outcome = DeliveryAttempt.Outcome

BUSY_PAUSES = [1, 2, 4]  # s, then it has failed
UNREACHABLE_PAUSES = [1, 2, 4, 8, 15, 30, 30]  # s, a minute and a half in all
BAD_MEDIA_ID = 40007  # WeChat has forgotten a picture before its time
UNEXPLAINED = 4  # without a word; once it may pass, twice it is a path we may not use


@dataclass(frozen=True, slots=True)
class Result:
    """How one request ended, and what becomes of its delivery."""

    state: str
    outcome: str
    errcode: int | None = None
    errmsg: str = ""
    rid: str = ""
    pause: float = 0.0  # s until it is tried again, when `state` is queued
    is_everybodys: bool = False  # not this delivery's fault: it counts as no try


def judge(exc: Exception, delivery: Delivery) -> Result:
    """Sort a failure by what is to be done about it."""
    match exc:
        case NoAnswer():
            return Result(State.UNCONFIRMED, Outcome.UNCONFIRMED, errmsg=str(exc))
        case NotSent():
            return _later(
                Outcome.NOT_SENT, UNREACHABLE_PAUSES, delivery, None, str(exc)
            )
        case WeChatError() if _is_everybodys(exc, delivery):
            return Result(
                State.QUEUED,
                Outcome.REFUSED,
                exc.errcode,
                exc.errmsg,
                exc.rid,
                is_everybodys=True,
            )
        case WeChatError(action=Action.RETRY):
            return _later(
                Outcome.REFUSED, BUSY_PAUSES, delivery, exc.errcode, exc.errmsg, exc.rid
            )
        case WeChatError(errcode=code) if code == BAD_MEDIA_ID != delivery.errcode:
            # At once, with the picture uploaded anew; a second time it has failed.
            return Result(State.QUEUED, Outcome.REFUSED, code, exc.errmsg, exc.rid)
        case WeChatError():
            return Result(
                State.FAILED, Outcome.REFUSED, exc.errcode, exc.errmsg, exc.rid
            )
        case _:
            return Result(State.FAILED, Outcome.NOT_SENT, 47001, str(exc))


def says_that_wechat_takes_messages(exc: Exception | None) -> bool:
    """Return whether this refusal, or none, shows that sending as such goes well."""
    if exc is None:
        return True
    fine = (Action.FINAL, Action.QUOTA, Action.DROP)
    return isinstance(exc, WeChatError) and exc.action in fine


def _is_everybodys(exc: WeChatError, delivery: Delivery) -> bool:
    return pauses.pauses(exc) or (exc.errcode == UNEXPLAINED and delivery.tries > 0)


def _later(
    outcome: str,
    waits: list[int],
    delivery: Delivery,
    errcode: int | None,
    errmsg: str,
    rid: str = "",
) -> Result:
    if delivery.tries >= len(waits):
        return Result(State.FAILED, outcome, errcode, errmsg, rid)
    pause = waits[delivery.tries] * random.uniform(0.8, 1.2)  # noqa: S311
    return Result(State.QUEUED, outcome, errcode, errmsg, rid, pause)
