"""When the customer sees 对方正在输入.

WeChat shows it for 15 seconds, and only within 30 seconds of the last message in either
direction. Both rules are kept by one conditional update, so that two agents, or an agent
and a rule, never ask twice. It is a courtesy: no failure of it is ever shown, and it
never holds up a message.
"""

from __future__ import annotations

import asyncio
import logging

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from conversations import broker, lanes, mini_programs
from conversations.models import Conversation, Customer, DueReply
from conversations.wechat.errors import NoAnswer, NotSent, WeChatError
from conversations.wechat.typing_state import AFTER_EXCHANGE, SHOWN_FOR

logger = logging.getLogger(__name__)

PATIENCE = 0.3  # s that a message waits for the indicator before it


def agent_types(conversation_id: int, agent_id: int) -> None:
    """An agent is writing: no fallback is needed, and the customer may see it."""
    conversation = (
        Conversation.objects.filter(pk=conversation_id).only("customer_id").first()
    )
    if conversation is None:
        return
    DueReply.objects.filter(
        customer_id=conversation.customer_id, state=DueReply.State.PENDING
    ).update(state=DueReply.State.CANCELLED)
    if _take_turn(conversation.customer_id):
        broker.enqueue(
            "outbox", "conversations.typing_state.show_now", conversation.customer_id
        )


def show_now(customer_id: int) -> None:
    """Ask WeChat to show it. A worker's job; the turn has been taken."""
    lanes.wake(_show, customer_id)


async def show_before(customer: Customer) -> None:
    """Show it before a message nobody typed, if the rules allow; 300 ms at most."""
    if not await database_sync_to_async(_take_turn)(customer.pk):
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await mini_programs.client(customer.mini_program).typing(customer.openid)
    except (TimeoutError, WeChatError, NotSent, NoAnswer) as exc:
        logger.info("Typing before a message: %s", type(exc).__name__)


def _take_turn(customer_id: int) -> bool:
    """Return whether it may be shown now, and note that it is."""
    now = timezone.now()
    return bool(
        Customer.objects.filter(
            Q(typing_shown_at=None) | Q(typing_shown_at__lte=now - SHOWN_FOR),
            pk=customer_id,
            exchanged_at__gt=now - AFTER_EXCHANGE,
        ).update(typing_shown_at=now)
    )


async def _show(customer_id: int) -> None:
    customer = await Customer.objects.select_related("mini_program").aget(
        pk=customer_id
    )
    try:
        await mini_programs.client(customer.mini_program).typing(customer.openid)
    except (WeChatError, NotSent, NoAnswer) as exc:
        logger.info("Typing: %s", type(exc).__name__)
