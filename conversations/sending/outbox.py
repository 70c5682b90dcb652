"""A customer's lane: their deliveries, one at a time and in the order we wrote them.

WeChat's send has no key that would make a second request harmless. So nothing is sent
twice by our own decision: `sending` is committed before the request, and when no answer
comes, or the worker dies, the delivery ends as unconfirmed and a human decides.

Between processes the lane is a lease in the database with a fence: a worker that slept
through its lease finds that the fence has moved on, and settles nothing.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone

from conversations import (
    barriers,
    lanes,
    lights,
    live,
    mini_programs,
    pauses,
    reply_windows,
    typing_state,
)
from conversations.models import (
    Customer,
    Delivery,
    DeliveryAttempt,
    Light,
    Message,
    Pause,
)
from conversations.wechat import messages
from conversations.wechat.errors import NoAnswer, NotSent, WeChatError

from .hold import is_held
from .outcomes import Result, judge, says_that_wechat_takes_messages
from .outgoing import outgoing

logger = logging.getLogger(__name__)

SETTLE_PAUSES = [0.1, 0.5, 1, 2, 4]  # s between tries to write a result down

State = Delivery.State
Outcome = DeliveryAttempt.Outcome


def drain_now(customer_id: int) -> None:
    """Wake a customer's lane. A worker's job; harmless to run twice, or at once."""
    lanes.wake(drain, customer_id)


async def drain(customer_id: int) -> float | None:
    """Deliver what one customer is owed, oldest first, until nothing is left to do.

    Returns in how many seconds there will be more to do, or None.
    """
    fence = await _in_database(_lease)(customer_id)
    if fence is None:
        return None
    try:
        while not lanes.is_ending():
            delivery = await _in_database(_next)(customer_id, fence)
            if delivery is None or not await _deliver(delivery, fence):
                break
    finally:
        later = await _in_database(_release)(customer_id, fence)
    return later


async def _deliver(delivery: Delivery, fence: int) -> bool:
    """Send one delivery and settle it. False when the ones behind it have to wait."""
    if errcode := reply_windows.foreseen(delivery, timezone.now()):
        result = Result(State.FAILED, Outcome.NOT_SENT, errcode)
        await _write_down(delivery, None, None, result)
        return True
    turn = await _in_database(pauses.turn)(delivery.customer.mini_program_id)
    if turn is pauses.Turn.WAIT:
        return False
    client = mini_programs.client(delivery.customer.mini_program)
    try:
        await client.get_ready()  # Nothing has been sent if this fails
        content = await outgoing(delivery)
    except (NotSent, WeChatError, messages.Invalid) as exc:
        result = judge(exc, delivery)
        await _draw_conclusions(delivery, result, exc)
        await _write_down(delivery, None, None, result)
        return result.state != State.QUEUED
    if delivery.typing_first:
        await typing_state.show_before(delivery.customer)
    await barriers.areach("before_http")
    attempt = await _in_database(_begin)(delivery, fence)
    if attempt is None:
        return False
    failure: Exception | None = None
    try:
        await client.send(delivery.customer.openid, content)
        result = Result(State.SENT, Outcome.SENT, errcode=0)
    except (NotSent, NoAnswer, WeChatError, messages.Invalid) as exc:
        result, failure = judge(exc, delivery), exc
    await barriers.areach("after_http")
    if result.is_everybodys:
        await _draw_conclusions(delivery, result, failure)
    await _write_down(delivery, fence, attempt, result)
    if not result.is_everybodys:
        await _draw_conclusions(delivery, result, failure, turn)
    return result.state != State.QUEUED


async def _draw_conclusions(
    delivery: Delivery,
    result: Result,
    failure: Exception | None,
    turn: pauses.Turn = pauses.Turn.GO,
) -> None:
    """Have the mini program's other deliveries know of what befell this one.

    A pause begins before this one is queued again, else it would be tried at once; it
    ends after a delivery that was let through to see. None of it may cost us a result.
    """
    if isinstance(failure, messages.Invalid):
        return  # WeChat was not asked
    mini_program_id = delivery.customer.mini_program_id
    ok = says_that_wechat_takes_messages(failure)
    try:
        if isinstance(failure, WeChatError) and result.is_everybodys:
            await _in_database(pauses.begin)(mini_program_id, failure)
        elif ok and turn is pauses.Turn.PROBE:
            await _in_database(pauses.end)(mini_program_id)
    except DatabaseError as exc:
        logger.warning("Of a pause: %s", type(exc).__name__)
    note = _in_database(lights.note)
    await note(mini_program_id, Light.Name.SEND, ok, None if ok else failure)


async def _write_down(
    delivery: Delivery,
    fence: int | None,
    attempt: DeliveryAttempt | None,
    result: Result,
) -> None:
    """Settle a delivery, though the database may be away for a moment.

    WeChat's answer is known to nobody else: lost here, what was sent becomes unconfirmed
    and may be sent again. The fence makes a repeat harmless.
    """
    for pause in SETTLE_PAUSES:
        try:
            return await _in_database(_settle)(delivery, fence, attempt, result)
        except DatabaseError as exc:
            logger.warning("Delivery %s: %s", delivery.pk, type(exc).__name__)
            await asyncio.sleep(pause)
    return await _in_database(_settle)(delivery, fence, attempt, result)


def _lease(customer_id: int) -> int | None:
    """Take the lane. Returns the fence, or None when somebody has it."""
    now = timezone.now()
    mine = Customer.objects.filter(
        Q(lane_until=None) | Q(lane_until__lte=now), pk=customer_id
    ).update(lane_until=_lease_end(now), lane_fence=F("lane_fence") + 1)
    if not mine:
        return None
    return Customer.objects.values_list("lane_fence", flat=True).get(pk=customer_id)


def _next(customer_id: int, fence: int) -> Delivery | None:
    """Return the delivery whose turn it is, renewing the lease; None when it is no
    one's, not yet, or no longer ours to serve."""
    now = timezone.now()
    renewed = Customer.objects.filter(pk=customer_id, lane_fence=fence).update(
        lane_until=_lease_end(now)
    )
    if not renewed or is_held():
        return None
    _settle_abandoned(customer_id, fence)
    delivery = (
        Delivery.objects.filter(
            customer_id=customer_id, settled_at=None, state=State.QUEUED
        )
        .select_related(
            "message__conversation",
            "message__customer__mini_program",
            "message__picture",
            "customer__mini_program",
        )
        .order_by("pk")
        .first()
    )
    if delivery is None or delivery.not_before > now:
        return None
    return delivery


