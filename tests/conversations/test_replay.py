"""What became of a push, and another try for what failed."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from conversations import receiving
from conversations.models import Message, MiniProgram, ReceivedPush
from conversations.once_only import Arrival
from conversations.replay import replay
from conversations.wechat import pushes
from conversations.wechat.crypto import decode_key, encrypt
from tests.conftest import AES_KEY, APPID, XIAOMING

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(xiaoming) -> ReceivedPush:
    arrival = xiaoming.arrival(MsgType="text", Content="在吗", MsgId=1)
    receiving.keep_failed(arrival, "ZeroDivisionError")
    return ReceivedPush.objects.get()


def test_a_push_knows_its_message(xiaoming):
    xiaoming.writes("在吗")
    push = ReceivedPush.objects.get()
    assert push.message == Message.objects.get()
    assert push.outcome == "stored"


def test_a_push_knows_why_rules_answered_or_not(xiaoming, rule):
    refund = rule("keyword", "退款说明", keywords="退款", position=0)
    order = rule(
        "keyword",
        "订单说明",
        keywords="发货",
        session_match="exact",
        session_from="order",
        position=1,
    )
    delivery = rule("keyword", "物流说明", keywords="发货", position=2)
    never = rule("keyword", "你好", keywords="你好", position=3)
    xiaoming.writes("什么时候发货")
    push = ReceivedPush.objects.get()
    assert push.trace == [
        [refund.pk, "other_words"],
        [order.pk, "other_entrance"],
        [delivery.pk, "answered"],
    ]
    xiaoming.writes("什么时候发货")
    push = ReceivedPush.objects.order_by("pk").last()
    assert [delivery.pk, "cooling down"] in push.trace
    assert [never.pk, "other_words"] in push.trace


def test_the_original_id_is_learned_from_the_first_push_of_wechats_own(xiaoming):
    MiniProgram.objects.update(original_id="")
    for said in ("wx0123", "gh_first", "gh_second"):
        xiaoming.mini_program.original_id = said
        xiaoming.writes("在吗")
    assert MiniProgram.objects.get().original_id == "gh_first"


def test_a_failed_push_becomes_its_message_once(failed):
    again = replay(failed.pk)
    assert (again.outcome, again.error) == ("stored", "")
    assert again.message.text == "在吗"
    assert again.received_at == failed.received_at
    assert again.dedupe_key == failed.dedupe_key
    assert replay(failed.pk) is None
    assert replay(again.pk) is None
    assert Message.objects.count() == 1


def test_what_fails_again_stays_as_it_was(failed, monkeypatch):
    monkeypatch.setattr(receiving, "content_of", lambda push: {}["nothing"])
    still = replay(failed.pk)
    assert (still.pk, still.outcome, still.error) == (failed.pk, "failed", "KeyError")
    assert not Message.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "{}", "[]"])
def test_what_cannot_be_read_stays_unreadable(failed, body):
    ReceivedPush.objects.update(body=body)
    assert replay(failed.pk).error == "Unreadable"


def test_an_encrypted_one_is_read_once_the_key_is_here(failed):
    fields = {"FromUserName": XIAOMING, "MsgType": "text", "Content": "您好"}
    sealed = encrypt(decode_key(AES_KEY), json.dumps(fields).encode(), APPID)
    ReceivedPush.objects.update(body=json.dumps({"Encrypt": sealed}))
    MiniProgram.objects.update(encoding_aes_key="")
    assert replay(failed.pk).error == "Undecryptable"
    program = MiniProgram.objects.get()
    program.encoding_aes_key = AES_KEY
    program.save()
    assert replay(failed.pk).message.text == "您好"


def test_a_relayed_push_taken_up_again_is_not_taken_twice(xiaoming):
    fields = {"MsgType": "text", "Content": "在吗", "MsgId": "1", "CreateTime": 1}
    user = {"appId": APPID, "openId": XIAOMING}
    event = {**fields, "FromUserName": XIAOMING}
    push = pushes.parse(event, APPID, timezone.now(), rounded=True)
    arrival = Arrival(
        mini_program_id=xiaoming.mini_program.pk,
        push=push,
        body=json.dumps({**fields, "userInfo": user, "relay": {"queued": True}}),
        authenticated_by="relay",
    )
    receiving.keep_failed(arrival, "ZeroDivisionError")
    anew = replay(ReceivedPush.objects.get().pk)
    assert (anew.outcome, anew.dedupe_key) == ("stored", push.dedupe_key)
    assert Message.objects.get().text == "在吗"
    assert receiving.receive([arrival])[0].repeated
