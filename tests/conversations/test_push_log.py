"""What is kept of pushes for whoever looks into them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError
from django.utils import timezone

from conversations import mini_programs, push_log
from conversations.models import (
    PushDay,
    RejectedCount,
    RejectedPush,
)
from conversations.wechat import diagnosis
from conversations.wechat.crypto import decode_key
from conversations.wechat.envelope import Rejected, check_url, open_envelope
from conversations.wechat.wrapping import wrap
from tests.conftest import APPID, XIAOMING

NOW = timezone.now()
STAMP = str(int(NOW.timestamp()))
ANOTHER_KEY = "Z" * 43


@pytest.fixture
def ours(mini_program):
    push_log.forget()
    return mini_programs.credentials(mini_program)


def fault_of(theirs, ours, timestamp=STAMP, **changed):
    """What is said of a push wrapped with their settings and opened with ours."""
    fields = {"MsgType": "text", "FromUserName": XIAOMING, "Content": "在吗"}
    query, body, _ = wrap(fields, theirs, timestamp, "abc123", XIAOMING)
    query = {**query, **changed}
    with pytest.raises(Rejected) as info:
        open_envelope(query, body, ours, NOW)
    details = diagnosis.of(info.value.reason, query, body, ours, NOW)
    said = json.dumps(details)
    secrets = [XIAOMING, "在吗", theirs.token, *ours.tokens]
    assert [secret for secret in secrets if secret in said] == []
    return details


def test_another_token_is_told_from_another_key_and_another_appid(ours):
    assert fault_of(replace(ours, token="theirs"), ours)["fault"] == "token"
    other_key = replace(ours, aes_keys=(decode_key(ANOTHER_KEY),))
    assert fault_of(other_key, ours)["fault"] == "key"
    details = fault_of(replace(ours, appid="wxfedcba9876543210"), ours)
    assert (details["fault"], details["meant_for"]) == ("appid", "wxfedcba9876543210")


def test_a_clear_push_where_encryption_is_on_and_a_wrong_clock_are_told(ours):
    plain = replace(ours, mode="plain")
    assert fault_of(plain, ours)["fault"] == "clear"
    late = str(int((NOW - timedelta(minutes=20)).timestamp()))
    details = fault_of(plain, plain, timestamp=late)
    assert (details["fault"], details["skew"]) == ("clock", 1200)


def test_a_body_changed_on_its_way_and_a_stranger_are_told(ours):
    assert fault_of(ours, ours, msg_signature="0" * 40)["fault"] == "body"
    assert fault_of(ours, ours, timestamp=STAMP, nonce="")["fault"] == "query"
    assert fault_of(ours, replace(ours, token=""))["fault"] == "unconfigured"


def test_the_expected_signature_shows_whether_the_token_differs(ours):
    theirs = replace(ours, token="theirs")
    details = fault_of(theirs, ours)
    assert diagnosis.expected(details, "theirs") == details["signature"]
    assert diagnosis.expected(details, ours.token) != details["signature"]


def test_a_check_of_the_address_says_that_it_was_one(ours):
    query = {"timestamp": STAMP, "nonce": "a1", "echostr": "1", "signature": "0" * 40}
    with pytest.raises(Rejected) as info:
        check_url(query, ours, NOW)
    details = diagnosis.of(info.value.reason, query, b"", ours, NOW)
    assert (details["check"], details["fault"]) == ("url", "token")


@pytest.mark.django_db(transaction=True)
def test_the_newest_fifty_are_kept_and_all_are_counted(ours):
    for number in range(60):
        push_log._written.clear()
        async_to_sync(push_log.rejected)(APPID, "signature", {"nonce": str(number)})
    async_to_sync(push_log.rejected)("wxanother", "signature", {})
    kept = RejectedPush.objects.filter(appid=APPID).order_by("pk")
    assert [one.details["nonce"] for one in kept] == [str(n) for n in range(10, 60)]
    assert RejectedCount.objects.get(appid=APPID).count == 60


def test_days_add_up_over_processes_and_failures(mini_program, monkeypatch):
    push_log.forget()
    for milliseconds in (3, 1500, 40):
        push_log.acknowledged(mini_program.pk, milliseconds)
    push_log.came_again([(mini_program.pk, "key")] * 2)
    with monkeypatch.context() as patched:
        patched.setattr(push_log, "_add_to_day", _fails)
        push_log.flush()
    push_log.acknowledged(mini_program.pk, 7)
    push_log.flush()
    push_log.flush()
    day = PushDay.objects.get(mini_program=mini_program, day=timezone.localdate())
    assert (day.received, day.repeated, day.slow, day.slowest_ms) == (4, 2, 1, 1500)


def _fails(*args: object) -> None:
    raise OperationalError


def test_a_mini_program_that_is_gone_takes_only_its_own_sums_with_it(mini_program):
    push_log.forget()
    push_log.acknowledged(mini_program.pk + 1000, 3)
    push_log.acknowledged(mini_program.pk, 3)
    push_log.flush()
    assert PushDay.objects.get().mini_program == mini_program
