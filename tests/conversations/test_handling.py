"""Who has a conversation, and what becomes of it: domain and races."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import Agent
from conversations import handling, live, sending
from conversations.models import (
    Assignment,
    Conversation,
    Delivery,
    DueReply,
    LiveEvent,
    Message,
)
from tests.conftest import new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


@pytest.fixture
def now_it_is(conversation):
    """What stands in the database."""
    return lambda: Conversation.objects.get(pk=conversation.pk)


def lines() -> list[tuple[str, str]]:
    """What the thread says happened, and by whom."""
    happened = Message.objects.filter(author="system").in_order()
    return [(line.data["event"], line.agent.name) for line in happened]


def held() -> list[tuple[str, bool]]:
    """Who held a conversation, and whether they still do."""
    return [
        (one.agent.name, one.ended_at is None)
        for one in Assignment.objects.order_by("pk")
    ]


def test_a_claim_gives_the_conversation_to_the_agent(conversation, lin, now_it_is):
    assert handling.claim(conversation, lin)
    assert (conversation.assignee, now_it_is().assignee) == (lin, lin)
    assert (held(), lines()) == ([("Lin", True)], [("claimed", "Lin")])


def test_a_claim_is_no_answer(conversation, lin, now_it_is):
    handling.claim(conversation, lin)
    assert now_it_is().waiting_since is not None


def test_who_claims_too_late_learns_who_has_it(conversation, lin, chen, now_it_is):
    chens_view = now_it_is()
    handling.claim(conversation, lin)
    assert not handling.claim(chens_view, chen)
    assert (chens_view.assignee, now_it_is().assignee) == (lin, lin)
    assert held() == [("Lin", True)]


def test_claiming_twice_is_claiming_once(conversation, lin):
    assert handling.claim(conversation, lin)
    assert handling.claim(conversation, lin)
    assert (held(), lines()) == ([("Lin", True)], [("claimed", "Lin")])


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_one_has_it(conversation, now_it_is, patient):
    agents = [Agent.objects.create_user(f"agent{n}", password="-") for n in range(8)]
    start, claimed = threading.Barrier(len(agents)), []

    def claim(agent: Agent) -> None:
        start.wait(10)
        try:
            if handling.claim(Conversation.objects.get(pk=conversation.pk), agent):
                claimed.append(agent)
        finally:
            connection.close()

    _at_once([lambda agent=agent: claim(agent) for agent in agents])
    assert [now_it_is().assignee] == claimed
    assert len(held()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_writes_while_agents_act_is_neither_lost_nor_forgotten(
    xiaoming, conversation, lin, chen, now_it_is, patient
):
    """Pushes, claims, releases and closings in every order that threads make."""
    acts = [handling.claim, handling.release, handling.close, handling.reopen]

    def agent_acts(agent: Agent) -> None:
        for n in range(12):
            acts[n % 4](Conversation.objects.get(pk=conversation.pk), agent)
        connection.close()

    def customer_writes() -> None:
        for n in range(12):
            xiaoming.writes(f"第{n}句")
        connection.close()

    _at_once([customer_writes, lambda: agent_acts(lin), lambda: agent_acts(chen)])
    assert Message.objects.filter(author="customer").count() == 13
    now = now_it_is()
    holders = [name for name, still in held() if still]
    assert holders == ([now.assignee.name] if now.assignee else [])
    assert live.head() == LiveEvent.objects.count()


def _at_once(acts) -> None:
    failures = []

    def run(act) -> None:
        try:
            act()
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_released_it_waits_for_whoever_claims_next(conversation, lin, chen, now_it_is):
    handling.claim(conversation, lin)
    assert handling.release(conversation, lin)
    assert now_it_is().assignee is None
    assert Conversation.objects.waiting().get() == conversation
    assert handling.claim(conversation, chen)
    assert held() == [("Lin", False), ("Chen", True)]


def test_what_nobody_has_cannot_be_released(conversation, lin):
    assert not handling.release(conversation, lin)
    assert lines() == []


def test_closed_it_is_nobodys_and_waits_no_more(conversation, lin, now_it_is):
    handling.claim(conversation, lin)
    assert handling.close(conversation, lin)
    now = now_it_is()
    assert (now.status, now.assignee, now.waiting_since, now.unread) == (
        "closed",
        None,
        None,
        0,
    )
    assert held() == [("Lin", False)]
    assert not handling.close(conversation, lin)
    assert lines() == [("claimed", "Lin"), ("closed", "Lin")]


def test_closing_lets_what_was_said_go_out(conversation, lin, wechat, outbox):
    sending.reply(conversation, lin, text("再见"), new_uuid())
    handling.close(conversation, lin)
    assert [delivery.state for delivery in outbox()] == ["sent"]
    assert wechat.heard() == ["再见"]


def test_closing_calls_off_the_fallback(xiaoming, rule, lin):
    rule("no_answer", "请稍候")
    xiaoming.writes("在吗")
    handling.close(xiaoming.conversation, lin)
    assert DueReply.objects.get().state == "cancelled"


def test_closing_one_of_two_that_wait_leaves_the_fallback(xiaoming, rule, lin):
    rule("no_answer", "请稍候")
    xiaoming.enters("a")
    xiaoming.writes("问题一")
    first = xiaoming.conversation
    xiaoming.enters("b")
    xiaoming.writes("问题二")
    handling.close(first, lin)
    assert DueReply.objects.get().state == "pending"


def test_after_closing_rules_may_speak_again(xiaoming, rule, lin):
    rule("keyword", "退款说明", keywords="退款", cooldown_seconds=0)
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    xiaoming.writes("退款")
    assert xiaoming.heard() == []
    handling.close(xiaoming.conversation, lin)
    xiaoming.writes("退款")
    assert xiaoming.heard() == ["退款说明"]


def test_reopened_it_is_the_agents_who_did(conversation, lin, chen, now_it_is):
    handling.close(conversation, lin)
    assert handling.reopen(conversation, chen)
    assert (now_it_is().status, now_it_is().assignee) == ("open", chen)
    assert not handling.reopen(conversation, lin)
    assert lines() == [("closed", "Lin"), ("reopened", "Chen")]


def test_a_reply_to_a_closed_conversation_opens_it(conversation, lin, now_it_is):
    handling.close(conversation, lin)
    sending.reply(conversation, lin, text("还有一点"), new_uuid())
    assert (now_it_is().status, now_it_is().assignee) == ("open", lin)


def test_who_is_switched_off_hands_back_what_is_open(xiaoming, lin, chen):
    xiaoming.enters("a")
    xiaoming.writes("一")
    handling.claim(xiaoming.conversation, lin)
    xiaoming.enters("b")
    handling.close(xiaoming.conversation, lin)
    xiaoming.enters("c")
    xiaoming.writes("三")
    assert handling.hand_back(lin) == 2
    assert not Conversation.objects.filter(assignee=lin).exists()
    assert Conversation.objects.waiting().count() == 2
    assert handling.hand_back(chen) == 0


def test_one_act_that_fails_changes_nothing(conversation, lin, monkeypatch, now_it_is):
    head = live.head()
    monkeypatch.setattr(live, "conversation", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        handling.claim(conversation, lin)
    assert now_it_is().assignee is None
    assert (held(), lines(), live.head()) == ([], [], head)


def test_a_claim_silences_the_fallback_only_by_an_answer(xiaoming, rule, lin):
    """An agent who claims and then says nothing must not leave the customer alone."""
    rule("no_answer", "请稍候")
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)
    assert DueReply.objects.get().state == "pending"
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    assert DueReply.objects.get().state == "cancelled"


def test_the_wait_begins_with_the_first_unanswered_message(xiaoming, lin):
    xiaoming.writes("一")
    since = xiaoming.conversation.waiting_since
    xiaoming.writes("二")
    assert xiaoming.conversation.waiting_since == since
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    assert xiaoming.conversation.waiting_since is None
    xiaoming.writes("三")
    assert timezone.now() - xiaoming.conversation.waiting_since < timedelta(minutes=1)
    assert Delivery.objects.count() == 1
