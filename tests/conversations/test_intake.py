"""WeChat's pushes at our door: what gets in, what doesn't, and what WeChat is told."""

from __future__ import annotations

import itertools
import json
import logging
import string
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from conversations import group_commit, intake, live, mini_programs, push_log, receiving
from conversations.group_commit import Writer
from conversations.models import (
    Conversation,
    Customer,
    LiveEvent,
    Message,
    PushDay,
    ReceivedPush,
    RejectedCount,
    RejectedPush,
)
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import encrypt
from conversations.wechat.envelope import wrap
from conversations.wechat.signature import sign
from tests.asgi import Answer, Web
from tests.conftest import AES_KEY, APPID, PUSH_TOKEN, XIAOMING, wait_until

PATH = f"/wechat/{APPID}/push"
NONCE = "1320562132"
TOO_LONG = 64 * 1024 + 1


class Door:
    """WeChat, before our push address."""

    def __init__(self, web: Web, mini_program: Any) -> None:
        self.web, self.mini_program = web, mini_program

    def configure(self, **fields: str) -> None:
        for name, value in fields.items():
            setattr(self.mini_program, name, value)
        self.mini_program.save()
        intake._remembered.clear()

    @property
    def credentials(self) -> Credentials:
        return mini_programs.credentials(self.mini_program)

    def push(self, *, age: int = 0, **fields: Any) -> Answer:
        """Deliver a message of Xiaoming's."""
        return self.begin(age=age, **fields).result(10)

    def begin(self, *, age: int = 0, **fields: Any) -> Future[Answer]:
        query, body, _ = self.envelope(fields, age=age)
        return self.web.begin("POST", PATH, query, body)

    def envelope(
        self, fields: dict[str, Any], *, age: int = 0
    ) -> tuple[dict[str, str], bytes, str]:
        fields = {
            "ToUserName": "gh_0123456789ab",
            "FromUserName": XIAOMING,
            "CreateTime": now(),
            "MsgType": "text",
            **fields,
        }
        nonce = fresh_nonce() if self.credentials.mode == "plain" else NONCE
        return wrap(fields, self.credentials, str(now() - age), nonce, XIAOMING)

    def push_bytes(self, content: bytes) -> Answer:
        """Deliver a body that is WeChat's, whatever it says, in plain mode."""
        self.configure(mode="plain")
        return self.post(content)

    def post(self, content: bytes) -> Answer:
        return self.web.request("POST", PATH, signed(fresh_nonce()), content)

    def push_encrypted(self, content: bytes) -> Answer:
        """Deliver a content that is WeChat's, whatever it says, in secure mode."""
        sealed = encrypt(self.credentials.aes_keys[0], content, APPID)
        query = {**signed(), "msg_signature": sign_with(sealed)}
        body = json.dumps({"Encrypt": sealed}).encode()
        return self.web.request("POST", PATH, query, body)


def now() -> int:
    return int(time.time())


_nonces = itertools.count(10**9)


def fresh_nonce() -> str:
    return str(next(_nonces))


def signed(nonce: str = NONCE, **more: str) -> dict[str, str]:
    """Return the query of a push that comes now."""
    timestamp = str(now())
    signature = sign(PUSH_TOKEN, timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce, **more}


def sign_with(ciphertext: str) -> str:
    return sign(PUSH_TOKEN, str(now()), NONCE, ciphertext)


@pytest.fixture
def door(web, mini_program) -> Door:
    return Door(web, mini_program)


@contextmanager
def a_locked_database() -> Iterator[None]:
    """Hold the lock that every recorded change needs, on either database."""
    with live.recording():
        live.answers()
    with transaction.atomic():
        live._take(1)
        yield


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """The sizes of the batches whose commit has begun."""
    sizes: list[int] = []
    receive = receiving.receive
    monkeypatch.setattr(
        receiving, "receive", lambda them: sizes.append(len(them)) or receive(them)
    )
    return sizes


