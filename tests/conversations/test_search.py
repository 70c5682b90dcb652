"""What agents find when they look for words, and what nobody finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Agent
from conversations import customers, notes, search, search_index, sending
from conversations.models import (
    CannedAnswer,
    Customer,
    Message,
    MiniProgram,
    Seat,
)
from conversations.search import Asked
from conversations.search_words import wanted
from tests.conftest import Xiaoming, new_uuid, text

pytestmark = pytest.mark.django_db


def asked(words: str, **fields: Any) -> Asked:
    return Asked(words, wanted(words), **fields)


def said(agent: Agent, words: str, **fields: Any) -> list[str]:
    """What is found among messages, notes included, the newest first."""
    page = search.messages(agent, asked(words, **fields))
    return [search_index.said(hit.row) for hit in page.hits]


def named(agent: Agent, words: str) -> list[int]:
    return [hit.row.customer_id for hit in search.customers(agent, asked(words)).hits]


@pytest.fixture
def note(xiaoming, chen):
    """Chen's note on what Xiaoming writes."""

    def make(words: str) -> Message:
        return notes.write(xiaoming.conversation, chen, words, new_uuid())

    return make


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("我要申请退款，谢谢", "退款"),
        ("能开发票吗", "发票"),
        ("我的iPhone坏了", "iphone"),
        ("我的iPhone坏了", "iPho"),
        ("我的iPhone坏了", "ｉＰｈｏｎｅ坏"),
        ("ＩＰＨＯＮＥ１５到货没", "iphone15"),
        ("订单2024093012345678还没到", "2024093012345678"),
        ("订单2024093012345678还没到", "20240930"),
        ("订单2024093012345678还没到", "5678"),
        ("单号SF-1234-99", "sf-1234"),
        ("好的😀谢谢", "😀"),
        ("好的[微笑]谢谢", "微笑"),
        ("Straße 7", "STRASSE"),
        ("Привет, Wörld", "wörld"),
        ("什么时候发货\n地址改一下", "改一下 发货"),
        ("カタカナ", "ｶﾀ"),
        ("二手𠮷野家", "𠮷野"),
        ("价格100%正确", "100%"),
    ],
)
def test_a_message_is_found_as_soon_as_it_is_here(xiaoming, lin, words, query):
    xiaoming.writes(words)
    xiaoming.writes("别的事情")
    assert said(lin, query) == [words]


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("退了一款", "退款"),  # Both characters, but not side by side
        ("申请退货，付款了", "退款"),
        ("iPad坏了", "iphone"),
        ("要求退回货款，退订，订款", "退款"),
        ("abc", "%"),
        ("abc", "_"),
    ],
)
def test_what_does_not_say_it_is_not_found(xiaoming, lin, words, query):
    xiaoming.writes(words)
    assert said(lin, query) == []


def test_pairs_that_stand_apart_are_no_hit(xiaoming, lin):
    xiaoming.writes("退款单，款单号，单号码")
    assert said(lin, "退款单号码") == []


def test_one_character_is_looked_for_among_the_latest(xiaoming, lin, monkeypatch):
    for words in ("喵一", "汪", "喵二"):
        xiaoming.writes(words)
    assert said(lin, "喵") == ["喵二", "喵一"]
    monkeypatch.setattr(search, "RECENT", 1)
    assert said(lin, "喵") == ["喵二"]


def test_replies_cards_links_and_notes_are_found_too(xiaoming, lin, note):
    xiaoming.writes("在吗")
    conversation = xiaoming.conversation
    sending.reply(conversation, lin, text("请点⟦售后中心|pages/after⟧"), new_uuid())
    link = {
        **{"kind": "link", "title": "七天无理由", "description": "怎么退换"},
        **{"url": "https://example.com/r", "thumb_url": "https://example.com/r.png"},
    }
    sending.reply(conversation, lin, [link], new_uuid())
    note("这位是老客户")
    assert said(lin, "售后中心") == ["请点售后中心"]
    assert said(lin, "pages/after") == []  # Which nobody sees
    assert len(said(lin, "退换")) == len(said(lin, "无理由")) == 1
    assert said(lin, "老客户") == ["这位是老客户"]


def test_notes_and_what_was_said_can_be_told_apart(xiaoming, lin, note):
    xiaoming.writes("要退款")
    note("退款要主管同意")

    def found(only_notes: bool) -> list[str]:
        page = search.messages(lin, asked("退款"), notes=only_notes)
        return [hit.row.text for hit in page.hits]

    assert found(True) == ["退款要主管同意"]
    assert found(False) == ["要退款"]
    for one_character in (True, False):
        page = search.messages(lin, asked("款"), notes=one_character)
        assert len(page.hits) == 1


