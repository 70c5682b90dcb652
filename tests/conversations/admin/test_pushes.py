"""The inspector of pushes: all of their form, and none of their words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from conversations import receiving
from conversations.models import Message, ReceivedPush
from conversations.wechat import masking, pushes
from tests.conftest import XIAOMING

LIST = "/admin/conversations/receivedpush/"


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    wu.language = "en"
    wu.save()
    client.force_login(wu)


def page(client: Client, push: ReceivedPush | None = None) -> str:
    push = push or ReceivedPush.objects.latest("pk")
    return client.get(f"{LIST}{push.pk}/change/").text


def test_it_shows_what_came_and_what_it_became_and_no_word_of_it(client, xiaoming):
    xiaoming.writes("我的手机号是 13800000000")
    text = page(client)
    for hidden in (XIAOMING, "13800000000", "我的手机号"):
        assert hidden not in text
        assert hidden not in client.get(LIST).text
    assert "…00-1" in text
    assert f"/conversations/{xiaoming.conversation.pk}/" in text
    assert "TextPush" in text
    assert "gh_0123456789ab" in text


def test_rules_are_told_as_sentences(client, xiaoming, rule):
    rule("keyword", "退款说明", keywords="退款", name="退款", position=0)
    rule("keyword", "物流说明", keywords="发货", name="物流", position=1)
    xiaoming.writes("什么时候发货")
    text = page(client)
    assert "“退款” looks for other words." in text
    assert "“物流” answered." in text


def test_a_failed_one_says_why_and_can_be_tried_again(client, xiaoming):
    arrival = xiaoming.arrival(MsgType="text", Content="在吗", MsgId=1)
    receiving.keep_failed(arrival, "ZeroDivisionError")
    failed = ReceivedPush.objects.get()
    text = page(client)
    assert "ZeroDivisionError" in text
    assert "Try again now" in text
    assert not Message.objects.exists()

    answer = client.post(f"{LIST}{failed.pk}/change/", follow=True)
    assert Message.objects.get().text == "在吗"
    assert "See it in its conversation" in answer.text
    assert "Try again now" not in answer.text


def test_one_that_succeeded_is_not_received_twice(client, xiaoming):
    xiaoming.writes("在吗")
    push = ReceivedPush.objects.get()
    client.post(f"{LIST}{push.pk}/change/")
    assert Message.objects.count() == 1
    assert ReceivedPush.objects.get() == push


def test_agents_replay_nothing(client, xiaoming, chen):
    arrival = xiaoming.arrival(MsgType="text", Content="在吗", MsgId=1)
    receiving.keep_failed(arrival, "ZeroDivisionError")
    client.force_login(chen)
    push = ReceivedPush.objects.get()
    assert client.post(f"{LIST}{push.pk}/change/").status_code == 403
    assert client.get(LIST).status_code == 403
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "{", "[1]", "<xml><A>1</A></xml>", '{"a": {"b": [1]}}', "x" * 60_000]
)
def test_whatever_came_can_be_looked_at(client, xiaoming, body):
    xiaoming.writes("在吗")
    ReceivedPush.objects.update(body=body)
    assert 'id="push"' in page(client)


def test_what_isnt_there_is_said(client, db):
    for number in ("999999", "-1", "x", "9" * 30):
        assert client.get(f"{LIST}{number}/change/").status_code in (302, 404)


def test_the_list_is_filtered_by_mini_program_and_outcome(client, xiaoming):
    xiaoming.writes("在吗")
    arrival = xiaoming.arrival(MsgType="image", MediaId="m", MsgId=1)
    receiving.keep_failed(arrival, "KeyError")
    text = client.get(f"{LIST}?outcome__exact=failed").text
    assert "image" in text
    assert text.count('class="field-what') == 1


def test_a_longer_list_takes_no_more_queries_and_counts_only_the_newest(
    client, xiaoming, monkeypatch
):
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert client.get(LIST).status_code == 200
        return len(taken)

    xiaoming.writes("在吗")
    queries()
    few = queries()
    for _ in range(30):
        xiaoming.writes("在吗")
    assert queries() == few
    with CaptureQueriesContext(connection) as taken:
        client.get(LIST)
    counts = [q["sql"] for q in taken if "COUNT" in q["sql"]]
    assert all("LIMIT" in sql for sql in counts if "receivedpush" in sql)


def test_whatever_isnt_known_to_be_harmless_is_hidden():
    fields: dict[str, Any] = {
        "FromUserName": XIAOMING,
        "Content": "在吗",
        "NewField": "of tomorrow",
        "SessionFrom": f"user={XIAOMING}",
        "userInfo": {"openId": XIAOMING, "appId": "wx1", "nickName": "小明"},
        "MsgType": "text",
        "List": ["在吗"],
    }
    parsed = pushes.UnknownPush(
        openid=XIAOMING,
        at=None,  # type: ignore[arg-type]
        dedupe_key="",
    )
    masked = masking.fields(fields, parsed)
    assert masked["SessionFrom"] == "user=…00-1"
    assert masked["Content"] == "… (2)"
    assert masked["userInfo"]["appId"] == "wx1"
    said = json.dumps(masked, ensure_ascii=False)
    assert [s for s in (XIAOMING, "在吗", "tomorrow", "小明") if s in said] == []