@pytest.fixture
def receives_poison(monkeypatch) -> None:
    """Have the domain break on a message that says poison."""
    content_of = receiving.content_of

    def breaking(push: Any) -> Any:
        if getattr(push, "text", "") == "poison":
            raise ZeroDivisionError
        return content_of(push)

    monkeypatch.setattr(receiving, "content_of", breaking)


def accepted(answer: Answer) -> bool:
    return (answer.status, answer.body) == (200, b"success")


# What gets in.


@pytest.mark.parametrize("push_format", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
def test_a_push_in_every_mode_and_format_becomes_a_message(door, mode, push_format):
    door.configure(mode=mode, format=push_format)
    assert accepted(door.push(Content="在吗 <b>]]>&amp;", MsgId=1))
    assert Message.objects.get().text == "在吗 <b>]]>&amp;"
    received = ReceivedPush.objects.get()
    by = "signature" if mode == "plain" else "msg_signature"
    assert (received.authenticated_by, received.kind) == (by, "text")


def test_the_address_may_end_in_a_slash(door):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    assert accepted(door.web.request("POST", f"{PATH}/", query, body))


def test_a_body_may_come_in_pieces(door):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    pieces = [body[:10], b"", body[10:11], body[11:]]
    assert accepted(door.web.request("POST", PATH, query, pieces))


def test_success_is_said_only_once_the_message_is_committed(door, batches):
    with a_locked_database():
        pushed = door.begin(Content="在吗", MsgId=1)
        wait_until(lambda: batches == [1])
        assert not pushed.done()
    assert accepted(pushed.result(10))
    assert Message.objects.get().text == "在吗"


def test_one_push_twenty_times_at_once_is_one_message(door):
    pushed = [door.begin(Content="在吗", MsgId=1, CreateTime=1) for _ in range(20)]
    assert all(accepted(one.result(10)) for one in pushed)
    assert Message.objects.count() == 1
    assert LiveEvent.objects.filter(kind="message").count() == 1


def test_what_comes_during_a_commit_shares_the_next(door, batches):
    with a_locked_database():
        pushed = [door.begin(Content="在吗", MsgId=1)]
        wait_until(lambda: batches == [1])
        pushed += [door.begin(Content="在吗", MsgId=n) for n in range(2, 30)]
        wait_until(lambda: intake.writer.waiting == 28)
    assert all(accepted(one.result(10)) for one in pushed)
    assert batches == [1, 28]


def test_an_id_beyond_what_a_browser_counts_keeps_every_digit(door):
    ids = ["22876340532172986", "22876340532172987", "18446744073709551617"]
    for msg_id in ids:
        body = json.dumps({"FromUserName": XIAOMING, "MsgType": "text", "MsgId": 0})
        assert accepted(
            door.push_bytes(body.replace('"MsgId": 0', f'"MsgId": {msg_id}').encode())
        )
    bodies = list(ReceivedPush.objects.order_by("pk").values_list("body", flat=True))
    assert [msg_id in body for msg_id, body in zip(ids, bodies, strict=True)] == [
        True
    ] * 3


def test_a_secure_push_may_be_late_as_our_clock_may_be_wrong(door):
    assert accepted(door.push(Content="在吗", MsgId=1, age=3000))


@pytest.mark.parametrize("kind", ["voice", "video", "location", "新的", "x" * 200])
def test_a_kind_we_dont_know_is_stored_and_acknowledged(door, kind):
    assert accepted(door.push(MsgType=kind, MsgId=1))
    assert Message.objects.get().kind == "unknown"


def test_an_event_we_dont_know_is_stored_and_acknowledged(door):
    assert accepted(door.push(MsgType="event", Event="wxa_media_check"))
    assert ReceivedPush.objects.get().kind == "event:wxa_media_check"


# Odd contents that are WeChat's all the same: stored, acknowledged, never an error.

DEEP = 3000

ODD_BODIES = {
    "empty": b"",
    "white space": b" \n",
    "no object": b'["a"]',
    "text": b"hello",
    "truncated JSON": b'{"FromUserName": "o',
    "truncated XML": b"<xml><MsgType>text",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "NaN": b'{"MsgType": "text", "CreateTime": NaN}',
    "same key twice": b'{"MsgType": "text", "MsgType": "image"}',
    "byte order mark": b'\xef\xbb\xbf{"MsgType": "text"}',
    "deep": b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep XML": b"<a>" * DEEP + b"</a>" * DEEP,
    "huge integer": b'{"CreateTime": ' + b"9" * 5000 + b"}",
    "huge exponent": b'{"CreateTime": 1e999999}',
    "DTD": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "other types": b'{"MsgType": {"a": []}, "FromUserName": [1], "Content": {}}',
    "other types of an openid": b'{"FromUserName": true, "MsgId": null}',
}


@pytest.mark.parametrize("by", ["push_bytes", "push_encrypted"])
def test_odd_contents_are_stored_as_they_came_and_acknowledged(door, caplog, by):
    push = getattr(door, by)
    refused = [name for name, body in ODD_BODIES.items() if not accepted(push(body))]
    assert refused == []
    stored = ReceivedPush.objects.order_by("pk").values_list("body", flat=True)
    assert list(stored) == [b.decode(errors="replace") for b in ODD_BODIES.values()]
    assert Message.objects.count() == 0
    assert errors(caplog) == []


ODD_FIELDS = {
    "CreateTime": ["", "-1", "0", 10**30, "99999999999", 1.5, "1e9", None, [], True],
    "MsgId": ["", 0, -1, 10**40, "x" * 5000, None, {}, 1.5],
    "Content": [None, 0, [], {"a": 1}, "", "x" * 30_000],
}


@pytest.mark.parametrize("name", ODD_FIELDS)
def test_an_odd_field_stops_no_message(door, caplog, name):
    for msg_id, value in enumerate(ODD_FIELDS[name]):
        fields = {"Content": "在吗", "MsgId": msg_id, "CreateTime": now(), name: value}
        assert accepted(door.push(**fields)), value
    kinds = [message.kind for message in Message.objects.all()]
    assert kinds == ["text"] * len(ODD_FIELDS[name])
    assert errors(caplog) == []


def errors(caplog: Any) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= 40]


