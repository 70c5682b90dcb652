"""Handing a customer over to WeChat's own customer-service tool: by a rule, at night."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from conversations import auto_reply, handling
from conversations.models import (
    AutoReplyRule,
    Conversation,
    Delivery,
    DueReply,
    Message,
    ReceivedPush,
)
from conversations.once_only import Taken
from conversations.receiving import receive
from conversations.wechat import relay, xml
from conversations.wechat.crypto import decode_key, decrypt
from conversations.wechat.signature import verify
from tests.asgi import Web
from tests.conftest import AES_KEY, APPID, PUSH_TOKEN, XIAOMING, Xiaoming
from tests.conversations.test_intake import NONCE, Door, accepted, now

MIDNIGHT = datetime(2025, 6, 1, 16, tzinfo=UTC)  # in Shanghai
TRANSFER = {
    "ToUserName": XIAOMING,
    "FromUserName": "gh_0123456789ab",
    "MsgType": "transfer_customer_service",
}


@pytest.fixture
def humans(rule: Callable[..., AutoReplyRule]) -> AutoReplyRule:
    """A rule that hands over whoever asks for a human."""
    return rule("keyword", "", keywords="人工", action="hand_over", name="转人工")


@pytest.fixture
def at_night(mini_program: Any) -> Any:
    mini_program.hand_over_from, mini_program.hand_over_until = time(22), time(8)
    mini_program.save()
    return mini_program


def sends(person: Xiaoming, words: str = "人工", **fields: Any) -> Taken:
    """Have somebody write, and return what became of it."""
    arrival = person.arrival(MsgType="text", Content=words, MsgId=f"{words}1", **fields)
    [taken] = receive([arrival])
    return taken


def markers() -> list[str]:
    lines = Message.objects.filter(data__event="handed_over").in_order()
    return [line.data["rule"] for line in lines]


# By a rule.


def test_a_rule_hands_over_and_the_thread_says_so(xiaoming, humans, lin, client):
    assert sends(xiaoming) == Taken(handed_over=True)
    assert markers() == ["转人工"]
    assert ReceivedPush.objects.get().outcome == "handed_over"
    client.force_login(lin)
    page = client.get(f"/conversations/{xiaoming.conversation.pk}/").text
    assert "转人工" in page
    assert "30" in page


def test_who_was_handed_over_waits_for_nobody_here(xiaoming, humans, rule):
    rule("no_answer", "请稍候")
    sends(xiaoming)
    assert not Conversation.objects.waiting().exists()
    assert xiaoming.conversation.unread == 0
    assert not DueReply.objects.exists()
    assert not Delivery.objects.exists()
    assert xiaoming.customer.handed_over_at is not None


def test_what_waited_before_is_read_there_as_well(xiaoming, humans, rule):
    rule("no_answer", "请稍候")
    xiaoming.enters("first")
    sends(xiaoming, "在吗")
    xiaoming.enters("second")
    assert Conversation.objects.waiting().count() == 1
    sends(xiaoming)
    assert not Conversation.objects.waiting().exists()
    assert DueReply.objects.get().state == "cancelled"


def test_a_message_that_comes_to_us_later_waits_again(xiaoming, humans, rule):
    rule("no_answer", "请稍候")
    sends(xiaoming)
    assert sends(xiaoming, "在吗") == Taken()
    assert Conversation.objects.waiting().count() == 1
    assert DueReply.objects.get().state == "pending"
    assert xiaoming.customer.handed_over_at is None


def test_several_in_a_row_are_said_once_and_each_handed_over(xiaoming, humans):
    assert [sends(xiaoming, f"人工 {n}").handed_over for n in range(3)] == [True] * 3
    assert markers() == ["转人工"]
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert sends(xiaoming, "人工 4").handed_over
    assert markers() == ["转人工"] * 2


def test_several_in_one_batch_are_each_judged_by_themselves(xiaoming, humans):
    words = ["人工", "在吗", "转人工"]
    batch = [
        xiaoming.arrival(MsgType="text", Content=each, MsgId=n)
        for n, each in enumerate(words)
    ]
    assert [taken.handed_over for taken in receive(batch)] == [True, False, True]
    assert len(markers()) == 2
    assert not Conversation.objects.waiting().exists()


def test_a_repeated_push_is_answered_as_it_was(xiaoming, humans):
    arrival = xiaoming.arrival(MsgType="text", Content="人工", MsgId=1)
    assert receive([arrival]) == [Taken(handed_over=True)]
    humans.delete()
    again = Taken(repeated=True, handed_over=True)
    assert receive([arrival, arrival]) == [again, again]
    assert Message.objects.count() == 2


def test_an_agent_who_has_the_customer_keeps_them(xiaoming, humans, lin):
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    assert not sends(xiaoming).handed_over
    xiaoming.enters("another")
    assert not sends(xiaoming, "人工 2").handed_over


def test_for_a_while_after_an_agent_nobody_is_handed_over(xiaoming, humans, lin):
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    handling.release(xiaoming.conversation, lin)
    assert not sends(xiaoming).handed_over
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert sends(xiaoming, "人工 2").handed_over


def test_an_event_is_never_handed_over(xiaoming, rule, at_night):
    rule("enter", "", action="hand_over")
    with time_machine.travel(MIDNIGHT):
        xiaoming.enters()
        xiaoming.pushes(MsgType="event", Event="wxa_media_check")
    assert markers() == []


def test_nobody_online_may_be_what_hands_over(xiaoming, rule):
    rule("nobody_online", "", action="hand_over", name="没人")
    assert sends(xiaoming, "在吗").handed_over
    assert markers() == ["没人"]


def test_a_closed_conversation_stays_closed(xiaoming, humans, lin):
    xiaoming.writes("在吗")
    handling.close(xiaoming.conversation, lin)
    assert sends(xiaoming).handed_over
    assert not xiaoming.conversation.is_open


@pytest.mark.parametrize("way", ["cloud_run", "relay"])
def test_where_the_answer_reaches_nobody_the_next_rule_speaks(
    xiaoming, humans, rule, way
):
    """Cloud Run takes no answer but success; what waited with the function is late."""
    rule("keyword", "人工客服九点上班", keywords="人工")
    arrival = xiaoming.arrival(MsgType="text", Content="人工", MsgId=1)
    arrival = replace(arrival, authenticated_by=way, answered=way == "relay")
    assert receive([arrival]) == [Taken()]
    assert xiaoming.heard() == ["人工客服九点上班"]
    assert Conversation.objects.waiting().count() == 1


def test_a_message_whose_answer_came_too_late_waits_here_again(
    xiaoming, humans, lin, client
):
    """The function answered WeChat by itself, and brings the message along later."""
    arrival = xiaoming.arrival(MsgType="text", Content="人工", MsgId=1)
    arrival = replace(arrival, authenticated_by="relay")
    assert receive([arrival]) == [Taken(handed_over=True)]
    late = replace(arrival, answered=True)
    assert receive([late]) == receive([late]) == [Taken(repeated=True)]
    assert Conversation.objects.waiting().count() == 1
    assert xiaoming.conversation.unread == 1
    assert xiaoming.customer.handed_over_at is None
    lines = Message.objects.filter(kind="event").in_order()
    said = [line.data["event"] for line in lines]
    assert said == ["handed_over", "not_handed_over"]
    client.force_login(lin)
    page = client.get(f"/conversations/{xiaoming.conversation.pk}/").text
    assert "not_handed_over</" not in page


# At night.


@pytest.mark.parametrize(
    ("begins", "ends", "at", "handed_over"),
    [
        (time(22), time(8), time(22), True),
        (time(22), time(8), time(3), True),
        (time(22), time(8), time(8), False),
        (time(22), time(8), time(21, 59), False),
        (time(12), time(13), time(12, 30), True),
        (time(12), time(13), time(13), False),
        (time(12), time(13), time(1), False),
        (time(9), time(9), time(3), True),
        (None, time(8), time(3), False),
        (time(22), None, time(23), False),
        (None, None, time(3), False),
    ],
)
def test_the_clock_hands_over(mini_program, begins, ends, at, handed_over):
    mini_program.hand_over_from, mini_program.hand_over_until = begins, ends
    there = timezone.get_default_timezone()
    moment = datetime.combine(datetime(2025, 6, 1), at, there)
    assert auto_reply.is_handing_over(mini_program, moment) is handed_over


def test_at_night_every_message_is_handed_over_and_no_rule_speaks(
    xiaoming, rule, at_night
):
    rule("keyword", "退款说明", keywords="退款")
    rule("nobody_online", "没人在")
    with time_machine.travel(MIDNIGHT):
        assert sends(xiaoming, "退款").handed_over
        xiaoming.pushes(MsgType="image", MediaId="m", MsgId=2)
    assert xiaoming.heard() == []
    assert markers() == [""]
    assert not Conversation.objects.waiting().exists()


def test_by_day_the_same_message_waits(xiaoming, at_night):
    with time_machine.travel(MIDNIGHT + timedelta(hours=12)):
        assert not sends(xiaoming).handed_over
    assert Conversation.objects.waiting().count() == 1


# What WeChat is told.


@pytest.fixture
def door(web: Web, mini_program: Any, humans: AutoReplyRule) -> Door:
    return Door(web, mini_program)


@pytest.mark.parametrize("push_format", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
def test_wechat_is_told_in_the_form_in_which_it_asked(door, mode, push_format):
    door.configure(mode=mode, format=push_format)
    answer = door.push(Content="人工", MsgId=1)
    assert answer.status == 200
    assert transfer_in(answer.body, push_format, sealed=mode == "secure") == TRANSFER


@pytest.mark.parametrize("form", ["json", "xml"])
def test_another_form_can_be_set(door, form):
    door.configure(format="json" if form == "xml" else "xml", transfer_format=form)
    assert transfer_in(door.push(Content="人工", MsgId=1).body, form) == TRANSFER


def test_the_answer_is_sealed_with_the_keys_the_push_came_under(door):
    query, body, _ = door.envelope({"Content": "人工", "MsgId": 1})
    door.configure(
        push_token="another-token",
        encoding_aes_key="B" * 43,
        previous_push_token=PUSH_TOKEN,
        previous_aes_key=AES_KEY,
    )
    answer = door.web.request("POST", f"/wechat/{APPID}/push", query, body)
    assert transfer_in(answer.body, "json") == TRANSFER


def test_a_push_that_comes_again_gets_the_same_answer(door):
    pushed = [door.begin(Content="人工", MsgId=1, CreateTime=now()) for _ in range(20)]
    for one in pushed:
        assert transfer_in(one.result(10).body, "json") == TRANSFER
    assert Message.objects.count() == 2


def test_what_isnt_handed_over_is_answered_with_success(door):
    assert accepted(door.push(Content="在吗", MsgId=1))


def test_the_function_is_told_what_to_return(door):
    door.configure(relay_secret="a-relay-secret", format="xml")
    event = {
        **{"ToUserName": "gh_0123456789ab", "FromUserName": XIAOMING},
        **{"CreateTime": now(), "MsgType": "text", "Content": "人工", "MsgId": "1"},
        "userInfo": {"appId": APPID, "openId": XIAOMING},
    }
    body, stamps = json.dumps(event).encode(), (str(now()), "once0000")
    signature = relay.sign("a-relay-secret", *stamps, body)
    headers = [
        (b"x-relay-timestamp", stamps[0].encode()),
        (b"x-relay-nonce", stamps[1].encode()),
        (b"x-relay-signature", signature.encode()),
    ]
    path = f"/wechat/{APPID}/relay"
    answer = door.web.request("POST", path, b"", body, headers)
    assert transfer_in(answer.body, "json", sealed=False) == TRANSFER


def transfer_in(body: bytes, form: str, *, sealed: bool = True) -> dict[str, Any]:
    """Open an answer as WeChat would, and return what it says, without the time."""
    fields = json.loads(body) if form == "json" else xml.parse(body)
    if sealed:
        stamps = str(fields["TimeStamp"]), fields["Nonce"]
        assert stamps[1] == NONCE
        ciphertext = fields["Encrypt"]
        assert verify(fields["MsgSignature"], PUSH_TOKEN, *stamps, ciphertext)
        inner = decrypt(decode_key(AES_KEY), ciphertext, APPID)
        fields = json.loads(inner) if form == "json" else xml.parse(inner)
    assert abs(int(fields.pop("CreateTime")) - now()) < 10
    return fields


# As supervisors set it.


@pytest.mark.parametrize("trigger", ["enter", "no_answer"])
def test_only_a_message_can_be_handed_over(mini_program, trigger):
    rule = AutoReplyRule(
        mini_program=mini_program, name="转", trigger=trigger, action="hand_over"
    )
    with pytest.raises(ValidationError) as info:
        rule.full_clean()
    assert "action" in info.value.error_dict


def test_a_rule_that_hands_over_says_nothing(mini_program, wu):
    browser = Client()
    browser.force_login(wu)
    fields = {
        "mini_program": mini_program.pk,
        "name": "转人工",
        "active": "on",
        "trigger": "keyword",
        "action": "hand_over",
        "after_seconds": "60",
        "comparison": "contains",
        "keywords": "人工",
        "session_match": "",
        "session_from": "",
        "cooldown_seconds": "60",
        "parts": "[]",
    }
    add = "/admin/conversations/autoreplyrule/add/"
    assert browser.post(add, fields).status_code == 302
    assert AutoReplyRule.objects.get().action == "hand_over"
    assert browser.get(add).context["adminform"].form.fields["action"].help_text
    listed = browser.get("/admin/conversations/autoreplyrule/").text
    assert AutoReplyRule.objects.get().get_action_display() in unescape(listed)
