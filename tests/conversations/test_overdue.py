"""Conversations whose agent is away, or silent, go back to waiting."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from agents import presence
from conversations import attention, handling, overdue, sending
from conversations.models import (
    Assignment,
    Conversation,
    DeskSettings,
    LiveEvent,
    Message,
)
from tests.conftest import Xiaoming, new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def conversation(clock, xiaoming, lin):
    """Lin has it, and her tab is open."""
    xiaoming.writes("在吗")
    presence.arrived(lin.pk, "tab")
    handling.claim(xiaoming.conversation, lin)
    return xiaoming.conversation


@pytest.fixture
def now_it_is(conversation):
    return lambda: Conversation.objects.get(pk=conversation.pk)


def lines() -> list[tuple[str, str, str]]:
    taken = Message.objects.filter(data__event="taken_back")
    return [(one.data["agent"], one.data["why"], one.agent.name) for one in taken]


def passes(clock, seconds: float) -> None:
    """Time goes by, and Lin's tab stays open."""
    clock.shift(timedelta(seconds=seconds))
    presence.still_here(["tab"])


def test_the_unanswered_goes_back_after_three_minutes(clock, conversation, now_it_is):
    passes(clock, 179)
    assert overdue.take_back() == 0
    passes(clock, 2)
    assert overdue.take_back() == 1
    assert now_it_is().assignee is None
    assert Conversation.objects.waiting().get() == conversation
    assert lines() == [("Lin", "unanswered", "Lin")]
    assert Assignment.objects.get().ended_at is not None
    assert LiveEvent.objects.filter(kind="agent").count() == 1
    assert overdue.take_back() == 0


def test_who_takes_an_old_wait_has_their_own_three_minutes(
    clock, conversation, chen, lin, now_it_is
):
    presence.arrived(chen.pk, "chens")
    passes(clock, 181)
    overdue.take_back()
    passes(clock, 300)
    handling.claim(now_it_is(), lin)
    passes(clock, 100)
    assert overdue.take_back() == 0


def test_what_is_answered_stays(clock, conversation, lin, now_it_is):
    sending.reply(conversation, lin, text("在的"), new_uuid())
    passes(clock, 10_000)
    assert overdue.take_back() == 0
    clock.shift(timedelta(hours=1))  # And Lin goes
    assert overdue.take_back() == 0
    assert now_it_is().assignee == lin


def test_who_types_is_answering(clock, conversation, lin):
    passes(clock, 181)
    attention.types(lin.pk, conversation.pk)
    assert overdue.take_back() == 0
    clock.shift(timedelta(seconds=21))
    presence.still_here(["tab"])
    assert overdue.take_back() == 1


def test_who_is_away_loses_it_after_three_minutes(clock, xiaoming, lin, conversation):
    DeskSettings.objects.create(pk=1, answer_within_seconds=0)
    sending.reply(conversation, lin, text("在的"), new_uuid())
    presence.left("tab")
    clock.shift(timedelta(seconds=170))
    xiaoming.writes("还在吗")
    assert overdue.take_back() == 0
    clock.shift(timedelta(seconds=11))
    assert overdue.take_back() == 1
    assert lines() == [("Lin", "offline", "Lin")]


def test_a_dead_line_counts_from_when_it_was_last_heard(clock, lin):
    presence.arrived(lin.pk, "tab")
    heard = timezone.now()
    clock.shift(timedelta(seconds=46))
    presence.left("tab", heard)
    after = timedelta(seconds=180)
    assert presence.states([lin], after)[lin.pk] == "reconnecting"
    clock.shift(timedelta(seconds=135))
    assert presence.states([lin], after)[lin.pk] == "offline"
    presence.arrived(lin.pk, "again")
    assert presence.states([lin], after)[lin.pk] == "available"


def test_with_zero_nobody_is_hurried(clock, conversation):
    DeskSettings.objects.create(pk=1, answer_within_seconds=0)
    passes(clock, 100_000)
    assert overdue.take_back() == 0


def test_what_is_put_off_is_not_hurried(clock, conversation):
    later = timezone.now() + timedelta(hours=1)
    Conversation.objects.update(snoozed_until=later)
    passes(clock, 1000)
    assert overdue.take_back() == 0


def test_a_larger_batch_takes_no_more_queries(
    clock, mini_program, lin, django_assert_num_queries
):
    from django.test.utils import CaptureQueriesContext

    def make(count: int) -> None:
        for _ in range(count):
            one = Xiaoming(mini_program, f"o{Conversation.objects.count()}")
            one.writes("在吗")
            handling.claim(one.conversation, lin)

    make(1)
    clock.shift(timedelta(seconds=400))
    with CaptureQueriesContext(connection) as one_alone:
        assert overdue.take_back() == 1
    make(20)
    clock.shift(timedelta(seconds=400))
    with django_assert_num_queries(len(one_alone)):
        assert overdue.take_back() == 20


@pytest.mark.django_db(transaction=True)
def test_two_who_take_back_at_once_do_it_once(mini_program, lin, patient):
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        for number in range(8):
            one = Xiaoming(mini_program, f"o{number}")
            one.writes("在吗")
            handling.claim(one.conversation, lin)
    start, taken = threading.Barrier(4), []

    def take_back() -> None:
        start.wait(10)
        try:
            taken.append(overdue.take_back())
        finally:
            connection.close()

    threads = [threading.Thread(target=take_back) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert (sum(taken), len(lines())) == (8, 8)