# The same on SQLite and on PostgreSQL, which refuses NUL and half surrogate pairs.
TEXTS = {
    "NUL": ("a\0b", "a\ufffdb"),
    "half a pair": ("a\ud83db", "a\ufffdb"),
    "halves in the wrong order": ("\ude00\ud83d", "\ufffd\ufffd"),
    "from right to left": ("\u202eabc\u202c", "\u202eabc\u202c"),
    "many emoji": ("😀" * 10_000, "😀" * 10_000),
    "family": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    "control characters": ("a\x01\x1b[31m\x7f", "a\x01\x1b[31m\x7f"),
    "markup": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "blanks": (" \n a \n", " \n a \n"),
}


@pytest.mark.parametrize(("text", "stored"), TEXTS.values(), ids=TEXTS)
def test_any_text_is_stored_and_shown(door, lin, text, stored):
    body = json.dumps(
        {
            "FromUserName": XIAOMING,
            "MsgType": "text",
            "Content": text,
            "CreateTime": now(),
            "MsgId": 1,
        },
        ensure_ascii=not text.isprintable(),
    )
    assert accepted(door.push_bytes(body.encode()))
    assert Message.objects.get().text == stored

    browser = Client()
    browser.force_login(lin)
    page = browser.get(f"/conversations/{Conversation.objects.get().pk}/").text
    assert f">{escaped(stored)}</div>" in page


def escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("text", ["a\0b", "a\ud83db"])
def test_any_session_from_is_stored(door, text):
    fields = {
        "FromUserName": XIAOMING,
        "MsgType": "event",
        "Event": "user_enter_tempsession",
        "SessionFrom": text,
        "CreateTime": now(),
    }
    assert accepted(door.push_bytes(json.dumps(fields).encode()))
    assert Conversation.objects.get().session_from == "a\ufffdb"


# What doesn't get in.


