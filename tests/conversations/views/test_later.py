"""Conversations put off, pinned, chosen together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from conversations import customers, handling, in_bulk, snoozing
from conversations.models import Conversation, Pin, Tag
from tests.conftest import Xiaoming
from tests.conversations.views.test_inbox import rows
from tests.conversations.views.test_narrowing import listed, window

MORNING = datetime(2026, 3, 4, 1, tzinfo=UTC)  # 9:00 at the office, in Shanghai


@pytest.fixture(autouse=True)
def _office(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    with timezone.override("Asia/Shanghai"):
        yield


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("hour", MORNING + timedelta(hours=1)),
        ("afternoon", MORNING + timedelta(hours=5)),
        ("tomorrow", MORNING + timedelta(hours=24)),
        ("closing", MORNING + timedelta(hours=38)),
        ("2026-03-04T18:30:00+08:00", MORNING + timedelta(hours=9.5)),
    ],
)
def test_later_is_by_the_offices_clock(converse, lin, when, until):
    with time_machine.travel(MORNING, tick=False):
        conversation = converse()
        window(conversation, hours=40)
        assert snoozing.snooze(conversation, lin, when) == until


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("tomorrow", "14:00"),  # The window ends at two in the afternoon
        ("2026-03-04T08:00:00+08:00", "over"),
        ("2026-03-04 18:00", "Choose a time"),
        ("whenever", "Choose a time"),
    ],
)
def test_later_must_be_while_a_reply_is_possible(desk, converse, when, words):
    with time_machine.travel(MORNING, tick=False):
        conversation = converse()
        window(conversation, hours=5)
        url = f"/conversations/{conversation.pk}/snooze/"
        answer = desk.post(url, {"until": when}, headers={"accept-language": "en"})
    assert answer.status_code == 409
    conversation.refresh_from_db()
    assert conversation.snoozed_until is None


def test_what_is_put_off_is_in_no_list_but_the_one_of_all(desk, converse, lin):
    conversation = converse()
    window(conversation, hours=3)
    snoozing.snooze(conversation, lin, "hour")
    assert listed(desk, "view=waiting") == listed(desk, "view=closing") == []
    html = desk.get("/inbox/?view=all").text
    assert rows(html) == [conversation.pk]
    assert 'class="row__snoozed"' in html


def test_it_comes_back_by_itself_as_if_it_were_new(desk, converse, lin):
    conversation, other = converse(), converse()
    for one in (conversation, other):
        window(one, hours=20)
    snoozing.snooze(conversation, lin, "hour")
    snoozing.snooze(other, lin, "closing")
    assert snoozing.wake_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert snoozing.wake_due() == 1
    conversation.refresh_from_db()
    assert (conversation.snoozed_until, conversation.unread) == (None, 1)
    assert listed(desk, "view=waiting") == [conversation.pk]


def test_it_comes_back_when_the_customer_writes(desk, xiaoming: Xiaoming, lin):
    xiaoming.writes("在吗")
    snoozing.snooze(xiaoming.conversation, lin, "hour")
    assert listed(desk, "view=waiting") == []
    xiaoming.writes("急")
    assert listed(desk, "view=waiting") == [xiaoming.conversation.pk]


def test_it_can_be_brought_back(desk, converse, lin):
    conversation = converse()
    window(conversation, hours=20)
    snoozing.snooze(conversation, lin, "hour")
    assert desk.delete(f"/conversations/{conversation.pk}/snooze/").status_code == 200
    assert listed(desk, "view=waiting") == [conversation.pk]


def test_a_pin_is_on_top_of_ones_own_list(desk, client, converse, chen):
    first, second, third = (converse(at=at) for at in range(3))
    assert desk.post(f"/conversations/{third.pk}/pin/").status_code == 204
    assert listed(desk, "view=waiting") == [third.pk, first.pk, second.pk]
    client.force_login(chen)
    assert listed(client, "view=waiting") == [first.pk, second.pk, third.pk]


def test_pins_are_few_and_go_again(desk, converse, lin):
    many = [converse() for _ in range(21)]
    for one in many[:20]:
        desk.post(f"/conversations/{one.pk}/pin/")
    assert desk.post(f"/conversations/{many[20].pk}/pin/").status_code == 409
    assert desk.delete(f"/conversations/{many[0].pk}/pin/").status_code == 204
    assert desk.post(f"/conversations/{many[20].pk}/pin/").status_code == 204
    assert Pin.objects.filter(agent=lin).count() == 20


def bulk(desk, action: str, *conversations, **more):
    chosen = [one.pk for one in conversations]
    given = {"action": action, "conversation": chosen, **more}
    return desk.post("/inbox/bulk/", given)


def test_several_are_claimed_and_what_could_not_be_is_named(desk, converse, lin, chen):
    free, other, theirs = converse(), converse(), converse(assignee=chen)
    answer = bulk(desk, "claim", free, other, theirs).json()
    assert sorted(answer["done"]) == [free.pk, other.pk]
    [refused] = answer["refused"]
    assert (refused["conversation"], "Chen" in refused["reason"]) == (theirs.pk, True)
    assert theirs.customer.name in answer["text"]
    free.refresh_from_db()
    theirs.refresh_from_db()
    assert (free.assignee, theirs.assignee) == (lin, chen)


def test_several_are_closed_tagged_put_off_and_marked(desk, converse):
    chosen = [converse(), converse()]
    for one in chosen:
        window(one, hours=20)
    tag = Tag.objects.create(name="贵宾")
    for action, more in [
        ("unread", {}),
        ("tag", {"tag": tag.pk}),
        ("tag", {"tag": tag.pk}),
        ("snooze", {"until": "hour"}),
        ("close", {}),
    ]:
        answer = bulk(desk, action, *chosen, **more).json()
        assert (len(answer["done"]), answer["refused"]) == (2, []), action
    for one in chosen:
        one.refresh_from_db()
        assert one.status == "closed"
        assert list(one.customer.tags.all()) == [tag]
    assert len(bulk(desk, "close", *chosen).json()["refused"]) == 2


def test_a_closing_is_taken_back_and_all_is_as_it_was(desk, converse, lin):
    chosen = [converse(assignee=lin, unread=3), converse()]
    window(chosen[0], hours=20)
    bulk(desk, "snooze", chosen[0], until="hour")
    fields = ("status", "assignee", "unread", "waiting_since", "snoozed_until")
    pks = [one.pk for one in chosen]
    now_they_are = Conversation.objects.filter(pk__in=pks).order_by("pk")
    before = list(now_they_are.values(*fields))
    bulk(desk, "close", *chosen)
    assert {one["status"] for one in now_they_are.values(*fields)} == {"closed"}
    bulk(desk, "take_back_closing", *chosen)
    assert list(now_they_are.values(*fields)) == before


def test_what_is_open_by_now_is_not_taken_back_and_that_is_said(desk, converse, chen):
    conversation = converse()
    bulk(desk, "close", conversation)
    handling.reopen(conversation, chen)
    answer = bulk(desk, "take_back_closing", conversation).json()
    assert answer["done"] == []
    assert conversation.customer.name in answer["text"]
    conversation.refresh_from_db()
    assert conversation.assignee == chen


def test_bulk_keeps_to_the_most_tags_a_customer_bears(desk, converse):
    conversation = converse()
    *some, last = [
        Tag.objects.create(name=f"标签 {n}") for n in range(customers.MOST_TAGS + 1)
    ]
    for one in some:
        customers.tag(conversation.customer, one)
    answer = bulk(desk, "tag", conversation, tag=last.pk).json()
    assert answer["done"] == []
    assert str(customers.MOST_TAGS) in answer["text"]
    assert set(conversation.customer.tags.all()) == set(some)


def test_bulk_leaves_out_what_the_agent_does_not_see(client, converse, zhao):
    conversation = converse()
    client.force_login(zhao)
    assert bulk(client, "close", conversation).json()["done"] == []
    conversation.refresh_from_db()
    assert conversation.status == "open"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "close"},
        {"action": "erase", "conversation": ["1"]},
        {"action": "tag", "tag": "x", "conversation": ["1"]},
        {"action": "close", "conversation": ["x"]},
        {"action": "close", "conversation": [str(n) for n in range(in_bulk.MOST + 1)]},
    ],
)
def test_a_bulk_that_makes_no_sense_does_nothing(desk, given):
    assert desk.post("/inbox/bulk/", given).status_code == 422
