"""Is a mini program connected? Five lights, and which setting is wrong."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from agents.models import Agent
from conversations import (
    connection,
    connection_words,
    lights,
    mini_programs,
    pauses,
    ways_in,
)
from conversations.models import (
    Light,
    MiniProgram,
    Pause,
    PushDay,
    RejectedPush,
)
from conversations.wechat import diagnosis
from conversations.wechat.crypto import decode_key
from conversations.wechat.envelope import Rejected, open_envelope
from conversations.wechat.errors import NotSent, refusal
from conversations.wechat.signature import sign
from conversations.wechat.wrapping import wrap
from tests.conftest import APPID, PUSH_TOKEN, XIAOMING

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> Iterator[None]:
    lights._noted.clear()
    wu.language = "en"
    wu.save()
    client.force_login(wu)
    with translation.override("en"):
        yield


@pytest.fixture
def page(client: Client, mini_program: MiniProgram) -> Any:
    return lambda: client.get(address(mini_program)).text


def address(mini_program: MiniProgram) -> str:
    return f"/admin/conversations/miniprogram/{mini_program.pk}/check/"


def lamps(mini_program: MiniProgram) -> dict[str, connection.Lamp]:
    rejected = list(RejectedPush.objects.order_by("-pk"))
    return {lamp.name: lamp for lamp in connection.lamps(mini_program, rejected)}


def reject(theirs: Any, ours: Any, timestamp: int | None = None) -> str:
    """Have a push be rejected, and return what is said of it."""
    stamp = str(int(NOW.timestamp()) if timestamp is None else timestamp)
    fields = {"MsgType": "text", "FromUserName": XIAOMING, "Content": "在吗"}
    query, body, _ = wrap(fields, theirs, stamp, "abc123", XIAOMING)
    with pytest.raises(Rejected) as info:
        open_envelope(query, body, ours, NOW)
    details = diagnosis.of(info.value.reason, query, body, ours, NOW)
    row = RejectedPush.objects.create(
        appid=ours.appid, reason=info.value.reason, details=details, at=timezone.now()
    )
    return connection_words.of_rejection(row.reason, row.details)


def test_before_anything_happened_each_light_says_what_would_light_it(
    page, mini_program
):
    seen = lamps(mini_program)
    assert {lamp.state for lamp in seen.values()} == {"unknown"}
    assert all(lamp.says for lamp in seen.values())
    assert page().count("not seen yet") == 5


def test_every_fault_of_the_settings_has_words_of_its_own(page, mini_program):
    ours = mini_programs.credentials(mini_program)
    plain = replace(ours, mode="plain")
    late = int((NOW - timedelta(minutes=20)).timestamp())
    said = {
        "Token differs": reject(replace(ours, token="theirs"), ours),
        "EncodingAESKey differs": reject(
            replace(ours, aes_keys=(decode_key("Z" * 43),)), ours
        ),
        "meant for wxother": reject(replace(ours, appid="wxother"), ours),
        "push mode differs": reject(plain, ours),
        "20 minutes old": reject(plain, plain, late),
        "20 minutes ahead": reject(plain, plain, 2 * int(NOW.timestamp()) - late),
        "no Token here": reject(ours, replace(ours, token="")),
    }
    assert {words for words, sentence in said.items() if words not in sentence} == set()
    assert len(set(said.values())) == len(said)
    text = page()
    for words in said:
        assert words in text
    for hidden in (XIAOMING, "在吗", PUSH_TOKEN, "theirs"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("errcode", "errmsg", "words"),
    [
        (40125, "invalid appsecret", "The AppSecret is wrong"),
        (40013, "invalid appid", "know this AppID"),
        (40164, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1-2-3", "203.0.113.7"),
        (48001, "api unauthorized rid: 68ab-12-34", "permission for customer-service"),
        (-1, "system error", "busy"),
    ],
)  # fmt: skip
def test_every_refusal_says_what_to_change(page, mini_program, errcode, errmsg, words):
    lights.note(mini_program.pk, "send", False, refusal(errcode, errmsg))
    lamp = lamps(mini_program)["send"]
    assert (lamp.state, lamp.errcode) == ("fault", errcode)
    assert words in lamp.says
    text = html.unescape(page())
    assert lamp.says in text
    assert f"errcode {errcode}" in text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_of_token_and_settings_is_told_on_the_page(
    client, wu, mini_program, language
):
    wu.language = language
    wu.save()
    codes = sorted(connection_words._REFUSALS)
    told = set()
    for errcode in codes:
        lights.note(
            mini_program.pk, "token", False, refusal(errcode, "invalid ip 1.2.3.4")
        )
        with translation.override(language):
            says = connection_words.of_refusal(errcode, "invalid ip 1.2.3.4")
        assert says in html.unescape(client.get(address(mini_program)).text), errcode
        told.add(says)
    assert len(told) == len(codes)
    assert {40001, 40013, 40125, 40164, 40243, 48001} <= set(codes)


# Whatever the three ways in may say of a request that proves nothing.
REASONS = {
    *("query", "format", "size", "unconfigured", "token", "body", "key", "clear"),
    *("appid", "clock", "timestamp", "nonce", "relay_off", "relay_format"),
    *("relay_signature", "relay_timestamp", "relay_nonce", "relay_body"),
    *("relay_appid", "relay_openid", "cloud_run_off", "cloud_run_source"),
    *("cloud_run_appid", "cloud_run_openid"),
}
SOUND_ALIKE = {("clock", "timestamp")}  # The same fault, once as it is seen, once named


def test_every_reason_a_push_is_rejected_for_is_told_on_the_page(page):
    told = {}
    for reason in sorted(REASONS):
        details = {"fault": reason, "check": "push", "skew": 1200, "meant_for": "wx1"}
        RejectedPush.objects.all().delete()
        RejectedPush.objects.create(
            appid=APPID, reason=reason, details=details, at=timezone.now()
        )
        told[reason] = connection_words.of_rejection(reason, details)
        assert "could not prove" not in told[reason], reason
        assert told[reason] in html.unescape(page()), reason
    for one, other in itertools.combinations(sorted(told), 2):
        assert (told[one] != told[other]) or (one, other) in SOUND_ALIKE


def test_no_reason_is_missing_from_those():
    raised = set()
    for path in Path(diagnosis.__file__).parent.glob("*.py"):
        raised |= set(re.findall(r'Rejected\("(\w+)"', path.read_text()))
    ways = Path(str(ways_in.__file__)).read_text()
    raised |= set(re.findall(r'Rejected\("(\w+)"', ways))
    # Told more closely: which of Token, key, AppID and mode it is.
    assert raised - REASONS == {"signature", "decrypt", "downgrade"}


def test_a_server_that_reaches_nobody_says_so(page, mini_program):
    lights.note(mini_program.pk, "token", False, NotSent("no connection"))
    assert "could not be reached from this server" in page()


def test_a_forgery_turns_no_green_light_red(page, mini_program):
    lights.note(mini_program.pk, "push", True)
    ours = mini_programs.credentials(mini_program)
    reject(replace(ours, token="theirs"), ours)
    lamp = lamps(mini_program)["push"]
    assert lamp.state == "ok"
    assert "Token differs" in lamp.says

    check = {"fault": "token", "check": "url"}
    RejectedPush.objects.create(appid=APPID, reason="signature", details=check, at=NOW)
    assert lamps(mini_program)["url"].state == "unknown"

    lights._noted.clear()
    lights.note(mini_program.pk, "push", True)
    assert lamps(mini_program)["push"].says == ""


@pytest.mark.parametrize("seen", [None, True, False])
def test_plain_mode_is_warned_of_whatever_the_light_shows(page, mini_program, seen):
    if seen is not None:
        lights.note(mini_program.pk, "push", seen)
    for mode, warned in (("plain", True), ("compatible", False), ("secure", False)):
        mini_program.mode = mode
        mini_program.save()
        assert ("In plain mode nothing shows" in page()) == warned
        assert all(
            "plain mode" not in lamp.says
            for name, lamp in lamps(mini_program).items()
            if name != "push"
        )


def test_the_signature_we_expect_stands_beside_the_one_that_came(page, mini_program):
    details = {
        "fault": "token",
        "check": "url",
        "timestamp": "1700000000",
        "nonce": "n1",
        "signature": "0" * 40,
    }
    RejectedPush.objects.create(
        appid=APPID, reason="signature", details=details, at=NOW
    )
    text = page()
    assert sign(PUSH_TOKEN, "1700000000", "n1") in text
    assert "0" * 40 in text
    assert "another than ours" in text
    assert lamps(mini_program)["url"].state == "fault"


def test_the_token_can_be_checked_now(client, page, mini_program, wechat):
    client.post(address(mini_program), {"do": "check_token"})
    assert lamps(mini_program)["token"].state == "ok"
    mini_program.app_secret = "another"
    mini_program.save()
    client.post(address(mini_program), {"do": "check_token"})
    lamp = lamps(mini_program)["token"]
    assert (lamp.state, lamp.errcode) == ("fault", 40125)
    assert "AppSecret is wrong" in page()


def test_a_pause_is_shown_and_tried_again(client, page, mini_program):
    pauses.begin(mini_program.pk, refusal(40164, "invalid ip"))
    Pause.objects.update(probe_at=timezone.now() + timedelta(minutes=5))
    assert "Sending is paused" in page()
    client.post(address(mini_program), {"do": "try_again"})
    assert Pause.objects.get().probe_at <= timezone.now()


def test_looking_changes_nothing(client, page, mini_program):
    pauses.begin(mini_program.pk, refusal(40164, "invalid ip"))
    before = list(Pause.objects.values_list()), list(Light.objects.values_list())
    page()
    client.post(address(mini_program), {"do": "anything"})
    assert before == (list(Pause.objects.values_list()), list(Light.objects.values()))


def test_days_of_pushes_are_shown(page, mini_program):
    today = timezone.localdate()
    for ago, received in ((0, 4711), (6, 815), (7, 9753)):
        PushDay.objects.create(
            mini_program=mini_program,
            day=today - timedelta(days=ago),
            received=received,
            repeated=3,
            slowest_ms=1700,
        )
    text = page()
    assert "4711" in text
    assert "815" in text
    assert "9753" not in text
    assert 'value="1700"' in text


def test_more_rejections_take_no_more_queries(client, mini_program):
    def queries() -> int:
        with CaptureQueriesContext(database) as taken:
            client.get(address(mini_program))
        return len(taken)

    queries()
    few = queries()
    details = {"fault": "token", "check": "url", "timestamp": "1", "nonce": "2"}
    RejectedPush.objects.bulk_create(
        RejectedPush(appid=APPID, reason="signature", details=details, at=NOW)
        for _ in range(60)
    )
    assert queries() == few