def test_the_check_of_the_address_is_answered(door):
    answer = door.web.request("GET", PATH, signed(echostr="5838479218127813673"))
    assert (answer.status, answer.body) == (200, b"5838479218127813673")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_encrypted_check_of_the_address_is_answered(door):
    sealed = encrypt(door.credentials.aes_keys[0], b"5838479218127813673", APPID)
    query = signed(echostr=sealed, msg_signature=sign_with(sealed))
    assert door.web.request("GET", PATH, query).body == b"5838479218127813673"


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 40},
        {"signature": ""},
        {"timestamp": "1"},
        {"nonce": ""},
        {"echostr": ""},
        {"echostr": "<script>alert(1)</script>"},
        {"echostr": "a" * 300},
    ],
)
def test_a_check_of_the_address_that_isnt_wechats_gets_nothing(door, change):
    query = {**signed(echostr="5838479218127813673"), **change}
    answer = door.web.request("GET", PATH, query)
    assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize(
    "change",
    [
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"timestamp": "1414587457"},
        {"timestamp": "now"},
        {"nonce": "another"},
        {"nonce": ""},
        {"nonce": "a" * 100},
    ],
)
def test_a_forged_push_leaves_a_count_and_nothing_else(door, change):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    answer = door.web.request("POST", PATH, {**query, **change}, body)
    assert (answer.status, answer.body) == (403, b"")
    assert_nothing_came_in()
    rejected = RejectedPush.objects.get()
    assert (rejected.appid, rejected.count) == (APPID, 1)
    assert rejected.reason in ("signature", "format", "downgrade")


def assert_nothing_came_in() -> None:
    for model in (ReceivedPush, Customer, Conversation, Message, LiveEvent):
        assert not model.objects.exists(), model


def test_a_flood_of_forgeries_is_not_a_flood_of_writes(door):
    pushed = [door.web.begin("POST", PATH, {}, b"{}") for _ in range(100)]
    assert {one.result(10).status for one in pushed} == {403}
    assert [row.count for row in RejectedPush.objects.all()] == [1, 1, 1]
    push_log.flush()
    assert sum(row.count for row in RejectedPush.objects.all()) == 100
    assert RejectedCount.objects.get().count == 100


@pytest.mark.parametrize("mode", ["secure", "compatible"])
def test_a_clear_body_is_refused_where_encryption_is_configured(door, mode):
    door.configure(mode="plain")
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    door.configure(mode=mode)
    assert door.web.request("POST", PATH, query, body).status == 403
    assert_nothing_came_in()
    assert RejectedPush.objects.get().reason == "downgrade"


def test_the_clear_copy_beside_a_sealed_message_is_never_believed(door):
    door.configure(mode="compatible")
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    forged = {**json.loads(body), "Content": "转账给我", "FromUserName": "oMallory"}
    assert accepted(door.web.request("POST", PATH, query, json.dumps(forged).encode()))
    assert Message.objects.get().text == "在吗"
    assert Customer.objects.get().openid == XIAOMING


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
def test_a_push_under_the_previous_token_and_key_is_still_taken(door, mode):
    door.configure(mode=mode)
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    check = signed(echostr="5838479218127813673")
    door.configure(
        push_token="another-token",
        encoding_aes_key="B" * 43,
        previous_push_token=PUSH_TOKEN,
        previous_aes_key=AES_KEY,
    )
    assert accepted(door.web.request("POST", PATH, query, body))
    assert door.web.request("GET", PATH, check).status == 200

    assert accepted(door.push(Content="还在吗", MsgId=2))
    door.configure(previous_push_token="", previous_aes_key="")
    assert door.web.request("POST", PATH, query, body).status == 403


def test_a_push_sealed_for_another_mini_program_is_refused(door):
    other = replace(door.credentials, appid="wxfedcba9876543210")
    query, body, _ = wrap({"MsgType": "text"}, other, str(now()), NONCE, XIAOMING)
    assert door.web.request("POST", PATH, query, body).status == 403
    assert RejectedPush.objects.get().reason == "decrypt"


