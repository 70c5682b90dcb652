"""What only a human may decide: whether something arrived, and to send it again."""

from __future__ import annotations

from django.utils import timezone

from agents.models import Agent
from conversations import broker, live, reply_windows
from conversations.models import Delivery, DeliveryAttempt, Message

from .writing import DRAIN, locked

SETTLED_BADLY = [Delivery.State.FAILED, Delivery.State.UNCONFIRMED]


def send_again(delivery: Delivery, agent: Agent) -> bool:
    """Queue a failed or unconfirmed delivery once more, on a human's word.

    False when it is in no such state, as when a colleague was faster. Raises NotAllowed
    when the reply window has no room for it.
    """
    return _decide(
        delivery,
        agent,
        DeliveryAttempt.Outcome.SENT_AGAIN,
        SETTLED_BADLY,
        state=Delivery.State.QUEUED,
        tries=0,
        errcode=None,
        errmsg="",
        settled_at=None,
    )


def mark_delivered(delivery: Delivery, agent: Agent) -> bool:
    """Take a human's word that an unconfirmed delivery arrived."""
    return _decide(
        delivery,
        agent,
        DeliveryAttempt.Outcome.MARKED_SENT,
        [Delivery.State.UNCONFIRMED],
        state=Delivery.State.SENT,
        settled_at=timezone.now(),
    )


def _decide(
    delivery: Delivery,
    agent: Agent,
    outcome: str,
    states: list[Delivery.State],
    **changes: object,
) -> bool:
    with live.recording():
        customer = locked(delivery.customer_id)
        now = timezone.now()
        decided = Delivery.objects.filter(pk=delivery.pk, state__in=states).update(
            not_before=now, **changes
        )
        if not decided:
            return False
        if changes["state"] == Delivery.State.QUEUED:
            # An unconfirmed one stays counted as well: it may have arrived.
            reply_windows.reserve(customer, 1, now)
        DeliveryAttempt.objects.create(
            delivery=delivery, agent=agent, began_at=now, ended_at=now, outcome=outcome
        )
        message = Message.objects.select_related("conversation").get(
            pk=delivery.message_id
        )
        live.message(message)
        live.conversation(message.conversation)  # Its row no longer shows a failure
        if changes["state"] == Delivery.State.QUEUED:
            broker.enqueue("outbox", DRAIN, delivery.customer_id)
    return True