def test_nobody_finds_what_they_have_no_seat_for(xiaoming, lin, zhao, mini_program):
    xiaoming.writes("要退款")
    other = MiniProgram.objects.create(appid="wxother", name="另一个")
    stranger = Xiaoming(other, "oStranger-7F3A")
    stranger.writes("也要退款")
    assert said(lin, "退款") == said(lin, "款") == ["要退款"]
    assert said(zhao, "退款") == said(zhao, "款") == named(zhao, "7F3A") == []
    assert named(lin, "7F3A") == []
    Seat.objects.create(agent=zhao, mini_program=other)
    zhao = Agent.objects.get(pk=zhao.pk)
    assert said(zhao, "退款") == ["也要退款"]
    assert named(zhao, "7F3A") == [stranger.customer.pk]
    assert said(zhao, "退款", customer=xiaoming.customer.pk) == []
    assert said(zhao, "退款", mini_program=mini_program.pk) == []


def test_filters_narrow_it(xiaoming, lin, chen, wu):
    other = MiniProgram.objects.create(appid="wxother", name="另一个")
    Xiaoming(other, "oStranger").writes("退款一")
    now = timezone.now()
    xiaoming.writes("退款二", at=now - timedelta(days=40))
    xiaoming.writes("退款三")
    sending.reply(xiaoming.conversation, chen, text("退款四"), new_uuid())
    assert said(wu, "退款") == ["退款四", "退款三", "退款二", "退款一"]
    assert said(wu, "退款", mini_program=other.pk) == ["退款一"]
    assert said(wu, "退款", author=chen.pk) == said(wu, "款", author=chen.pk)
    assert said(wu, "退款", author=chen.pk) == ["退款四"]
    day = timedelta(days=1)
    assert said(wu, "退款", until=now - 30 * day) == ["退款二"]
    assert said(wu, "退款", since=now - 60 * day, until=now - 30 * day) == ["退款二"]
    assert "退款二" not in said(wu, "退款", since=now - 20 * day)
    assert len(said(wu, "退款", since=now - 4000 * day)) == 4
    assert said(wu, "退款", since=now + 90 * day) == []
    assert said(wu, "一", customer=xiaoming.customer.pk) == []
    assert said(wu, "三", customer=xiaoming.customer.pk) == ["退款三"]


def test_pages_neither_repeat_nor_skip(xiaoming, lin, monkeypatch):
    monkeypatch.setattr(search, "AT_FIRST", 4)
    monkeypatch.setattr(search, "AT_ONCE", 4)
    monkeypatch.setattr(search, "MOST_ROUNDS", 2)
    for number in range(40):
        xiaoming.writes(f"退款{number:02}" if number % 3 == 0 else "退了这款，要付款退")
    found, before = [], search_index.NEWEST
    for _ in range(100):
        page = search.messages(lin, asked("退款"), before=before, limit=3)
        found += [hit.row.text for hit in page.hits]
        if not page.next_key:
            break
        before = int(page.next_key)
    assert found == [
        f"退款{number:02}" for number in reversed(range(40)) if number % 3 == 0
    ]


