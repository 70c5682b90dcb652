"""The other two ways in: by our cloud function, and inside Cloud Run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from conversations import intake
from conversations.models import (
    Conversation,
    Customer,
    Light,
    LiveEvent,
    Message,
    MiniProgram,
    ReceivedPush,
    RejectedPush,
    SpentNonce,
)
from conversations.once_only import NONCES_KEPT
from conversations.wechat import relay, xml
from tests.asgi import Answer, Web
from tests.conftest import APPID, XIAOMING, wait_until

SECRET = "a-relay-secret"
OLD_SECRET = "the-secret-before"
ORIGINAL_ID = "gh_0123456789ab"
RELAY = f"/wechat/{APPID}/relay"
CLOUD_RUN = f"/wechat/{APPID}/cloudrun"
USER = {"appId": APPID, "openId": XIAOMING}

Headers = dict[str, str]


def says(words: str = "在吗", **fields: Any) -> dict[str, Any]:
    """What Xiaoming writes, as WeChat tells it."""
    return {
        "ToUserName": ORIGINAL_ID,
        "FromUserName": XIAOMING,
        "CreateTime": int(time.time()),
        "MsgType": "text",
        "Content": words,
        "MsgId": "22661351901594052",
        **fields,
    }


ENTERS = {
    "MsgType": "event",
    "Event": "user_enter_tempsession",
    "SessionFrom": "文章详情的客服按钮",
}


class Doors:
    """Who stands before the doors of a mini program."""

    def __init__(self, web: Web, mini_program: MiniProgram) -> None:
        self.web, self.mini_program = web, mini_program
        self._nonces = 0

    def configure(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self.mini_program, name, value)
        self.mini_program.save()
        intake._remembered.clear()

    def relays(self, event: dict[str, Any], **stamps: Any) -> Answer:
        """Hand an event on, as our cloud function does."""
        event = {**event, "userInfo": event.get("userInfo", USER)}
        return self.relays_bytes(json.dumps(event).encode(), **stamps)

    def relays_bytes(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        nonce: str = "",
        age: float = 0,
        signed: bytes | None = None,
        change: Headers | None = None,
    ) -> Answer:
        self._nonces += 1
        nonce = nonce or f"nonce{self._nonces:08}"
        timestamp = str(int(time.time() - age))
        content = body if signed is None else signed
        headers = {
            "X-Relay-Timestamp": timestamp,
            "X-Relay-Nonce": nonce,
            "X-Relay-Signature": relay.sign(secret, timestamp, nonce, content),
            **(change or {}),
        }
        return self.posts(RELAY, body, headers)

    def calls(
        self, fields: dict[str, Any], *, form: str = "json", **headers: str
    ) -> Answer:
        """Push inside Cloud Run."""
        body = xml.write(fields) if form == "xml" else json.dumps(fields)
        given = {
            "X-WX-SOURCE": "wx_client",
            "X-WX-APPID": APPID,
            "X-WX-OPENID": XIAOMING,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.posts(CLOUD_RUN, body.encode(), given)

    def posts(self, path: str, body: bytes, headers: Headers) -> Answer:
        lines = [
            (name.lower().encode(), value.encode("latin-1", "replace"))
            for name, value in headers.items()
        ]
        return self.web.request("POST", path, b"", body, lines)


@pytest.fixture
def doors(web: Web, mini_program: MiniProgram) -> Doors:
    doors = Doors(web, mini_program)
    doors.configure(relay_secret=SECRET, cloud_run=True)
    return doors


def accepted(answer: Answer) -> bool:
    return (answer.status, answer.body) == (200, b"success")


def nothing_came_in() -> bool:
    models = (ReceivedPush, Customer, Conversation, Message, LiveEvent)
    return not any(model.objects.exists() for model in models)


def rejected_for() -> list[str]:
    return list(RejectedPush.objects.values_list("reason", flat=True))


# By our cloud function.


def test_a_relayed_message_is_a_message(doors):
    assert accepted(doors.relays(says("请问怎么加入训练营")))
    assert Message.objects.get().text == "请问怎么加入训练营"
    received = ReceivedPush.objects.get()
    assert (received.authenticated_by, received.kind) == ("relay", "text")
    wait_until(Light.objects.filter(name="push", ok=True).exists)  # After the answer


def test_a_relayed_entering_is_an_entering(doors):
    assert accepted(doors.relays({**ENTERS, "FromUserName": XIAOMING, "CreateTime": 1}))
    assert Conversation.objects.get().session_from == "文章详情的客服按钮"


@pytest.mark.parametrize(
    "event",
    [
        says(MsgType="image", MediaId="media", PicUrl="http://mmbiz.qpic.cn/x"),
        says(MsgType="miniprogrampage", Title="课", AppId=APPID, PagePath="pages/a"),
        says(MsgType="voice"),
        says(MsgId="49d72d67-16f1-4b5d-95ac-3e1d1a9c6b7f_1555684067"),
        {**says(), "tcbContext": {}, "extra": [1, {"a": None}]},
    ],
    ids=lambda event: event["MsgType"],
)
def test_every_kind_comes_by_relay(doors, event):
    assert accepted(doors.relays(event))
    assert Message.objects.count() == 1


def test_the_same_relayed_twice_is_one_message(doors):
    event = says()
    assert accepted(doors.relays(event))
    assert accepted(doors.relays(event))
    assert accepted(doors.relays({**event, "relay": {"queued": True}}))
    assert Message.objects.count() == 1


def test_ids_that_javascript_has_rounded_stay_apart(doors):
    rounded = str(int(float(22661351901594051)))
    assert rounded == str(int(float(22661351901594052)))
    at = int(time.time())
    for event in (
        says("一", MsgId=rounded, CreateTime=at),
        says("一", MsgId=rounded, CreateTime=at + 1),
        says("二", MsgId=rounded, CreateTime=at),
    ):
        assert accepted(doors.relays(event))
    assert Message.objects.count() == 3


def test_it_is_of_whom_the_platform_says_and_not_of_whom_the_event_says(doors):
    event = says()
    del event["FromUserName"]
    assert accepted(doors.relays(event))
    assert Customer.objects.get().openid == XIAOMING


def test_two_secrets_are_good_while_one_replaces_the_other(doors):
    doors.configure(previous_relay_secret=OLD_SECRET)
    assert accepted(doors.relays(says(MsgId="1"), secret=OLD_SECRET))
    assert accepted(doors.relays(says(MsgId="2")))
    doors.configure(previous_relay_secret="")
    assert doors.relays(says(MsgId="3"), secret=OLD_SECRET).status == 401


@pytest.mark.parametrize("previous", ["", OLD_SECRET])
def test_without_a_secret_there_is_no_such_address(doors, previous):
    doors.configure(relay_secret="", previous_relay_secret=previous)
    for secret in ("", OLD_SECRET):
        assert doors.relays(says(), secret=secret).status == 404
    assert nothing_came_in()


FORGED: dict[str, Callable[[Doors], Answer]] = {
    "another secret": lambda d: d.relays(says(), secret="guessed"),
    "the Token": lambda d: d.relays(says(), secret="a-push-token"),
    "no headers": lambda d: d.posts(RELAY, json.dumps(says()).encode(), {}),
    "another body": lambda d: d.relays_bytes(b"{}", signed=b'{"a":1}'),
    "upper case": lambda d: d.relays(says(), change={"X-Relay-Signature": "A" * 64}),
    "short": lambda d: d.relays(says(), change={"X-Relay-Signature": "a" * 63}),
    "not ASCII": lambda d: d.relays(says(), change={"X-Relay-Signature": "é" * 64}),
    "another time": lambda d: d.relays(
        says(), change={"X-Relay-Timestamp": str(int(time.time()) - 9)}
    ),
    "no time": lambda d: d.relays(says(), change={"X-Relay-Timestamp": ""}),
    "a fraction": lambda d: d.relays(says(), change={"X-Relay-Timestamp": "1.5e9"}),
    "other digits": lambda d: d.relays(
        says(), change={"X-Relay-Timestamp": "１７１４０３６５０４"}
    ),
    "another nonce": lambda d: d.relays(says(), change={"X-Relay-Nonce": "b" * 16}),
    "no nonce": lambda d: d.relays(says(), change={"X-Relay-Nonce": ""}),
    "a line feed": lambda d: d.relays(says(), nonce="aaaaaaaa\nbbbb"),
    "too old": lambda d: d.relays(says(), age=310),
    "too new": lambda d: d.relays(says(), age=-310),
    "another mini program": lambda d: d.relays(
        says(userInfo={**USER, "appId": "wxfedcba9876543210"})
    ),
    "no mini program": lambda d: d.relays(says(userInfo={"openId": XIAOMING})),
    "for somebody else": lambda d: d.relays(says(FromUserName="oMallory")),
    "openid a number": lambda d: d.relays(says(userInfo={**USER, "openId": 1})),
    "user a list": lambda d: d.relays(says(userInfo=[USER])),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_our_function_did_not_sign_is_refused(doors, forge):
    answer = forge(doors)
    assert (answer.status, answer.body) == (401, b"")
    assert nothing_came_in()
    [reason] = rejected_for()
    assert reason.startswith("relay_")
    assert XIAOMING not in str(RejectedPush.objects.values_list("details"))


@pytest.mark.parametrize("age", [-295, 0, 295])
def test_clocks_may_differ_by_five_minutes(doors, age):
    assert accepted(doors.relays(says(), age=age))


def test_a_nonce_is_good_for_one_body(doors):
    assert accepted(doors.relays(says("在吗", CreateTime=5), nonce="once0000"))
    assert accepted(doors.relays(says("在吗", CreateTime=5), nonce="once0000"))
    other = says("转账给我", MsgId="2", CreateTime=5)
    assert doors.relays(other, nonce="once0000").status == 401
    assert [message.text for message in Message.objects.all()] == ["在吗"]
    assert rejected_for() == ["relay_nonce"]


def test_a_captured_request_is_good_for_nothing_once_its_nonce_is_forgotten(doors):
    event, then = says(), timezone.now()
    assert accepted(doors.relays(event, nonce="captured"))
    with time_machine.travel(then + NONCES_KEPT):
        SpentNonce.objects.all().delete()
        age = NONCES_KEPT.total_seconds()
        assert doors.relays(event, nonce="captured", age=age).status == 401


BODIES = {
    "empty": b"",
    "no object": b"[]",
    "text": b"success",
    "XML": b"<xml><MsgType>text</MsgType></xml>",
    "cut off": b'{"MsgType": "te',
    "not UTF-8": b'{"a": "\xff"}',
    "NaN": b'{"CreateTime": NaN}',
    "same key twice": b'{"MsgType": "text", "MsgType": "image"}',
    "deep": b'{"a": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "DTD": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_signed_body_that_is_no_event_is_our_functions_mistake(doors, body):
    assert doors.relays_bytes(body).status == 400
    assert nothing_came_in()


def test_a_body_over_64_kib_is_refused_at_every_door(doors):
    for path in (RELAY, CLOUD_RUN):
        assert doors.posts(path, b"x" * (64 * 1024 + 1), {}).status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", [RELAY, CLOUD_RUN])
def test_the_other_doors_are_for_posts(doors, path, method):
    assert doors.web.request(method, path).status == 405


# Inside Cloud Run.


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_push_inside_cloud_run_is_a_message(doors, form):
    assert accepted(doors.calls(says("在吗 ]]> <b>"), form=form))
    assert Message.objects.get().text == "在吗 ]]> <b>"
    assert ReceivedPush.objects.get().authenticated_by == "cloud_run"


@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"CheckContainerPath"}',
        b"<xml><action>CheckContainerPath</action></xml>",
        b"<xml>\n<action><![CDATA[CheckContainerPath]]></action>\n</xml>",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"X-WX-SOURCE": "wx_unknown"}])
def test_the_question_whether_the_path_is_there_is_answered(doors, body, headers):
    assert accepted(doors.posts(CLOUD_RUN, body, headers))
    assert nothing_came_in()
    assert Light.objects.get().name == "url"


def test_the_same_push_inside_cloud_run_twice_is_one_message(doors):
    event = says()
    assert accepted(doors.calls(event))
    assert accepted(doors.calls(event))
    assert Message.objects.count() == 1


CONTRADICTIONS: dict[str, Headers] = {
    "no source": {"X-WX-SOURCE": ""},
    "a blank source": {"X-WX-SOURCE": " "},
    "another mini program": {"X-WX-APPID": "wxfedcba9876543210"},
    "another customer": {"X-WX-OPENID": "oMallory"},
    "another, shared": {"X-WX-FROM-OPENID": "oMallory"},
    "another mini program, shared": {"X-WX-FROM-APPID": "wxfedcba9876543210"},
}


@pytest.mark.parametrize("headers", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_headers_that_contradict_the_message_are_not_believed(doors, headers):
    answer = doors.calls(says(), **{n.replace("-", "_"): v for n, v in headers.items()})
    assert (answer.status, answer.body) == (403, b"")
    assert nothing_came_in()
    assert rejected_for()[0].startswith("cloud_run_")


def test_in_a_shared_environment_the_customers_headers_are_the_ones_that_count(doors):
    assert accepted(
        doors.calls(
            says(),
            X_WX_APPID="wxfedcba9876543210",
            X_WX_OPENID="",
            X_WX_FROM_APPID=APPID,
            X_WX_FROM_OPENID=XIAOMING,
        )
    )


def test_the_headers_other_name_is_good_only_where_the_settings_say_so(doors, settings):
    headers = {"X_WX_SOURCE": "", "X_WX_SOURCES": "wx_client"}
    assert doors.calls(says(), **headers).status == 403
    settings.CLOUD_RUN_PLURAL_SOURCE = True
    assert accepted(doors.calls(says(), **headers))


def test_where_cloud_run_is_off_nobody_is_believed(doors):
    doors.configure(cloud_run=False)
    assert doors.calls(says()).status == 404
    probe = b'{"action":"CheckContainerPath"}'
    assert doors.posts(CLOUD_RUN, probe, {}).status == 404
    assert nothing_came_in()
    assert set(rejected_for()) == {"cloud_run_off"}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_cant_be_read_inside_cloud_run_is_kept_and_acknowledged(doors, body):
    assert accepted(doors.posts(CLOUD_RUN, body, {"X-WX-SOURCE": "wx_client"}))
    assert ReceivedPush.objects.get().outcome in ("ignored", "failed")
    assert not Message.objects.exists()


@pytest.mark.parametrize("path", ["push", "relay"])
def test_cloud_runs_headers_open_no_other_door(doors, path):
    headers = {"X-WX-SOURCE": "wx_client", "X-WX-OPENID": XIAOMING}
    body = json.dumps({**says(), "userInfo": USER}).encode()
    answer = doors.posts(f"/wechat/{APPID}/{path}", body, headers)
    assert answer.status in (401, 403)
    assert nothing_came_in()


# Whatever comes.

whatever = trying(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ["FromUserName", "MsgType", "CreateTime", "MsgId", "Content", "userInfo"]


@whatever
@given(event=st.dictionaries(st.sampled_from([*FIELDS, "relay", "Event"]), JSON))
def test_any_event_gets_an_answer_by_relay_and_by_cloud_run(doors, event):
    assert doors.relays(event).status in (200, 400, 401)
    assert doors.calls(event).status in (200, 403)


@whatever
@given(
    headers=st.fixed_dictionaries(
        {
            f"X-Relay-{name}": st.text(
                st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=70
            )
            for name in ("Timestamp", "Nonce", "Signature")
        }
    )
)
def test_any_headers_are_refused(doors, headers):
    assert doors.posts(RELAY, json.dumps(says()).encode(), headers).status == 401


def test_a_relayed_push_that_waited_with_the_function_keeps_its_time(doors):
    at = int((timezone.now() - timedelta(hours=2)).timestamp())
    event = {**says(CreateTime=at), "relay": {"queued": True}}
    assert accepted(doors.relays(event))
    message = Message.objects.get()
    assert message.late
    assert int(message.said_at.timestamp()) == at