def _settle_abandoned(customer_id: int, fence: int) -> None:
    """Whoever was sending before us died over it: nobody knows what arrived."""
    abandoned = Delivery.objects.filter(
        customer_id=customer_id, settled_at=None, state=State.SENDING, fence__lt=fence
    )
    result = Result(State.UNCONFIRMED, Outcome.UNCONFIRMED, errmsg="the worker died")
    for delivery in abandoned:
        attempt = delivery.attempts.filter(ended_at=None).last()
        _settle(delivery, delivery.fence, attempt, result)
        logger.warning("Delivery %s was abandoned: unconfirmed", delivery.pk)


def _begin(delivery: Delivery, fence: int) -> DeliveryAttempt | None:
    """Commit that the request is about to go out. None when the lane is not ours."""
    now = timezone.now()
    with live.recording():
        ours = Customer.objects.filter(
            pk=delivery.customer_id, lane_fence=fence, lane_until__gt=now
        ).update(lane_until=_lease_end(now))
        begun = ours and Delivery.objects.filter(
            pk=delivery.pk, state=State.QUEUED
        ).update(state=State.SENDING, fence=fence)
        if not begun:
            return None
        attempt = DeliveryAttempt.objects.create(delivery=delivery, began_at=now)
        live.message(delivery.message)
    return attempt


def _settle(
    delivery: Delivery,
    fence: int | None,
    attempt: DeliveryAttempt | None,
    result: Result,
) -> None:
    """Write down how a request ended, unless somebody else has settled it.

    fence  of the lane that made the request; None when none was made
    """
    barriers.reach("before_result_commit")
    now = timezone.now()
    queued = result.state == State.QUEUED
    with live.recording():
        before = Q(state=State.SENDING, fence=fence)
        if fence is None:
            before = Q(state=State.QUEUED)
        settled = Delivery.objects.filter(before, pk=delivery.pk).update(
            state=result.state,
            tries=F("tries") + (0 if result.is_everybodys else 1),
            errcode=result.errcode,
            errmsg=result.errmsg[:300],
            rid=result.rid[:64],
            not_before=now + timedelta(seconds=result.pause),
            settled_at=None if queued else now,
        )
        if not settled:
            logger.warning("Delivery %s was settled by somebody else", delivery.pk)
            return
        if attempt:
            attempt.ended_at, attempt.outcome = now, result.outcome
            attempt.errcode, attempt.rid = result.errcode, result.rid[:64]
            attempt.errmsg = result.errmsg[:300]
            attempt.save()
        if result.state == State.SENT:
            # A message that arrives ends the indicator, so it may be shown again.
            Customer.objects.filter(pk=delivery.customer_id).update(
                exchanged_at=now, typing_shown_at=None
            )
        if result.state == State.FAILED:
            is_automatic = delivery.message.author == Message.Author.AUTO_REPLY
            reply_windows.give_back(delivery.customer, automatic=is_automatic)
        if attempt:
            reply_windows.refused(delivery.customer, result.errcode)
        live.message(delivery.message)
        if result.state in (State.FAILED, State.UNCONFIRMED):
            live.conversation(delivery.message.conversation)  # The row shows it


def _release(customer_id: int, fence: int) -> float | None:
    """Give the lane back. Returns in how many seconds it is needed again, if at all.

    Looking after letting go: what was queued between the last look and now would
    otherwise have found the lane taken and nobody serving it.
    """
    now = timezone.now()
    Customer.objects.filter(pk=customer_id, lane_fence=fence).update(lane_until=now)
    waiting = (
        Delivery.objects.filter(
            customer_id=customer_id, settled_at=None, state=State.QUEUED
        )
        .order_by("pk")
        .values_list("not_before", flat=True)
        .first()
    )
    if waiting is None or is_held() or _is_paused(customer_id):
        return None
    return max(0.01, (waiting - now).total_seconds())


def _is_paused(customer_id: int) -> bool:
    """Whether nothing can go out by itself: the sweeper sees to what does."""
    return Pause.objects.filter(mini_program__customers=customer_id).exists()


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LANE_LEASE)


_in_database = database_sync_to_async
