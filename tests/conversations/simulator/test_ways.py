"""Pushes by a URL, a cloud function and a container, and what each proves."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time

import httpx
import pytest

from conversations.simulator.state import World
from conversations.wechat import envelope, xml

from .conftest import APPID
from .test_pushes import credentials, transfer

RELAY_SECRET = "between-function-and-console"
OLD_RELAY_SECRET = "before-that"
SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
def relayed(wechat, receiver):
    wechat.control(
        "apps",
        appid=APPID,
        way="relay",
        mode="secure",
        format="xml",
        relay_url=receiver.url,
        relay_secret=RELAY_SECRET,
        previous_relay_secret=OLD_RELAY_SECRET,
        push_url="http://127.0.0.1:9/nobody",
    )
    return wechat


@pytest.fixture
def contained(wechat, receiver):
    wechat.control(
        "apps",
        appid=APPID,
        way="cloudrun",
        mode="secure",
        cloudrun_url=receiver.url,
        push_url="http://127.0.0.1:9/nobody",
    )
    return wechat


def is_signed(received, secret):
    """What a console works out from the signature's description."""
    headers = received.headers
    signed = "\n".join(
        [
            headers["x-relay-timestamp"],
            headers["x-relay-nonce"],
            hashlib.sha256(received.body).hexdigest(),
        ]
    )
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(mac, headers["x-relay-signature"])


def test_a_cloud_function_hands_on_json_and_signs_it(relayed, receiver):
    assert relayed.act("text", content="在吗 😀") == {"state": "accepted"}
    relayed.act("enter", session_from="训练营")
    said, entered = receiver.received
    event = json.loads(said.body)
    assert event["Content"] == "在吗 😀"
    assert isinstance(event["MsgId"], str)
    assert event["userInfo"] == {"appId": APPID, "openId": relayed.openid}
    assert "MsgId" not in json.loads(entered.body)
    assert said.query == {}
    assert said.content_type == "application/json"
    assert is_signed(said, RELAY_SECRET)
    assert said.headers["x-relay-nonce"] != entered.headers["x-relay-nonce"]


def test_handed_on_again_it_is_signed_anew(relayed, receiver):
    relayed.control("limits", retry_pause=0)
    receiver.answers = [(500, b""), (200, b"success")]
    assert relayed.act("text", content="在吗") == {"state": "accepted"}
    first, second = receiver.received
    assert first.headers["x-relay-nonce"] != second.headers["x-relay-nonce"]
    assert is_signed(second, RELAY_SECRET)
    kept = json.loads(second.body)
    assert kept.pop("relay") == {"queued": True}
    assert kept == json.loads(first.body)


def test_what_a_function_keeps_is_delivered_as_far_as_the_customer_sees(
    relayed, receiver
):
    relayed.control("limits", retry_pause=0, relay_deliveries=4)
    receiver.answers = [(500, b"")]
    assert relayed.act("text", content="在吗") == {"state": "failed"}
    assert len(receiver.received) == 4
    assert relayed.world.lines(relayed.openid)[-1].state == "accepted"
    assert relayed.phone("system") == []


def test_what_comes_late_is_not_handed_over_any_more(relayed, receiver):
    relayed.control("limits", retry_pause=0)
    packet = transfer(relayed, credentials("plain", "json"))
    receiver.answers = [(500, b""), packet]
    assert relayed.act("text", content="在吗") == {"state": "accepted"}


def test_what_can_never_be_read_is_let_go(relayed, receiver):
    receiver.answers = [(400, b"")]
    assert relayed.act("text", content="在吗") == {"state": "accepted"}
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("options", "secret"),
    [({"wrong_signature": True}, ""), ({"old_key": True}, OLD_RELAY_SECRET)],
)
def test_a_function_may_hold_a_wrong_or_an_older_secret(
    relayed, receiver, options, secret
):
    relayed.act("text", content="在吗", options=options)
    [said] = receiver.received
    assert not is_signed(said, RELAY_SECRET)
    assert is_signed(said, secret) == bool(secret)


def test_a_function_returns_the_consoles_transfer_in_json(relayed, receiver):
    receiver.answers = [transfer(relayed, credentials("plain", "json"))]
    assert relayed.act("text", content="在吗") == {"state": "transferred"}


