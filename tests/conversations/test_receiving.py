"""What a push becomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import handling, sending
from conversations.models import Conversation, Entrance, LiveEvent, Message
from conversations.receiving import receive
from tests.conftest import Xiaoming, new_uuid, text

pytestmark = pytest.mark.django_db


def test_a_message_lands_in_the_conversation_of_the_remembered_entrance(xiaoming):
    xiaoming.enters("order/42")
    xiaoming.writes("在吗")
    conversation = Conversation.objects.get(session_from="order/42")
    assert [m.kind for m in conversation.messages.in_order()] == ["event", "text"]
    assert (conversation.unread, conversation.status) == (1, "open")
    assert conversation.waiting_since is not None


def test_someone_who_never_entered_has_a_conversation_too(xiaoming):
    xiaoming.writes("在吗")
    assert xiaoming.conversation.session_from == ""


def test_entering_alone_makes_nobody_wait(xiaoming):
    xiaoming.enters("order/42")
    assert xiaoming.conversation.waiting_since is None
    assert xiaoming.conversation.unread == 0


def test_entering_does_not_reopen_and_writing_does(xiaoming, lin):
    xiaoming.writes("在吗")
    handling.close(xiaoming.conversation, lin)
    xiaoming.enters("")
    assert not xiaoming.conversation.is_open
    xiaoming.writes("还有一个问题")
    assert xiaoming.conversation.is_open
    assert xiaoming.conversation.assignee is None


def test_an_older_entering_that_comes_late_does_not_move_the_customer_back(xiaoming):
    now = timezone.now()
    xiaoming.enters("new", at=now)
    xiaoming.enters("old", at=now - timedelta(seconds=30))
    xiaoming.writes("在吗")
    assert xiaoming.conversation.session_from == "new"


def test_the_same_push_again_changes_nothing(xiaoming):
    arrival = xiaoming.arrival(MsgType="text", Content="在吗", MsgId=1)
    batches = [[arrival], [arrival], [arrival, arrival]]
    taken = [[one.repeated for one in receive(batch)] for batch in batches]
    assert taken == [[False], [True], [True, True]]
    assert Message.objects.count() == 1
    assert xiaoming.conversation.unread == 1
    assert LiveEvent.objects.filter(kind="message").count() == 1


def test_two_events_in_one_second_are_both_kept(xiaoming):
    at = timezone.now()
    xiaoming.enters("a", at=at)
    xiaoming.enters("b", at=at)
    assert Conversation.objects.count() == 2


def test_an_unknown_kind_is_kept_and_shown_as_unsupported(xiaoming):
    xiaoming.pushes(MsgType="voice", MediaId="m", MsgId=5)
    message = Message.objects.get()
    assert (message.kind, message.data) == ("unknown", {"kind": "voice"})
    assert xiaoming.conversation.waiting_since is not None


def test_a_push_that_names_nobody_is_stored_and_shown_to_nobody(xiaoming):
    receive([xiaoming.arrival(FromUserName="", MsgType="text", Content="?", MsgId=6)])
    assert Message.objects.count() == 0


def test_within_a_batch_wechats_clock_and_then_msgid_give_the_order(xiaoming):
    second = int(timezone.now().timestamp())
    words = [("三", second, 100), ("一", second - 1, 300), ("二", second, 99)]
    receive(
        [
            xiaoming.arrival(MsgType="text", Content=word, MsgId=number, CreateTime=at)
            for word, at, number in words
        ]
    )
    said = [message.text for message in Message.objects.in_order()]
    assert said == ["一", "二", "三"]


def test_what_came_a_minute_late_keeps_its_time_and_says_so(xiaoming, lin):
    early = timezone.now() - timedelta(minutes=5)
    xiaoming.writes("第二句")
    xiaoming.writes("第一句", at=early)
    said = list(Message.objects.in_order())
    assert [message.text for message in said] == ["第一句", "第二句"]
    assert [message.late for message in said] == [True, False]


def test_a_new_entrance_of_an_assigned_customer_goes_to_the_same_agent(xiaoming, lin):
    xiaoming.enters("a")
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    xiaoming.enters("b")
    assert xiaoming.conversation.assignee == lin
    assert xiaoming.conversation.assignments.get().agent == lin


def test_customers_with_crossed_entrances_in_one_batch_keep_their_own(
    xiaoming, mini_program, lin
):
    other = Xiaoming(mini_program, "oXiaohong-000000000000000000")
    other.enters("b")
    xiaoming.enters("b")
    xiaoming.enters("a")
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    receive(
        [
            xiaoming.arrival(MsgType="text", Content="还在吗", MsgId=71),
            other.arrival(MsgType="text", Content="你好", MsgId=72),
        ]
    )
    held = Conversation.objects.filter(assignments__ended_at=None)
    for conversation in held.filter(assignments__isnull=False):
        assert conversation.assignments.get().agent == conversation.assignee
    xiaoming.enters("b")
    xiaoming.writes("换个问题")
    assert sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())


def test_a_conversation_knows_its_entrance(xiaoming, mini_program):
    known = Entrance.objects.create(
        mini_program=mini_program, match="prefix", pattern="ORDER/", label="订单"
    )
    xiaoming.enters("order/42")
    assert xiaoming.conversation.entrance == known


def test_an_answer_in_one_conversation_settles_the_other(xiaoming, lin, chen):
    xiaoming.enters("a")
    xiaoming.writes("问题一")
    first = xiaoming.conversation
    xiaoming.enters("b")
    xiaoming.writes("问题二")
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    first.refresh_from_db()
    assert first.waiting_since is None
    assert Conversation.objects.waiting().count() == 0


def test_a_larger_batch_takes_no_more_queries(mini_program, rule):
    rule("keyword", "退款说明", keywords="退款", cooldown_seconds=0)
    rule("no_answer", "请稍候")

    def batch(count: int, name: str) -> int:
        people = [Xiaoming(mini_program, f"o{name}{n}") for n in range(count)]
        arrivals = [
            one.arrival(MsgType="text", Content="退款", MsgId=n)
            for n, one in enumerate(people)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert not any(one.repeated for one in receive(arrivals))
            assert len(arrivals) == count
        return len(queries)

    batch(1, "first")  # Makes what is made once for all
    assert batch(40, "many") <= batch(1, "one")


def test_a_thousand_character_session_from_is_a_conversation(xiaoming):
    xiaoming.enters("来" * 1024)
    assert xiaoming.conversation.session_from == "来" * 1024