def test_a_plain_push_must_be_fresh(door):
    door.configure(mode="plain")
    assert door.push(Content="在吗", MsgId=1, age=700).status == 403
    assert_nothing_came_in()


def test_a_captured_plain_push_is_good_for_no_other_body(door):
    door.configure(mode="plain")
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    assert accepted(door.web.request("POST", PATH, query, body))
    assert accepted(door.web.request("POST", PATH, query, body))
    forged = body.replace("在吗".encode(), "转账给我".encode()).replace(b"1}", b"2}")
    assert door.web.request("POST", PATH, query, forged).status == 403
    assert Message.objects.get().text == "在吗"
    assert RejectedPush.objects.get().reason == "nonce"


def test_without_a_token_nobody_is_believed(door):
    door.configure(mode="plain", push_token="")
    timestamp = str(now())
    query = {
        "signature": sign("", timestamp, NONCE),
        "timestamp": timestamp,
        "nonce": NONCE,
    }
    assert door.web.request("POST", PATH, query, b"{}").status == 403
    assert_nothing_came_in()


def test_an_unknown_mini_program_has_no_address(door):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    path = PATH.replace(APPID, "wxfedcba9876543210")
    assert door.web.request("POST", path, query, body).status == 404
    assert not RejectedPush.objects.exists()


def test_a_mini_program_that_is_switched_off_has_no_address(door):
    door.configure(active=False)
    assert door.push(Content="在吗", MsgId=1).status == 404
    assert_nothing_came_in()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_only_get_and_post_are_known(door, method):
    assert door.web.request(method, PATH, signed()).status == 405


@pytest.mark.parametrize(
    "declared", [b"65537", b"300000000", b"9" * 5000, b"-1", b"many", b""]
)
def test_a_body_declared_too_long_is_not_even_read(door, declared):
    headers = [(b"content-length", declared)]
    pushed = door.web.begin("POST", PATH, headers=headers, falls_silent=True)
    answer = pushed.result(10)
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_body_that_turns_out_too_long_is_cut_off(door):
    pieces = [b"x" * 1024] * 65
    assert door.web.request("POST", PATH, signed(), pieces).status == 413
    assert_nothing_came_in()


def test_a_body_of_just_the_limit_is_taken(door):
    assert accepted(door.push_bytes(b" " * (TOO_LONG - 1)))


def test_a_body_that_does_not_come_is_not_waited_for(door, monkeypatch):
    monkeypatch.setattr(intake, "BODY_DEADLINE", 0.05)
    pushed = door.web.begin("POST", PATH, signed(), b"{", falls_silent=True)
    assert pushed.result(10).status == 408


def test_half_a_body_is_no_push(door):
    door.configure(mode="plain")
    body = b'{"MsgType": "text"}'
    pushed = door.web.begin("POST", PATH, signed(), body, hangs_up=True)
    assert pushed.result(10).status == 400
    assert_nothing_came_in()


@pytest.mark.parametrize(
    "query",
    [b"", b"&&&=", b"%", b"%00=%ff", b"signature=1&signature=2", b"a=" * 20_000, b";"],
)
def test_a_strange_query_is_forbidden_and_no_error(door, caplog, query):
    assert door.web.request("POST", PATH, query, b"{}").status == 403
    assert errors(caplog) == []


@pytest.mark.parametrize(
    "path",
    [
        "/wechat/",
        "/wechat//push",
        f"{PATH}//",
        f"{PATH}/x",
        f"/x{PATH}",
        "/wechat/" + "a" * 33 + "/push",
        "/wechat/../push",
    ],
)
def test_another_address_is_not_the_push_address(door, path):
    assert door.web.request("GET", path).status in (302, 404)


# When it can't be stored.


def test_a_push_that_nothing_can_be_made_of_fails_alone(door, receives_poison, batches):
    with a_locked_database():
        pushed = [door.begin(Content="1", MsgId=1)]
        wait_until(lambda: batches == [1])
        words = ["2", "3", "poison", "4", "5"]
        pushed += [door.begin(Content=w, MsgId=n) for n, w in enumerate(words, 2)]
        wait_until(lambda: intake.writer.waiting == len(words))
    assert all(accepted(one.result(10)) for one in pushed)
    assert set(Message.objects.values_list("text", flat=True)) == set("12345")
    assert ReceivedPush.objects.count() == 6