@pytest.mark.parametrize("format", ["json", "xml"])
def test_a_container_is_told_who_it_is_by_headers(contained, receiver, format):
    contained.control("apps", appid=APPID, format=format)
    assert contained.act("text", content="在吗") == {"state": "accepted"}
    [said] = receiver.received
    assert said.query == {}
    assert said.headers["x-wx-source"]
    assert said.headers["x-wx-openid"] == contained.openid
    assert said.headers["x-wx-appid"] == APPID
    if format == "json":
        assert json.loads(said.body)["Content"] == "在吗"
    else:
        assert xml.parse(said.body)["Content"] == "在吗"
    contained.act("text", content="在吗", options={"wrong_signature": True})
    assert "x-wx-source" not in receiver.received[1].headers


@pytest.mark.parametrize("answer", [b"success", b""])
def test_a_containers_path_is_asked_for_once(contained, receiver, answer):
    receiver.answers = [(200, answer)]
    assert contained.control(f"apps/{APPID}/check")["ok"] is True
    [probe] = receiver.received
    assert json.loads(probe.body) == {"action": "CheckContainerPath"}
    receiver.answers = [(404, b"")]
    said = contained.control(f"apps/{APPID}/check")
    assert (said["ok"], said["status"]) == (False, 404)


def test_an_address_gives_back_what_it_is_asked(wechat, receiver):
    def answer(received):
        echo = envelope.check_url(received.query, credentials("secure"))
        return 200, echo.encode()

    wechat.control("apps", appid=APPID, mode="secure")
    receiver.answers = [answer]
    assert wechat.control(f"apps/{APPID}/check")["ok"] is True
    receiver.answers = [(200, b"success")]
    assert wechat.control(f"apps/{APPID}/check")["ok"] is False
    wechat.control("apps", appid=APPID, push_url="http://127.0.0.1:9/nobody")
    assert wechat.control(f"apps/{APPID}/check")["status"] is None
    wechat.control("apps", appid=APPID, way="relay")
    assert wechat.control(f"apps/{APPID}/check")["ok"] is None


def test_a_container_calls_without_a_token_and_nobody_else_does(contained):
    contained.act("text", content="在吗")
    text = {"touser": contained.openid, "msgtype": "text", "text": {"content": "在的"}}
    answer = contained.http.post(SEND, json=text)
    assert answer.json()["errcode"] == 0
    assert answer.headers["x-openapi-seqid"]
    assert contained.phone() == [{"content": "在的"}]
    # One it brings is looked at.
    bad = contained.http.post(SEND, json=text, params={"access_token": "x" * 120})
    assert bad.json()["errcode"] == 40001

    contained.control("apps", appid="wxother", way="cloudrun", secret="s")
    assert contained.http.post(SEND, json=text).json()["errcode"] == 41001
    mine = {"from_appid": APPID}
    assert contained.http.post(SEND, json=text, params=mine).json()["errcode"] == 0
    contained.control("apps", appid=APPID, way="url")
    assert contained.http.post(SEND, json=text, params=mine).json()["errcode"] == 41001


def test_no_such_way_and_no_address(wechat):
    refused = wechat.http.post("/_apps", json={"appid": APPID, "way": "pigeon"})
    assert refused.status_code == 400
    wechat.control("apps", appid=APPID, way="cloudrun")
    assert wechat.act("text", content="在吗") == {"state": "failed"}


def test_a_file_from_before_there_were_ways_is_read_on(tmp_path):
    path = str(tmp_path / "wechat.sqlite3")
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE app (appid TEXT PRIMARY KEY, original_id TEXT NOT NULL,"
            " name TEXT NOT NULL, secret TEXT NOT NULL, token TEXT NOT NULL,"
            " encoding_aes_key TEXT NOT NULL, previous_aes_key TEXT NOT NULL,"
            " mode TEXT NOT NULL, format TEXT NOT NULL, push_url TEXT NOT NULL)"
        )
        old.execute(
            "INSERT INTO app VALUES ('wx1', 'gh_1', '', '', '', '', '', 'plain',"
            " 'json', 'http://127.0.0.1:9/')"
        )
    old.close()
    for _ in range(2):
        world = World(path)
        assert world.app("wx1").way == "url"
        world.close()


def test_a_clock_that_is_wrong_is_wrong_in_the_functions_headers_too(relayed, receiver):
    relayed.act("text", content="在吗", options={"clock_skew": -3600})
    [said] = receiver.received
    assert time.time() - int(said.headers["x-relay-timestamp"]) > 3500


def test_a_slow_console_is_given_three_seconds_by_a_function(relayed):
    assert httpx.URL(relayed.world.app(APPID).address).path == "/push"
    assert relayed.http.get("/_limits").json()["relay_timeout"] == 3