def test_a_common_word_costs_no_more_than_a_rare_one(xiaoming, lin):
    def queries(words: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            search.messages(Agent.objects.get(pk=lin.pk), asked(words))
        return len(captured)

    xiaoming.writes("发票")
    one = queries("发票")
    for number in range(50):
        xiaoming.writes(f"退款{number}")
    assert queries("退款") == one


def test_customers_are_found_by_all_they_are_called(xiaoming, lin):
    xiaoming.writes("在吗")
    customer = xiaoming.customer
    other = Xiaoming(xiaoming.mini_program, "oSomebody-000000000000007F3A")
    other.writes("在吗")
    alias = other.customer.alias
    assert named(lin, "7f3a") == [other.customer.pk]
    assert named(lin, other.openid) == [other.customer.pk]
    assert other.customer.pk in named(lin, alias.thing[0])
    assert other.customer.pk in named(lin, alias.thing[1].lower())
    Customer.objects.filter(pk=customer.pk).update(remark="老王（VIP）")
    search_index.add_customers([xiaoming.customer])
    assert named(lin, "老王") == named(lin, "vip") == [customer.pk]
    Customer.objects.filter(pk=customer.pk).update(remark="")
    search_index.add_customers([xiaoming.customer])
    assert named(lin, "老王") == []


def test_a_customer_is_shown_once_by_their_latest_conversation(xiaoming, lin):
    for entrance in ("a", "b"):
        xiaoming.enters(entrance)
        xiaoming.writes("在吗")
    [hit] = search.customers(lin, asked(xiaoming.openid)).hits
    assert hit.row.session_from == "b"


def test_answers_are_found_by_title_words_and_pinyin(lin, chen, mini_program):
    CannedAnswer.objects.create(
        title="退款说明", pinyin="tuikuan tk", parts=text("三天内到账")
    )
    CannedAnswer.objects.create(
        title="私人", scope="personal", owner=chen, parts=text("到账了")
    )
    for query in ("退款", "到账", "tk"):
        found = search.kept_answers(lin, asked(query))
        assert [one["title"] for one in found] == ["退款说明"]


def test_another_remark_name_is_found_at_once(xiaoming, lin):
    xiaoming.writes("在吗")
    customers.rename(xiaoming.customer, "老王")
    assert named(lin, "老王") == [xiaoming.customer.pk]
    customers.rename(xiaoming.customer, "小王")
    assert named(lin, "老王") == []


def test_what_is_erased_leaves_the_index(xiaoming, lin):
    xiaoming.writes("我住在人民路12345号")
    xiaoming.writes("人民路在哪")
    message = Message.objects.get(text__contains="住在")
    search_index.forget([message.pk])
    message.text = ""
    message.save()
    assert said(lin, "人民路") == ["人民路在哪"]
    match = search_index.Match(["住在"])
    everything = (search_index.MESSAGES, match, search_index.NEWEST, 10)
    assert search_index.find(*everything) == []
    search_index.forget_customers([xiaoming.customer.pk])
    assert named(lin, xiaoming.openid) == []


def test_what_was_there_before_the_index_is_filled_in(xiaoming, lin, monkeypatch):
    monkeypatch.setattr(search_index, "FILL_AT_ONCE", 2)
    for number in range(5):
        xiaoming.writes(f"退款{number}")
    expected = said(lin, "退款")
    for _ in range(2):  # It may be broken off and begun again
        search_index.fill(Message.objects, Customer.objects)
        assert said(lin, "退款") == expected
        assert named(lin, xiaoming.openid) == [xiaoming.customer.pk]


def test_a_snippet_shows_what_was_found(xiaoming, lin):
    xiaoming.writes(f"{'好' * 100}我的 ｉＰｈｏｎｅ\n坏了{'呢' * 200}")
    [hit] = search.messages(lin, asked("iphone 坏了")).hits
    shown = "".join(words for words, _ in hit.pieces)
    assert shown.startswith("…好")
    assert shown.endswith("呢…")
    assert [words for words, is_hit in hit.pieces if is_hit] == ["ｉＰｈｏｎｅ", "坏了"]
    assert len(shown) < 130


ANYTHING = st.text(max_size=30) | st.text(
    st.sampled_from("退款a1 \"'*^():-+.&|!<>\\%_{}[]~NEARORAND\x00\ue000😀"),
    max_size=20,
)


@given(query=ANYTHING)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_typed_it_is_no_error_and_no_way_past_the_seats(
    xiaoming, lin, query
):
    if not Message.objects.exists():
        xiaoming.writes("要退款 AND iPhone")
        other = MiniProgram.objects.create(appid="wxother", name="另一个")
        Xiaoming(other, "oStranger").writes("a1退款 \"'* NEAR OR 😀")
    for hit in search.messages(lin, asked(query)).hits:
        assert hit.row.customer_id == xiaoming.customer.pk
        assert wanted(query).stands_in(hit.row.text)
    for found in search.customers(lin, asked(query)).hits:
        assert found.row.customer_id == xiaoming.customer.pk
    search.kept_answers(lin, asked(query))


@given(words=st.text(max_size=60), start=st.integers(0, 60), size=st.integers(2, 20))
@settings(max_examples=300, deadline=None)
def test_a_run_of_chinese_is_found_by_any_part_of_it(words, start, size):
    from conversations.search_words import fold, words_of

    part = words[start : start + size]
    asked_for = wanted(part)
    assert asked_for.stands_in(words) or fold(part).strip() not in fold(words)
    chinese = "".join(one for one in part if "一" <= one <= "鿿")
    assert wanted(chinese).words <= words_of(f"a{chinese}b")
