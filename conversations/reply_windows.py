"""What we may still send a customer: the count of what WeChat grants and accepts.

Every function here wants the customer's row locked, with its mini program, and changes
the row's FIELDS. A message is counted when it is queued, so that two agents and a rule
can't spend the same one; it is given back when it fails without WeChat having taken it.
What ended unconfirmed stays counted. The windows themselves are in
`conversations/wechat/reply_window.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Count, F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.models import Customer, Delivery, Message, MiniProgram
from conversations.models.refusals import sentence_for
from conversations.wechat.reply_window import (
    OVER,
    REFUSALS,
    SPENT,
    Kind,
    Standing,
    standing,
)

logger = logging.getLogger(__name__)

FIELDS = [
    "message_granted_at",
    "message_used",
    "entry_granted_at",
    "entry_used",
    "rules_used",
    "window_refusal",
    "window_closes_at",
]
SPENDING = ["message_used", "entry_used", "rules_used"]
MOST_USED = 10_000  # An entering may be long ago; its count must still fit its column
CERTAINLY = timedelta(seconds=5)  # by which WeChat's clock and ours may differ

# Why a rule's answer was withheld
REFUSED = (
    "window_refused"  # WeChat has said no, and the customer has done nothing since
)
CLOSED = "window_closed"
BUDGET = "window_budget"  # what is left is the agents'


class NotAllowed(Exception):
    """There is no room for a reply. `reason` says so to the agent, and what helps."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def of(customer: Customer, now: datetime) -> Standing:
    """Say what we may send a customer, and until when."""
    return standing(customer.windows, now, customer.window_refusal)


def grant(acts: Iterable[tuple[Customer, Kind, datetime]]) -> None:
    """Open customers' windows anew, on the objects; the caller saves FIELDS.

    acts  who did what when, by WeChat's clock. Pushes come out of order: one older than
          what opened the window changes nothing

    What is still on its way will count against the new grant, whenever it arrives there.
    """
    renewed: dict[int, tuple[Customer, set[Kind]]] = {}
    for customer, kind, at in acts:
        field = f"{kind}_granted_at"
        before = getattr(customer, field)
        if before is None or at >= before:
            setattr(customer, field, at)
            renewed.setdefault(customer.pk, (customer, set()))[1].add(kind)
    if not renewed:
        return
    on_their_way = _on_their_way(renewed)
    for pk, (customer, kinds) in renewed.items():
        count, automatic = on_their_way.get(pk, (0, 0))
        customer.window_refusal = None
        customer.window_closes_at = max(one.closes_at for one in customer.windows)
        for kind in kinds:
            setattr(customer, f"{kind}_used", count)
        if "message" in kinds:
            customer.rules_used = automatic


def reserve(customer: Customer, count: int, now: datetime) -> None:
    """Count messages as on their way, all of them or none.

    Raises NotAllowed when there is no room for them.
    """
    room = of(customer, now)
    if room.left < count:
        raise NotAllowed(_why_not(customer, room, count))
    _spend(customer, count)
    customer.save(update_fields=SPENDING)


def reserve_for_rule(
    customer: Customer, count: int, now: datetime, *, welcome: bool = False
) -> str:
    """Count what a rule says as on its way. Returns "", or why it must not be said.

    On the object: the caller saves SPENDING.

    welcome  it answers the customer's entering
    """
    if customer.window_refusal:
        return REFUSED
    room = of(customer, now)
    if not room.is_open:
        return CLOSED
    if count > _room_for_rules(customer, now, welcome=welcome):
        return BUDGET
    _spend(customer, count)
    customer.rules_used += count
    return ""


