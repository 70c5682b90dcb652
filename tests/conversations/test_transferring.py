"""Giving a conversation to a colleague, with a word for them and what was begun."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from agents.presence import State
from conversations import drawing, handling, live, transferring
from conversations.models import (
    Assignment,
    Conversation,
    DeskSettings,
    Draft,
    LiveEvent,
    Message,
)
from conversations.transferring import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(xiaoming, lin):
    """Lin's, and unanswered."""
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    return xiaoming.conversation


@pytest.fixture
def now_it_is(conversation):
    return lambda: Conversation.objects.get(pk=conversation.pk)


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def give(client: Client, conversation, to: Agent, **fields: str):
    path = f"/conversations/{conversation.pk}/transfer/"
    return client.post(path, {"to": to.pk, **fields})


def told_to(agent: Agent, language: str = "zh-hans") -> list[dict]:
    """What an agent's tabs alone are told."""
    events = list(LiveEvent.objects.order_by("seq"))
    frames = drawing.draw(events, [language], set())
    alone = [one for one in frames if one.agent_id is not None]
    return [
        json.loads(one.texts[language])
        for one in alone
        if one.concerns(None, None, agent.pk)
    ]


def test_a_transfer_takes_effect_at_once_and_says_so_to_both(
    conversation, lin, chen, now_it_is
):
    answer = give(browser(lin), conversation, chen, note="退款找主管")
    assert answer.status_code == 200
    assert f'data-assignee="{chen.pk}"' in answer.text
    assert "已转接给 Chen" in json.loads(answer["HX-Trigger"])["desk:notice"]["text"]
    assert now_it_is().assignee == chen
    assert now_it_is().waiting_since  # A transfer is no answer
    thread = browser(chen).get(f"/conversations/{conversation.pk}/messages/").text
    assert "Lin 将会话转接给 Chen：退款找主管" in thread
    [told] = told_to(chen)
    assert (told["about"], told["conversation"]) == ("transfer", conversation.pk)
    assert "退款找主管" in told["text"]
    assert told_to(lin) == []
    assert (
        f"/conversations/{conversation.pk}/"
        in browser(chen).get("/inbox/?view=mine").text
    )


def test_the_note_never_leaves_the_house(conversation, lin, chen, outbox, wechat):
    give(browser(lin), conversation, chen, note="客户很急")
    assert outbox() == []
    assert (wechat.heard(), wechat.calls()) == ([], [])


def test_who_held_it_and_who_holds_it_is_written_down(conversation, lin, chen):
    transferring.transfer(conversation, lin, chen)
    held = Assignment.objects.order_by("pk")
    assert [(one.agent, one.by, one.ended_at is None) for one in held] == [
        (lin, lin, False),
        (chen, lin, True),
    ]


def test_the_draft_goes_with_it_when_it_is_given(conversation, lin, chen):
    Draft.objects.create(agent=lin, conversation=conversation, text="您的订")
    give(browser(lin), conversation, chen, draft="您的订单")
    assert [(d.agent, d.text) for d in Draft.objects.all()] == [(chen, "您的订单")]


def test_what_the_receiver_has_begun_stays(conversation, lin, chen):
    Draft.objects.create(agent=chen, conversation=conversation, text="我来")
    give(browser(lin), conversation, chen, draft="您的订单")
    assert Draft.objects.get().text == "我来\n您的订单"


def test_a_draft_that_is_not_given_stays_its_owners(conversation, lin, chen):
    Draft.objects.create(agent=lin, conversation=conversation, text="您的订")
    give(browser(lin), conversation, chen)
    assert Draft.objects.get().agent == lin


def test_nobody_gives_away_what_is_a_colleagues(conversation, lin, chen, wu, now_it_is):
    answer = give(browser(chen), conversation, chen)
    assert (answer.status_code, now_it_is().assignee) == (409, lin)
    assert "Lin" in answer.json()["error"]
    transferring.transfer(conversation, wu, chen)
    assert now_it_is().assignee == chen  # Supervisors do


def test_nobody_is_given_what_they_cannot_see(conversation, lin, zhao, now_it_is):
    assert give(browser(lin), conversation, zhao).status_code == 409
    assert now_it_is().assignee == lin


def test_the_closed_and_ones_own_are_given_to_nobody(conversation, lin, chen):
    with pytest.raises(Refused):
        transferring.transfer(conversation, lin, lin)
    handling.close(conversation, lin)
    with pytest.raises(Refused):
        transferring.transfer(conversation, lin, chen)


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "once accepted"])
def test_what_was_put_off_is_in_the_receivers_list(conversation, lin, chen, waits):
    DeskSettings.objects.create(pk=1, transfer_needs_acceptance=waits)
    until = timezone.now() + timedelta(hours=1)
    Conversation.objects.filter(pk=conversation.pk).update(snoozed_until=until)
    give(browser(lin), conversation, chen)
    if waits:
        line = Message.objects.get(data__event="transfer_offered")
        assert transferring.accept(conversation, chen, line.pk)
    theirs = browser(chen).get("/inbox/?view=mine").content.decode()
    assert f'id="conversation-{conversation.pk}-row"' in theirs


def test_with_acceptance_it_stays_until_the_receiver_takes_it(
    conversation, lin, chen, now_it_is
):
    DeskSettings.objects.create(pk=1, transfer_needs_acceptance=True)
    give(browser(lin), conversation, chen, note="请看")
    assert now_it_is().assignee == lin
    assert [one["about"] for one in told_to(chen)] == ["offer"]
    line = Message.objects.get(data__event="transfer_offered")
    path = f"/conversations/{conversation.pk}/transfer/{line.pk}/"
    browser(lin).post(path)
    assert now_it_is().assignee == lin  # It isn't hers to accept
    for _ in range(2):
        assert browser(chen).post(path).status_code == 200
    assert now_it_is().assignee == chen
    line.refresh_from_db()
    assert (line.data["event"], line.data["note"]) == ("transferred", "请看")


def test_the_list_puts_first_who_is_here_and_free(conversation, lin, chen, wu, zhao):
    from agents import presence

    presence.arrived(chen.pk, "a")
    presence.arrived(wu.pk, "b")
    Agent.objects.filter(pk=wu.pk).update(availability="busy")
    found = transferring.colleagues(conversation, lin)
    assert [(one.agent, one.state) for one in found] == [
        (chen, State.AVAILABLE),
        (wu, State.BUSY),
    ]
    page = browser(chen).get(f"/conversations/{conversation.pk}/transfer/").text
    assert "Wu" in page
    assert "Lin" not in page  # It is hers already


def test_a_longer_list_takes_no_more_queries(
    conversation, lin, chen, django_assert_num_queries
):
    client = browser(lin)
    path = f"/conversations/{conversation.pk}/transfer/"
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as short_list:
        client.get(path)
    Agent.objects.bulk_create(
        Agent(username=f"agent{n}", is_staff=True) for n in range(20)
    )
    with django_assert_num_queries(len(short_list)):
        client.get(path)


def test_a_failed_transfer_changes_nothing(
    conversation, lin, chen, monkeypatch, now_it_is
):
    head = live.head()
    monkeypatch.setattr(live, "agent", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        transferring.transfer(conversation, lin, chen, draft="您")
    assert (now_it_is().assignee, live.head()) == (lin, head)
    assert not Draft.objects.exists()
