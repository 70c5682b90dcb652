"""Messages that were to be handed over, and weren't: our answer came too late.

A cloud function gives up on us after three seconds and answers WeChat itself; then it
brings the message along once more, and says so. We had taken the customer for WeChat's
own tool's, and nobody there has ever heard of them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from conversations import live
from conversations.models import Conversation, Customer, ReceivedPush
from conversations.sending.writing import happened

Outcome = ReceivedPush.Outcome


def take_back(keys: Collection[str], now: datetime) -> None:
    """Have the customers of these pushes wait for us again."""
    pushes = ReceivedPush.objects.filter(
        dedupe_key__in=keys, outcome=Outcome.HANDED_OVER, message__isnull=False
    )
    for push in pushes.select_related("message").order_by("message__customer_id"):
        assert push.message is not None  # noqa: S101  By the filter
        _take_back(push.message.conversation_id, push.message.customer_id, now)
    pushes.update(outcome=Outcome.STORED)


def _take_back(conversation_id: int, customer_id: int, now: datetime) -> None:
    Customer.objects.select_for_update().get(pk=customer_id)
    Customer.objects.filter(pk=customer_id).update(handed_over_at=None)
    conversation = Conversation.objects.get(pk=conversation_id)
    conversation.status = Conversation.Status.OPEN
    conversation.unread += 1
    conversation.waiting_since = conversation.waiting_since or now
    conversation.save(update_fields=["status", "unread", "waiting_since"])
    happened(conversation, "not_handed_over", now)
    live.conversation(conversation)
