"""A name, tags and a block: what agents decide about a customer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from conversations import auto_reply, customers, live
from conversations.entry_parameters import parameters
from conversations.models import DueReply, LiveEvent, Tag
from conversations.models.alias import alias_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked(xiaoming, lin):
    xiaoming.writes("在吗")
    until = timezone.now() + timedelta(days=1)
    customers.block(xiaoming.conversation, lin, until, "辱骂同事")
    return xiaoming


# The alias.


def test_an_openid_has_one_alias_for_ever():
    alias = alias_of("oXiaoming-0000000000000000-1")
    with translation.override("zh-hans"):
        assert (alias.words, alias.mark, alias.colour) == ("金色云雀", "云雀", 5)
    with translation.override("en"):
        assert (alias.words, alias.mark) == ("Golden Lark", "GL")


def test_many_customers_have_many_aliases():
    aliases = {alias_of(f"oCustomer-{number}").words for number in range(500)}
    assert len(aliases) > 350


# The remark.


def test_a_remark_is_the_customers_name_until_it_is_blank(xiaoming):
    xiaoming.writes("在吗")
    anonymous = xiaoming.customer.name
    customers.rename(xiaoming.customer, "  小明　同学\n ")
    assert xiaoming.customer.name == "小明 同学"
    customers.rename(xiaoming.customer, " \u200b ")
    assert xiaoming.customer.name == anonymous
    assert anonymous.endswith("·00-1")


def test_the_same_remark_again_is_no_news(xiaoming):
    xiaoming.writes("在吗")
    customers.rename(xiaoming.customer, "小明")
    head = live.head()
    customers.rename(xiaoming.customer, "小明")
    assert live.head() == head


# Blocks.


def test_a_blocked_customer_waits_no_more(blocked):
    conversation = blocked.conversation
    assert (conversation.waiting_since, conversation.unread) == (None, 0)
    line = conversation.messages.get(kind="event")
    assert line.data["event"] == "blocked"
    assert line.data["reason"] == "辱骂同事"


def test_what_the_blocked_write_is_kept_and_neither_waits_nor_rings(blocked, rule):
    rule("keyword", "退款说明", keywords="退款")
    rule("no_answer", "稍等", after_seconds=30)
    blocked.writes("我要退款")
    conversation = blocked.conversation
    assert conversation.last_message.text == "我要退款"
    assert (conversation.waiting_since, conversation.unread) == (None, 0)
    assert blocked.heard() == []
    assert not DueReply.objects.filter(state=DueReply.State.PENDING).exists()


def test_a_blocked_customer_gets_no_welcome(blocked, rule):
    rule("enter", "欢迎")
    blocked.enters("order/42")
    assert blocked.heard() == []


def test_a_block_ends_by_itself(blocked, rule):
    rule("keyword", "退款说明", keywords="退款")
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert not blocked.customer.is_blocked
        blocked.writes("我要退款")
    assert blocked.conversation.waiting_since
    assert blocked.heard() == ["退款说明"]


def test_a_block_stops_the_fallback_that_was_due(xiaoming, lin, rule):
    rule("no_answer", "稍等", after_seconds=30)
    xiaoming.writes("在吗")
    until = timezone.now() + timedelta(days=1)
    customers.block(xiaoming.conversation, lin, until, "广告")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        auto_reply.send_due()
    assert xiaoming.heard() == []


def test_an_agent_ends_a_block(blocked, lin):
    assert customers.unblock(blocked.conversation, lin)
    assert not customers.unblock(blocked.conversation, lin)
    blocked.writes("在吗")
    assert blocked.conversation.waiting_since


def test_every_row_of_theirs_hears_of_it(blocked):
    blocked.enters("order/42")
    head = live.head()
    customers.rename(blocked.customer, "小明")
    kinds = LiveEvent.objects.filter(seq__gt=head).values_list("kind", flat=True)
    assert sorted(kinds) == ["conversation", "conversation", "customer"]


# Tags.


def test_a_customer_bears_a_tag_once(xiaoming):
    xiaoming.writes("在吗")
    vip = Tag.objects.create(name="VIP")
    customers.tag(xiaoming.customer, vip)
    customers.tag(xiaoming.customer, vip)
    assert list(xiaoming.customer.tags.all()) == [vip]
    customers.untag(xiaoming.customer, vip.pk)
    customers.untag(xiaoming.customer, vip.pk)
    assert not xiaoming.customer.tags.exists()


def test_there_is_an_end_to_tags(xiaoming):
    xiaoming.writes("在吗")
    for number in range(customers.MOST_TAGS):
        customers.tag(xiaoming.customer, Tag.objects.create(name=f"标签{number}"))
    with pytest.raises(customers.TooMany):
        customers.tag(xiaoming.customer, Tag.objects.create(name="再一个"))


# What a SessionFrom says.


@pytest.mark.parametrize(
    ("session_from", "said"),
    [
        ("", []),
        ("order", []),
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("order?id=42&from=%E5%88%97%E8%A1%A8", [("id", "42"), ("from", "列表")]),
        ("a=&b", [("a", ""), ("b", "")]),
        ('{"page": "order", "id": 42}', [("page", "order"), ("id", "42")]),
        ("%7B%22id%22%3A42%7D", [("id", "42")]),
        (
            '{"of": {"id": [1, 2]}, "new": true}',
            [("of", '{"id":[1,2]}'), ("new", "true")],
        ),
        ('{"half', []),
        ('{"a":' + "[" * 1010, []),
        ("k=" + "v" * 1000, [("k", "v" * 200)]),
    ],
)
def test_a_session_from_is_taken_apart(session_from, said):
    assert parameters(session_from) == said