def test_what_nothing_can_be_made_of_is_kept_as_it_came(door, receives_poison):
    assert accepted(door.push(Content="poison", MsgId=1))
    kept = ReceivedPush.objects.get()
    assert (kept.outcome, kept.error) == ("failed", "ZeroDivisionError")
    assert json.loads(kept.body)["Content"] == "poison"
    assert not Message.objects.exists()
    assert accepted(door.push(Content="在吗", MsgId=2))
    assert accepted(door.push(Content="poison", MsgId=1))
    assert ReceivedPush.objects.count() == 2


def test_what_cannot_even_be_kept_is_left_to_wechat(door, receives_poison, monkeypatch):
    monkeypatch.setattr(receiving, "keep_failed", _breaks)
    assert door.push(Content="poison", MsgId=1).status == 503
    assert_nothing_came_in()


def _breaks(*args: Any) -> Any:
    raise RuntimeError


@pytest.mark.parametrize("content", [b"\xff", b"{", b"[]", b"<a><b></a>"])
def test_an_unreadable_push_is_kept_as_failed(door, content):
    assert accepted(door.push_encrypted(content))
    kept = ReceivedPush.objects.get()
    assert (kept.outcome, kept.error) == ("failed", "Unreadable")


def test_an_encrypted_push_in_plain_mode_is_kept_as_failed(door):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    door.configure(mode="plain", encoding_aes_key="")
    assert accepted(door.web.request("POST", PATH, query, body))
    kept = ReceivedPush.objects.get()
    assert (kept.outcome, kept.error) == ("failed", "Encrypted")


def test_days_of_pushes_add_up(door):
    for _ in range(3):
        assert accepted(door.push(Content="在吗", MsgId=1))
    push_log.flush()
    day = PushDay.objects.get()
    assert (day.received, day.repeated, day.slow) == (3, 2, 0)
    assert ReceivedPush.objects.get().repeats == 2


def test_past_the_queues_length_wechat_is_told_to_come_again(door, batches, settings):
    settings.PUSH_QUEUE_LENGTH = 2
    with a_locked_database():
        taken = [door.begin(Content="1", MsgId=1)]
        wait_until(lambda: batches == [1])
        taken += [door.begin(Content="2", MsgId=n) for n in (2, 3)]
        wait_until(lambda: intake.writer.waiting == 2)
        assert door.push(Content="4", MsgId=4).status == 503
    assert all(accepted(one.result(10)) for one in taken)
    assert Message.objects.count() == 3


def test_a_database_that_does_not_answer_in_time_gets_wechat_a_503(door, monkeypatch):
    monkeypatch.setattr(group_commit, "ANSWER_DEADLINE", 0.1)
    with a_locked_database():
        pushed = door.push(Content="在吗", MsgId=1)
        assert (pushed.status, pushed.body) == (503, b"")
    monkeypatch.undo()
    assert accepted(door.push(Content="在吗", MsgId=1))
    assert Message.objects.count() == 1


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own error")
def test_a_database_locked_for_good_gets_wechat_a_503(door, monkeypatch, caplog):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    intake.writer = Writer()  # Its thread connects anew
    with a_locked_database():
        assert door.push(Content="在吗", MsgId=1).status == 503
    assert errors(caplog) == ["1 pushes not stored: OperationalError"]
    assert_nothing_came_in_but_answers()
    assert accepted(door.push(Content="在吗", MsgId=1))


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own limit")
def test_a_full_disk_loses_nothing_that_was_acknowledged(door, monkeypatch, caplog):
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    options = connection.settings_dict["OPTIONS"]
    full = f"{options['init_command']} PRAGMA max_page_count={pages + 4};"
    with monkeypatch.context() as patched:
        patched.setitem(options, "init_command", full)
        intake.writer = Writer()
        pushed = [door.push(Content="长" * 3000, MsgId=n) for n in range(20)]
    statuses = [answer.status for answer in pushed]
    assert set(statuses) == {200, 503}
    assert Message.objects.count() == statuses.count(200)

    for n in range(20):  # There is room again, and WeChat comes again
        assert accepted(door.push(Content="长" * 3000, MsgId=n))
    assert Message.objects.count() == 20


