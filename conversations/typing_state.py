"""When the customer sees 对方正在输入.

WeChat shows it for 15 seconds, and only within 30 seconds of the last message in either
direction. Both rules are kept by one conditional update, so that two agents, or an agent
and a rule, never ask twice. It is a courtesy: no failure of it is ever shown, and it
never holds up a message.

It ends with the message it announced, and by itself. Asked to end it sooner we are only
when the agent has given up: the box is empty, or was left.
"""

from __future__ import annotations

import asyncio
import logging

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from conversations import broker, lanes, lights, mini_programs
from conversations.models import Conversation, Customer, DueReply, Light
from conversations.wechat.client import Command
from conversations.wechat.errors import NoAnswer, NotSent, WeChatError
from conversations.wechat.typing_state import AFTER_EXCHANGE, SHOWN_FOR

logger = logging.getLogger(__name__)

PATIENCE = 0.3  # s that a message waits for the indicator before it

# What a customer is to be shown or no longer shown, until their lane gets to it.
_wanted: dict[int, Command] = {}


def agent_types(conversation_id: int, agent_id: int) -> None:
    """An agent is writing: no fallback is needed, and the customer may see it."""
    customer_id = _customer_of(conversation_id)
    if customer_id is None:
        return
    DueReply.objects.filter(
        customer_id=customer_id, state=DueReply.State.PENDING
    ).update(state=DueReply.State.CANCELLED)
    if _take_turn(customer_id):
        broker.enqueue("outbox", "conversations.typing_state.show_now", customer_id)


def agent_stops(conversation_id: int, agent_id: int) -> None:
    """An agent has given up writing: the customer needn't wait, if they see it."""
    customer_id = _customer_of(conversation_id)
    if customer_id is not None and _give_turn_back(customer_id):
        broker.enqueue("outbox", "conversations.typing_state.hide_now", customer_id)


def show_now(customer_id: int) -> None:
    """Ask WeChat to show it. A worker's job; the turn has been taken."""
    _wanted[customer_id] = "Typing"
    lanes.wake(_tell, customer_id, lanes.TYPING)


def hide_now(customer_id: int) -> None:
    """Ask WeChat to show it no more. A worker's job; the turn has been given back."""
    if _wanted.pop(customer_id, None) == "Typing":
        return  # They haven't seen it yet, and now needn't
    _wanted[customer_id] = "CancelTyping"
    lanes.wake(_tell, customer_id, lanes.TYPING)


async def show_before(customer: Customer) -> None:
    """Show it before a message nobody typed, if the rules allow; 300 ms at most."""
    try:
        async with asyncio.timeout(PATIENCE):
            if await database_sync_to_async(_take_turn)(customer.pk):
                await _ask(customer, "Typing")
    except Exception as exc:  # Whatever it is: the message comes first
        logger.info("Typing before a message: %s", type(exc).__name__)


def _customer_of(conversation_id: int) -> int | None:
    found = Conversation.objects.filter(pk=conversation_id)
    return found.values_list("customer_id", flat=True).first()


def _take_turn(customer_id: int) -> bool:
    """Return whether it may be shown now, and note that it is."""
    now = timezone.now()
    return bool(
        Customer.objects.filter(
            Q(typing_shown_at=None) | Q(typing_shown_at__lte=now - SHOWN_FOR),
            pk=customer_id,
            exchanged_at__gt=now - AFTER_EXCHANGE,
            mini_program__pause=None,  # WeChat takes no calls of it just now
        ).update(typing_shown_at=now)
    )


def _give_turn_back(customer_id: int) -> bool:
    """Return whether it is showing, and note that it isn't any more."""
    since = timezone.now() - SHOWN_FOR
    return bool(
        Customer.objects.filter(pk=customer_id, typing_shown_at__gt=since).update(
            typing_shown_at=None
        )
    )


async def _tell(customer_id: int) -> None:
    """Do what was asked last. A lane, so that showing and hiding never cross."""
    command = _wanted.pop(customer_id, None)
    if command is None:
        return
    customer = await Customer.objects.select_related("mini_program").aget(
        pk=customer_id
    )
    is_to_show = customer.typing_shown_at is not None
    if is_to_show == (command == "Typing"):  # Else their message has come meanwhile
        await _ask(customer, command)


async def _ask(customer: Customer, command: Command) -> None:
    """Ask WeChat, and swallow whatever it says."""
    failure: Exception | None = None
    try:
        await mini_programs.client(customer.mini_program).typing(
            customer.openid, command
        )
    except (WeChatError, NotSent, NoAnswer) as exc:
        failure = exc
        logger.info("%s: %s", command, exc)
    note = database_sync_to_async(lights.note)
    await note(customer.mini_program_id, Light.Name.TYPING, failure is None, failure)
