from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from conversations.models import Conversation, Customer, Message, MiniProgram
from conversations.models.conversation import digest_of

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def desk(client: Client, lin: Agent) -> Client:
    """Lin's browser."""
    client.force_login(lin)
    return client


@pytest.fixture
def converse(mini_program: MiniProgram) -> Callable[..., Conversation]:
    """Make a conversation that some customer began with one message.

    at     when it was said, in seconds past noon
    waits  whether it is still to be answered
    """
    numbers = itertools.count(1)

    def make(
        at: float = 0, *, waits: bool = True, text: str = "在吗", **fields: Any
    ) -> Conversation:
        said_at = NOON + timedelta(seconds=at)
        customer = fields.pop("customer", None) or Customer.objects.create(
            mini_program=mini_program,
            openid=f"oCustomer-{next(numbers):06}",
            message_granted_at=timezone.now(),  # They can be answered
        )
        session_from = fields.pop("session_from", "")
        conversation = Conversation.objects.create(
            customer=customer,
            session_from=session_from,
            session_from_digest=digest_of(session_from),
            waiting_since=said_at if waits else None,
            last_message_at=said_at,
            **fields,
        )
        conversation.last_message = say(conversation, at, text)
        conversation.save()
        return conversation

    return make


def say(conversation: Conversation, at: float, text: str, **fields: Any) -> Message:
    moment = NOON + timedelta(seconds=at)
    return Message.objects.create(
        **{
            "conversation": conversation,
            "customer": conversation.customer,
            "author": "customer",
            "text": text,
            "said_at": moment,
            "ordered_at": moment,
            **fields,
        }
    )
