from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from conversations.simulator.limits import Limits
from conversations.wechat import envelope
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import decode_key
from conversations.wechat.signature import verify

from .conftest import AES_KEY, APPID, OLD_AES_KEY, eventually


def credentials(mode="plain", format="json", key=AES_KEY):
    return Credentials(APPID, "a-token", (decode_key(key),), mode, format)


def opened(received, our_credentials):
    now = datetime.now(UTC)
    push = envelope.open_envelope(received.query, received.body, our_credentials, now)
    return push.fields


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
def test_every_act_arrives_and_can_be_opened(wechat, receiver, mode, format):
    wechat.control("apps", appid=APPID, mode=mode, format=format)
    wechat.act("enter", session_from="order/20260918001")
    wechat.act("text", content="请问 <b>&]]> 😀")
    wechat.act("image")
    wechat.act("card", title="我的订单", pagepath="pages/order?id=1")
    entered, said, pictured, carded = (
        opened(push, credentials(mode, format)) for push in receiver.received
    )
    app = wechat.world.app(APPID)
    assert entered["SessionFrom"] == "order/20260918001"
    assert entered["Event"] == "user_enter_tempsession"
    assert "MsgId" not in entered
    assert said["Content"] == "请问 <b>&]]> 😀"
    assert said["FromUserName"] == wechat.openid
    assert said["ToUserName"] == app.original_id
    assert 2**53 < int(said["MsgId"]) < int(pictured["MsgId"]) < int(carded["MsgId"])
    assert abs(int(said["CreateTime"]) - time.time()) < 5
    assert urlsplit(pictured["PicUrl"]).path == f"/_pictures/{pictured['MediaId']}"
    assert wechat.http.get(pictured["PicUrl"]).content.startswith(b"\x89PNG")
    assert (carded["Title"], carded["PagePath"]) == ("我的订单", "pages/order?id=1")
    if mode == "secure":
        assert all(
            wechat.openid.encode() not in push.body for push in receiver.received
        )


@pytest.mark.parametrize("answer", [b"success", b""])
def test_success_or_nothing_settles_a_push_at_once(wechat, receiver, answer):
    receiver.answers = [(200, answer)]
    assert wechat.act("text", content="在吗") == {"state": "accepted"}
    assert len(receiver.received) == 1
    assert wechat.phone("system") == []


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"Success"),
        (200, b"success\n"),
        (200, b'"success"'),
        (200, b"{}"),
        (500, b"success"),
        (302, b"success"),
    ],
)
def test_anything_else_is_asked_three_times_and_then_the_phone_says_so(
    wechat, receiver, answer
):
    wechat.control("limits", retry_pause=0)
    receiver.answers = [answer]
    assert wechat.act("text", content="在吗") == {"state": "failed"}
    assert len(receiver.received) == 3
    assert receiver.received[0] == receiver.received[1] == receiver.received[2]
    assert wechat.phone("system") == [{"content": Limits().failure_text}]


def test_a_failed_event_shows_nothing(wechat, receiver):
    wechat.control("limits", retry_pause=0)
    receiver.answers = [(500, b"")]
    assert wechat.act("enter", session_from="训练营") == {"state": "failed"}
    assert len(receiver.received) == 3
    assert wechat.phone("system") == []


def test_what_a_failed_push_shows_is_a_setting(wechat, receiver):
    older = "该小程序客服暂时无法提供服务，请稍后再试"
    wechat.control(
        "limits", retry_pause=0, failure_text=older, failure_after_events=True
    )
    receiver.answers = [(500, b"")]
    wechat.act("enter", session_from="训练营")
    assert wechat.phone("system") == [{"content": older}]


def test_that_every_try_is_signed_anew_is_a_setting(wechat, receiver):
    wechat.control("limits", retry_pause=0, fresh_nonce=True, max_deliveries=4)
    receiver.answers = [(500, b"")]
    wechat.act("text", content="在吗")
    assert len({push.query["nonce"] for push in receiver.received}) == 4
    assert len({push.body for push in receiver.received}) == 1


def test_a_slow_answer_is_no_answer_and_the_next_may_do(wechat, receiver):
    released = threading.Event()

    def too_late(_):
        released.wait(5)
        return 200, b"success"

    receiver.answers = [too_late, (200, b"success")]
    assert wechat.act("text", content="在吗") == {"state": "accepted"}
    released.set()
    [push] = wechat.ledger()["pushes"]
    assert [one["outcome"] for one in push["deliveries"]] == ["timeout", "accepted"]


def test_nobody_there_is_tried_again_one_timeout_apart(wechat, receiver):
    wechat.control("apps", appid=APPID, push_url="http://127.0.0.1:9/push")
    assert wechat.act("text", content="在吗") == {"state": "failed"}
    [push] = wechat.ledger()["pushes"]
    first, second, third = (one["at"] for one in push["deliveries"])
    assert second - first >= 0.79
    assert third - second >= 0.79


