"""Numbers for whoever may read them, and nobody's words among them."""

from __future__ import annotations

import pytest

from conversations import sending
from tests.conftest import XIAOMING, new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = "a-metrics-token"


def read(client, token: str = "a-metrics-token"):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_numbers_come_from_the_tables(client, xiaoming, lin):
    xiaoming.writes("在吗")
    assert "kefu_waiting 1.0" in read(client).text
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    page = read(client).text
    assert "kefu_waiting 0.0" in page
    assert 'kefu_outbox{state="queued"} 1.0' in page


def test_a_window_that_wechat_closed_is_counted_until_the_customer_acts(
    client, xiaoming, lin, wechat, outbox
):
    xiaoming.writes("在吗")
    wechat.fails("errcode", errcode=45047)
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    outbox()
    page = read(client).text
    assert 'kefu_windows_refused{errcode="45047"} 1.0' in page
    assert 'kefu_windows_refused{errcode="45015"} 0.0' in page
    xiaoming.writes("还在吗")
    assert 'kefu_windows_refused{errcode="45047"} 0.0' in read(client).text


def test_no_number_bears_a_name_or_a_word(client, xiaoming):
    xiaoming.writes("我的手机号是 13800000000")
    page = read(client).text
    assert XIAOMING not in page
    assert "13800000000" not in page


@pytest.mark.parametrize("wrong", ["", "another", "签名"])
def test_without_the_token_there_is_nothing_to_read(client, wrong):
    answer = read(client, wrong)
    assert (answer.status_code, answer.content) == (401, b"")


def test_without_a_token_set_there_is_no_such_page(client, settings):
    settings.METRICS_TOKEN = ""
    assert read(client, "").status_code == 404
