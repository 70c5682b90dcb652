"""What agents have seen: the team's number on a row, and each agent's own mark."""

from __future__ import annotations

import pytest

from conversations import live, reading
from conversations.models import Conversation, Message, ReadMark
from tests.conftest import Xiaoming

pytestmark = pytest.mark.django_db


def unread() -> list[int]:
    return list(Conversation.objects.order_by("pk").values_list("unread", flat=True))


def newest() -> int:
    return Message.objects.latest("pk").pk


def test_what_came_after_the_newest_seen_stays_unread(xiaoming, lin):
    for words in ("一", "二", "三"):
        xiaoming.writes(words)
    second = Message.objects.get(text="二")
    reading.seen(xiaoming.conversation, lin, second.pk)
    assert unread() == [1]
    assert reading.mark_of(lin, xiaoming.customer.pk) == second.pk


def test_reading_one_is_reading_all_of_the_customers(xiaoming, lin):
    xiaoming.enters("a")
    xiaoming.writes("一")
    first = xiaoming.conversation
    xiaoming.enters("b")
    xiaoming.writes("二")
    reading.seen(first, lin, newest())
    assert unread() == [0, 0]
    head = live.head()
    reading.seen(first, lin, newest())
    assert live.head() == head


def test_each_agent_has_a_mark_of_their_own(xiaoming, lin, chen):
    xiaoming.writes("一")
    reading.seen(xiaoming.conversation, lin, newest())
    assert reading.mark_of(chen, xiaoming.customer.pk) is None
    xiaoming.writes("二")
    reading.seen(xiaoming.conversation, chen, newest())
    marks = ReadMark.objects.order_by("message").values_list("agent", flat=True)
    assert list(marks) == [lin.pk, chen.pk]


def test_a_mark_never_moves_back(xiaoming, lin):
    xiaoming.writes("一")
    first = newest()
    xiaoming.writes("二")
    reading.seen(xiaoming.conversation, lin, newest())
    reading.seen(xiaoming.conversation, lin, first)
    assert reading.mark_of(lin, xiaoming.customer.pk) == newest()
    assert unread() == [0]


def test_reading_takes_nothing_from_other_customers(xiaoming, mini_program, lin):
    xiaoming.writes("在吗")
    other = Xiaoming(mini_program, "oSomebodyElse")
    other.writes("在吗")
    reading.seen(xiaoming.conversation, lin, newest())
    assert (xiaoming.conversation.unread, other.conversation.unread) == (0, 1)
    assert reading.mark_of(lin, other.customer.pk) is None