def test_a_fresh_nonce_can_be_asked_for(wechat, receiver):
    wechat.control("limits", retry_pause=0)
    wechat.control("apps", appid=APPID, mode="secure")
    receiver.answers = [(500, b"")]
    wechat.act("text", content="在吗", options={"fresh_nonce": True})
    first, second, _ = receiver.received
    assert first.query["nonce"] != second.query["nonce"]
    assert opened(first, credentials("secure")) == opened(second, credentials("secure"))


def transfer(wechat, our_credentials, **changed):
    app = wechat.world.app(APPID)
    fields = {
        "ToUserName": wechat.openid,
        "FromUserName": app.original_id,
        "CreateTime": int(time.time()),
        "MsgType": "transfer_customer_service",
    } | changed
    if our_credentials.format == "json":
        packet = json.dumps(fields)
    else:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
        packet = f"<xml>{inner}</xml>"
    if our_credentials.mode == "secure":
        packet = envelope.seal(packet, our_credentials, str(int(time.time())), "123")
    return 200, packet.encode()


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "secure"])
def test_a_transfer_packet_hands_the_message_over(wechat, receiver, mode, format):
    wechat.control("apps", appid=APPID, mode=mode, format=format)
    receiver.answers = [transfer(wechat, credentials(mode, format))]
    assert wechat.act("text", content="在吗") == {"state": "transferred"}


def test_a_transfer_packet_must_be_right(wechat, receiver):
    wechat.control("limits", retry_pause=0)
    wechat.control("apps", appid=APPID, mode="secure")
    secure = credentials("secure")
    receiver.answers = [
        transfer(wechat, credentials("plain")),
        transfer(wechat, replace(secure, token="wrong")),
        transfer(wechat, secure, ToUserName="o-someone-else"),
    ]
    assert wechat.act("text", content="在吗") == {"state": "failed"}
    receiver.answers = [transfer(wechat, secure)]
    assert wechat.act("enter", session_from="") == {"state": "failed"}


def test_twenty_copies_arrive_at_once(wechat, receiver):
    wechat.act("text", content="在吗", options={"times": 20})
    assert len(receiver.received) == 20
    assert len({push.body for push in receiver.received}) == 1


def test_pushes_can_overtake_each_other(wechat, receiver):
    wechat.act("text", content="first", wait=False, options={"after_next": True})
    wechat.act("text", content="second")
    eventually(lambda: len(receiver.received) == 2)
    said = [opened(push, credentials())["Content"] for push in receiver.received]
    assert said == ["second", "first"]


def test_a_push_can_be_forged_or_late_or_under_an_old_key(wechat, receiver):
    wechat.control("apps", appid=APPID, mode="secure")
    options = {"wrong_signature": True}
    wechat.act("text", content="在吗", options=options)
    wechat.act("text", content="在吗", options={"clock_skew": -3600})
    wechat.control("faults", kind="push", options={"old_key": True})
    wechat.act("text", content="在吗")
    forged, late, old = receiver.received
    signed = forged.query["signature"], "a-token"
    assert not verify(*signed, forged.query["timestamp"], forged.query["nonce"])
    assert time.time() - int(late.query["timestamp"]) > 3500
    under_old_key = opened(old, credentials("secure", key=OLD_AES_KEY))
    assert under_old_key["Content"] == "在吗"


def test_any_fields_can_be_pushed(wechat, receiver):
    wechat.act("push", fields={"MsgType": "voice", "MediaId": "x", "MsgId": 1})
    assert opened(receiver.received[0], credentials())["MsgType"] == "voice"


def test_what_was_on_its_way_goes_on_after_a_restart(tmp_path, receiver):
    from conversations.simulator import actions
    from conversations.simulator.state import World, register_app, register_customer

    path = str(tmp_path / "wechat.sqlite3")
    register_app(path, appid=APPID, token="a-token", push_url=receiver.url)
    openid = register_customer(path, appid=APPID, name="小明")
    assert register_customer(path, appid=APPID, name="小明") == openid
    before = World(path)
    actions.say(before, openid, "在吗", {"delay": 60})
    before.close()
    assert receiver.received == []

    after = World(path)
    after.store.write("UPDATE push SET options = '{}'")
    after.pushes.resume()
    eventually(lambda: after.lines(openid)[0].state == "accepted")
    assert [opened(push, credentials())["Content"] for push in receiver.received] == [
        "在吗"
    ]
    assert after.customer(openid).quota.remaining(after.now()) == 5
    after.close()


def test_a_mini_program_added_by_another_process_is_there_at_once(tmp_path):
    from conversations.simulator.state import World, register_app

    path = str(tmp_path / "wechat.sqlite3")
    running = World(path)
    register_app(path, appid=APPID, name="云上小店", secret="s")
    assert running.app(APPID).name == "云上小店"
    register_app(path, appid=APPID, push_url="http://127.0.0.1:8000/wechat/x/push")
    assert running.app(APPID).secret == "s"
    running.close()
