"""A mini program to whose customers nothing can go out just now, whoever they are.

    WeChat says                        asked again
    too much this minute (45011)       when the minute is over
    too much today (45009)             every ten minutes
    something is set up wrong          after 10 s, 20 s, 40 s … ten minutes, and when a
    (40164, 48001, 40001 for good …)   supervisor has changed something

Meanwhile deliveries stay queued, in order. Asking again means that one of them is let
through: the rest follow it once WeChat has taken it. So nothing is lost, and WeChat is
asked no more often than it can bear.

Agents see a pause as a banner, which comes and goes by a live event.
"""

from __future__ import annotations

import enum
import logging
from datetime import timedelta

from django.utils import timezone

from conversations import broker, live
from conversations.access import Seats
from conversations.models import Delivery, MiniProgram, Pause
from conversations.wechat.errors import Action, WeChatError, action_for

logger = logging.getLogger(__name__)

MINUTE = timedelta(seconds=58)  # the sweeper needs up to 2 s to notice
SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(minutes=10)

PAUSING = frozenset(
    {Action.TOKEN, Action.CONFIGURATION, Action.PAUSE_MINUTE, Action.PAUSE_DAY}
)
ONLY_THIS_KIND = 48008  # no right to pictures, say, is no reason to hold back words

PROBE = "conversations.sending.probe_now"
DRAIN = "conversations.sending.drain_now"
MOST_WOKEN = 500  # at once; the sweeper wakes the rest


class Turn(enum.Enum):
    """Whether a delivery may go out."""

    GO = enum.auto()
    PROBE = enum.auto()  # it goes to see whether the pause is over
    WAIT = enum.auto()


def pauses(exc: WeChatError) -> bool:
    """Return whether a refusal would befall every customer's messages."""
    return exc.action in PAUSING and exc.errcode != ONLY_THIS_KIND


def begin(mini_program_id: int, exc: WeChatError) -> None:
    """Pause a mini program, or note that it is still, or differently, refused."""
    now = timezone.now()
    reason = {
        "errcode": exc.errcode,
        "errmsg": exc.errmsg[:300],
        "rid": exc.rid[:64],
        "since": now,
        "probe_at": now + _wait(exc.errcode, timedelta()),
    }
    with live.recording():
        pause, is_new = Pause.objects.get_or_create(
            mini_program_id=mini_program_id, defaults=reason
        )
        if not is_new and pause.errcode == exc.errcode:
            return  # Who let the probe through has set the time of the next
        if not is_new:
            Pause.objects.filter(pk=pause.pk).update(**reason)
        live.pause(mini_program_id)
    logger.warning("Mini program %s is paused: %s", mini_program_id, exc)


def end(mini_program_id: int) -> bool:
    """Let everything go out again. False when there was no pause."""
    with live.recording():
        if not Pause.objects.filter(mini_program_id=mini_program_id).delete()[0]:
            return False
        live.pause(mini_program_id)
        for customer_id in _waiting(mini_program_id):
            broker.enqueue("outbox", DRAIN, customer_id)
    logger.info("Mini program %s goes on", mini_program_id)
    return True


def turn(mini_program_id: int) -> Turn:
    """Return what a delivery may do now. PROBE is given to one, each time it is due."""
    pause = Pause.objects.filter(mini_program_id=mini_program_id).first()
    if pause is None:
        return Turn.GO
    return Turn.PROBE if take_probe(pause) else Turn.WAIT


def take_probe(pause: Pause) -> bool:
    """Return whether it is time to ask again, and nobody else does."""
    now = timezone.now()
    if pause.probe_at > now:
        return False
    return bool(
        Pause.objects.filter(pk=pause.pk, probe_at=pause.probe_at).update(
            probe_at=now + _wait(pause.errcode, now - pause.since)
        )
    )


def try_again(mini_program: MiniProgram) -> bool:
    """Ask again at once, because somebody has changed something. False if not paused."""
    with live.recording():
        if not Pause.objects.filter(mini_program=mini_program).update(
            probe_at=timezone.now()
        ):
            return False
        broker.enqueue("outbox", PROBE, mini_program.pk)
    return True


def at(seats: Seats) -> list[Pause]:
    """Return the pauses of some mini programs, as banners show them."""
    found = Pause.objects.select_related("mini_program").order_by("mini_program_id")
    if seats is not None:
        found = found.filter(mini_program__in=seats)
    return list(found)


def _waiting(mini_program_id: int) -> set[int]:
    """Return the customers to whom something is to go out."""
    queued = Delivery.objects.filter(
        customer__mini_program=mini_program_id, settled_at=None
    )
    return set(queued.order_by("pk").values_list("customer_id", flat=True)[:MOST_WOKEN])


def _wait(errcode: int, paused_for: timedelta) -> timedelta:
    """Return how long not to ask: of a setting, as long again as it has been wrong."""
    match action_for(errcode):
        case Action.PAUSE_MINUTE:
            return MINUTE
        case Action.PAUSE_DAY:
            return LONGEST
        case _:
            return min(max(paused_for, SHORTEST), LONGEST)