def reckon(mini_program: MiniProgram) -> None:
    """Write anew when customers' windows end: how long they last was changed.

    A window that WeChat has called over stays so.
    """
    theirs = Customer.objects.filter(mini_program=mini_program).exclude(
        window_refusal=OVER
    )
    lasts = timedelta(hours=mini_program.message_hours)
    theirs.filter(message_granted_at__isnull=False).update(
        window_closes_at=F("message_granted_at") + lasts
    )
    lasts = timedelta(seconds=mini_program.entry_seconds)
    theirs.filter(
        Q(message_granted_at=None)
        | Q(window_closes_at__lt=F("entry_granted_at") + lasts),
        entry_granted_at__isnull=False,
    ).update(window_closes_at=F("entry_granted_at") + lasts)


def save(customers: Collection[Customer]) -> None:
    """Write down what `reserve_for_rule` has counted."""
    Customer.objects.bulk_update(customers, SPENDING)


def give_back(customer: Customer, *, automatic: bool = False) -> None:
    """A delivery has failed and WeChat has not taken it: it doesn't count."""
    counted = SPENDING if automatic else SPENDING[:2]
    Customer.objects.filter(pk=customer.pk).update(
        **{field: Greatest(F(field) - 1, 0) for field in counted}
    )


def refused(customer: Customer, errcode: int | None) -> None:
    """Note WeChat's word on the window, which holds until the customer does something.

    customer  as they were before the request: what they have done meanwhile is newer
              than WeChat's answer
    """
    if errcode not in REFUSALS:
        return
    changes: dict[str, object] = {"window_refusal": errcode}
    if errcode == OVER:
        changes["window_closes_at"] = None
    Customer.objects.filter(
        pk=customer.pk,
        message_granted_at=customer.message_granted_at,
        entry_granted_at=customer.entry_granted_at,
    ).update(**changes)
    room = customer.standing
    logger.info(
        "Customer %s: WeChat says %s; we counted %s", customer.pk, errcode, room.left
    )


def foreseen(delivery: Delivery, now: datetime) -> int | None:
    """Return what WeChat would certainly answer to a delivery, or None if in doubt.

    Only where asking is pointless: the window is long over by our clock, or WeChat has
    said no and nobody but a machine would ask again.
    """
    customer = delivery.customer
    windows = customer.windows
    if windows and not any(one.is_open(now - CERTAINLY) for one in windows):
        return OVER
    if delivery.message.author == Message.Author.AUTO_REPLY:
        return customer.window_refusal
    return None


def _on_their_way(customer_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return {customer: (their unsettled deliveries, how many of those of rules)}."""
    automatic = Q(message__author=Message.Author.AUTO_REPLY)
    counted = (
        Delivery.objects.filter(customer_id__in=customer_ids, settled_at=None)
        .values_list("customer_id")
        .annotate(count=Count("pk"), rules=Count("pk", filter=automatic))
        .order_by()
    )
    return {pk: (count, rules) for pk, count, rules in counted}


def _room_for_rules(customer: Customer, now: datetime, *, welcome: bool) -> int:
    """Return how many messages rules may send now.

    Of a message's grant a few, and never its last one. A welcome may use all that
    entering grants, as the customer's first message renews it; but what an earlier
    message has left to agents it must not take.
    """
    left = {window.kind: window.left(now) for window in customer.windows}
    to_spare = left.get("message", 0) - 1
    if welcome:
        entry = left.get("entry", 0)
        return min(entry, to_spare) if to_spare >= 0 else entry
    budget = customer.mini_program.rules_may_spend - customer.rules_used
    return max(0, min(budget, to_spare))


def _spend(customer: Customer, count: int) -> None:
    customer.message_used = min(customer.message_used + count, MOST_USED)
    customer.entry_used = min(customer.entry_used + count, MOST_USED)


def _why_not(customer: Customer, room: Standing, count: int) -> str:
    if not room.is_open:
        if not customer.windows:
            return _("The customer has not written yet. You can reply once they do.")
        return sentence_for(OVER)
    if not room.left:
        return sentence_for(SPENT)
    return ngettext(
        "This takes %(count)s messages and only %(left)s is left. Nothing was sent.",
        "This takes %(count)s messages and only %(left)s are left. Nothing was sent.",
        room.left,
    ) % {"count": count, "left": room.left}
