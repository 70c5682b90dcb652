"""The panel beside a conversation."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import customers, drawing
from conversations.models import LiveEvent, Tag

from .conftest import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(converse):
    return converse(session_from="order?id=42")


def url(conversation, rest="panel/"):
    return f"/conversations/{conversation.pk}/{rest}"


def enter(conversation, at):
    said = {"event": "entered", "session_from": conversation.session_from}
    return say(conversation, at, "", kind="event", data=said)


def test_the_panel_says_who_it_is_and_where_they_came_in(desk, conversation):
    enter(conversation, 0)
    customer = conversation.customer
    customers.tag(customer, Tag.objects.create(name="老客户"))
    page = desk.get(url(conversation)).text
    for said in (customer.name, "老客户", "order?id=42", ">id</dt>", ">42</dd>"):
        assert said in page
    assert customer.openid not in page


def test_a_remark_stands_wherever_the_name_stood(desk, conversation):
    answer = desk.post(url(conversation, "remark/"), {"remark": "王老师"})
    assert 'data-name="王老师"' in answer.text
    assert "王老师" in desk.get("/inbox/?view=waiting").text
    page = desk.get(f"/conversations/{conversation.pk}/").text
    assert page.count("王老师") >= 3  # its row, its header, its log
    desk.post(url(conversation, "remark/"), {"remark": ""})
    assert "王老师" not in desk.get("/inbox/?view=waiting").text


def test_what_people_write_is_not_markup(desk, conversation):
    answer = desk.post(url(conversation, "remark/"), {"remark": "<b>x</b>"})
    assert "<b>" not in answer.text


def test_a_remark_too_long_is_refused_in_words(desk, conversation):
    answer = desk.post(url(conversation, "remark/"), {"remark": "长" * 41})
    assert answer.status_code == 422
    assert "40" in answer.json()["error"]


def test_tags_are_put_on_and_taken_off(desk, conversation):
    vip = Tag.objects.create(name="VIP")
    answer = desk.post(url(conversation, "tags/"), {"tag": vip.pk})
    assert f'data-tag="{vip.pk}"' in answer.text
    answer = desk.delete(url(conversation, f"tags/{vip.pk}/"))
    assert "data-tag=" not in answer.text
    assert desk.post(url(conversation, "tags/"), {"tag": 999}).status_code == 404


def test_tags_are_found_by_pinyin(desk):
    Tag.objects.create(name="退款中", colour="red")
    [tag] = desk.get("/tags/").json()["tags"]
    assert "tuikuanzhong" in tag["pinyin"]
    assert "tkz" in tag["pinyin"]


def test_a_block_shows_who_until_when_and_why(desk, conversation, lin):
    answer = desk.post(url(conversation, "block/"), {"days": "7", "reason": "广告"})
    assert "广告" in answer.text
    assert "Lin" in answer.text
    header = desk.get(f"/conversations/{conversation.pk}/").text
    assert "header__blocked" in header
    desk.delete(url(conversation, "block/"))
    assert "header__blocked" not in desk.get(f"/conversations/{conversation.pk}/").text


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"days": "1"}, "reason"),
        ({"reason": "广告"}, "until"),
        ({"reason": "广告", "until": "2020-01-01T00:00"}, "until"),
        ({"reason": "广告", "until": "someday"}, "until"),
        ({"reason": "广告", "days": "10000"}, "days"),
        ({"reason": "广告", "until": "2999-01-01T00:00"}, "until"),
    ],
)
def test_a_block_without_an_end_or_a_reason_is_refused(desk, conversation, said, wrong):
    answer = desk.post(url(conversation, "block/"), said)
    assert answer.status_code == 422
    assert wrong in answer.json()["fields"]
    conversation.customer.refresh_from_db()
    assert conversation.customer.blocked_until is None


def test_enterings_come_twenty_at_a_time(desk, conversation):
    entered = [enter(conversation, number) for number in range(45)]
    first = desk.get(url(conversation)).text
    assert first.count('class="entry"') == 20
    second = desk.get(url(conversation, f"panel/entries/?before={entered[25].pk}"))
    assert second.text.count('class="entry"') == 20
    assert f'id="entry-{entered[24].pk}"' in second.text
    last = desk.get(url(conversation, f"panel/entries/?before={entered[5].pk}")).text
    assert last.count('class="entry"') == 5
    assert "data-more-entries" not in last


@pytest.mark.parametrize("before", ["999999", "x", "9" * 30])
@pytest.mark.parametrize("page", ["entries", "history"])
def test_a_page_behind_nothing_is_not_there(desk, conversation, page, before):
    answer = desk.get(url(conversation, f"panel/{page}/?before={before}"))
    assert answer.status_code == 404


def test_the_history_counts_what_was_said(desk, conversation, converse):
    say(conversation, 5, "还在吗")
    enter(conversation, 6)
    converse(60, customer=conversation.customer, session_from="cart")
    page = desk.get(url(conversation, "panel/history/")).text
    assert page.index("cart") < page.index("order?id=42")
    assert re.findall(r'past__count">(\d+)', page) == ["1", "2"]


def test_a_longer_panel_takes_no_more_queries(desk, conversation, converse):
    def queries(rest):
        with CaptureQueriesContext(connection) as taken:
            desk.get(url(conversation, rest))
        return len(taken)

    enter(conversation, 0)
    customers.tag(conversation.customer, Tag.objects.create(name="标签"))
    pages = ("panel/", "panel/history/", "panel/entries/")
    before = [queries(rest) for rest in pages]
    for number in range(5):
        other = converse(
            number, customer=conversation.customer, session_from=f"p?{number}=1"
        )
        enter(other, number)
        customers.tag(conversation.customer, Tag.objects.create(name=f"标签{number}"))
    assert [queries(rest) for rest in pages] == before


def test_what_is_sent_live_is_what_a_reload_draws(desk, conversation, lin):
    enter(conversation, 0)
    customer = conversation.customer
    customers.rename(customer, "王老师")
    customers.tag(customer, Tag.objects.create(name="老客户"))
    until = timezone.now() + timedelta(days=1)
    customers.block(conversation, lin, until, "广告")
    event = LiveEvent.objects.filter(kind="customer").latest("seq")
    [frame] = drawing.draw([event], {"zh-hans"}, {customer.pk})
    sent = json.loads(frame.texts["zh-hans"])
    assert sent["html"] == desk.get(url(conversation)).text.strip()
    assert (frame.customer_id, frame.seat) == (customer.pk, customer.mini_program_id)


def test_nobody_looking_nothing_is_drawn(conversation):
    customers.rename(conversation.customer, "王老师")
    event = LiveEvent.objects.filter(kind="customer").latest("seq")
    assert drawing.draw([event], {"en"}, set()) == []


def test_an_entering_shows_in_the_panel_at_once(xiaoming):
    xiaoming.enters("order/42")
    assert LiveEvent.objects.filter(
        kind="customer", customer=xiaoming.customer
    ).exists()