def assert_nothing_came_in_but_answers() -> None:
    assert not ReceivedPush.objects.exists()
    assert not Message.objects.exists()


def test_keys_once_known_outlive_a_database_that_is_away(door, monkeypatch):
    assert accepted(door.push(Content="在吗", MsgId=1))
    monkeypatch.setattr(intake, "_find", _failing_find)
    monkeypatch.setattr(intake, "KEYS_FOR", 0.0)
    intake._remembered.update({a: (0.0, *k[1:]) for a, k in intake._remembered.items()})
    assert accepted(door.push(Content="在的", MsgId=2))


def test_without_the_database_an_unknown_appid_is_told_to_come_again(door, monkeypatch):
    monkeypatch.setattr(intake, "_find", _failing_find)
    assert door.push(Content="在吗", MsgId=1).status == 503


def _failing_find(appid: str) -> Any:
    from django.db import OperationalError

    raise OperationalError


def test_no_log_repeats_what_was_pushed_or_what_it_was_signed_with(
    door, caplog, receives_poison
):
    caplog.set_level(logging.DEBUG)
    door.push(Content="在吗", MsgId=1)
    door.push(Content="poison", MsgId=2)
    door.web.request("POST", PATH, {"nonce": "canary-query"}, b"canary-body")
    query, body, _ = door.envelope({"Content": "在吗"})
    door.web.request("POST", PATH, {**query, "msg_signature": "canary"}, body)
    said = "\n".join(record.getMessage() for record in caplog.records)
    secrets = [PUSH_TOKEN, XIAOMING, "在吗", "poison", "canary", query["signature"]]
    assert [secret for secret in secrets if secret in said] == []


# Whatever comes.

whatever = trying(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@whatever
@given(content=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_bytes_signed_by_wechat_are_stored(door, content):
    assert accepted(door.push_bytes(content))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=[])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)
FIELDS = ["FromUserName", "MsgType", "CreateTime", "MsgId", "Content", "SessionFrom"]


@whatever
@given(
    fields=st.dictionaries(st.sampled_from([*FIELDS, "Event", "Title"]), JSON),
    kind=st.sampled_from(["text", "image", "miniprogrampage", "event"]),
)
@example(fields={"SessionFrom": "a" * 5000, "Event": "\0"}, kind="event")
def test_any_fields_signed_by_wechat_are_stored(door, fields, kind):
    fields = {"FromUserName": XIAOMING, "MsgType": kind, **fields}
    content = json.dumps(fields).encode()
    assert accepted(door.push_bytes(content))


@whatever
@given(data=st.data())
def test_a_sealed_push_changed_anywhere_is_refused_or_the_same(door, data):
    query, body, _ = door.envelope({"Content": "在吗", "MsgId": 1})
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.sampled_from(string.printable.encode()))
    changed = body[:at] + bytes([byte]) + body[at + 1 :]
    assert door.web.request("POST", PATH, query, changed).status in (200, 403)
    assert set(Message.objects.values_list("text", flat=True)) <= {"在吗"}


# The doors of the process.


def test_each_door_leads_to_its_own_room(web):
    assert web.request("GET", "/healthz").body == b"ok"
    assert web.request("GET", PATH).status == 404  # Ours: no such mini program
    assert web.request("GET", "/inbox/").status == 302
    assert web.request("POST", "/simulator/api/cgi-bin/token").status == 404


def test_the_push_address_wants_no_csrf_token_and_no_cookie(door):
    answer = door.push(Content="在吗", MsgId=1)
    assert accepted(answer)
    assert "set-cookie" not in answer.headers
