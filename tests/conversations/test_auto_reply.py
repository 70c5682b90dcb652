"""What a machine says when no human does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from agents import presence
from conversations import auto_reply, handling, patterns, sending, typing_state
from conversations.auto_reply import choose
from conversations.models import AutoReplyRule, DueReply
from conversations.wechat.pushes import EnterPush, TextPush
from tests.conftest import new_uuid, text

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
WELCOME = AutoReplyRule(trigger="enter", name="欢迎")
ORDERS = AutoReplyRule(
    trigger="enter", name="订单", session_match="prefix", session_from="order/"
)
REFUND = AutoReplyRule(trigger="keyword", keywords="退款\n退货")
CAMP = AutoReplyRule(trigger="keyword", comparison="regex", keywords="/训练营/i")
HELLO = AutoReplyRule(trigger="keyword", comparison="exact", keywords="hi")
AWAY = AutoReplyRule(trigger="nobody_online")
RULES = [ORDERS, WELCOME, REFUND, CAMP, HELLO, AWAY]


def says(words: str) -> TextPush:
    return TextPush(openid="o-xiaoming", at=NOON, dedupe_key="1", text=words)


ENTERS = EnterPush(openid="o-xiaoming", at=NOON, dedupe_key="2", session_from="")


@pytest.mark.parametrize(
    ("push", "session_from", "rule"),
    [
        (ENTERS, "", WELCOME),
        (ENTERS, "order/42", ORDERS),
        (ENTERS, "ＯＲＤＥＲ/42", ORDERS),
        (says("我要退货"), "", REFUND),
        (says("请问怎么加入云开发训练营"), "", CAMP),
        (says("ＨＩ"), "", HELLO),
        (says("hi there"), "", None),
        (says(""), "", None),
    ],
)
def test_the_first_rule_set_off_answers(push, session_from, rule):
    assert choose(RULES, push, session_from, anyone_online=True) is rule


def test_with_nobody_online_whatever_a_customer_writes_is_answered():
    assert choose(RULES, says("在吗"), "", anyone_online=False) is AWAY
    assert choose(RULES, says("我要退款"), "", anyone_online=False) is REFUND
    assert choose([AWAY], ENTERS, "", anyone_online=False) is None


@pytest.mark.parametrize("pattern", [r"(?=a)", r"(a)\1", "a{1001}", "(", "", "a" * 501])
def test_a_pattern_that_could_hang_or_is_wrong_is_refused(pattern):
    assert patterns.fault(pattern)
    assert not patterns.found(pattern, "aaaa")


def test_an_evil_pattern_takes_no_longer_than_another():
    assert not patterns.found("^(退|退货|货)+$", "退货" * 2000 + "!")


@pytest.mark.django_db
class TestAnswering:
    def test_a_welcome_is_sent_on_entering(self, xiaoming, rule):
        rule("enter", "欢迎光临")
        xiaoming.enters("a")
        assert xiaoming.heard() == ["欢迎光临"]
        assert xiaoming.conversation.waiting_since is None

    def test_a_keyword_answers_and_the_customer_still_waits(self, xiaoming, rule):
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.writes("我要退款")
        assert xiaoming.heard() == ["退款说明"]
        assert xiaoming.conversation.waiting_since is not None

    def test_the_row_keeps_the_question_that_waits(self, xiaoming, rule):
        rule("enter", "欢迎光临")
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.enters("")
        assert xiaoming.conversation.last_message.text == "欢迎光临"
        xiaoming.writes("我要退款")
        assert xiaoming.conversation.last_message.text == "我要退款"

    def test_a_rule_speaks_once_within_its_cooldown(self, xiaoming, rule):
        rule("keyword", "退款说明", keywords="退款", cooldown_seconds=60)
        for _ in range(3):
            xiaoming.writes("退款")
        assert xiaoming.heard() == ["退款说明"]

    def test_a_rule_that_says_two_things_says_both_in_order(self, xiaoming, rule):
        welcome = rule("enter", "一")
        welcome.parts.append({"kind": "text", "text": "二"})
        welcome.save()
        xiaoming.enters("")
        assert xiaoming.heard() == ["一", "二"]

    def test_rules_are_silent_after_a_human_until_the_conversation_is_closed(
        self, xiaoming, rule, lin
    ):
        rule("keyword", "退款说明", keywords="退款", cooldown_seconds=0)
        xiaoming.writes("在吗")
        sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
        xiaoming.writes("退款")
        assert xiaoming.heard() == ["在的"]
        handling.close(xiaoming.conversation, lin)
        xiaoming.writes("退款")
        assert xiaoming.heard() == ["在的", "退款说明"]

    def test_after_the_silence_rules_speak_again(self, xiaoming, rule, lin):
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.writes("在吗")
        handling.claim(xiaoming.conversation, lin)
        customer = xiaoming.customer
        customer.human_at -= timedelta(minutes=11)
        customer.save(update_fields=["human_at"])
        xiaoming.writes("退款")
        assert xiaoming.heard() == ["退款说明"]

    def test_who_reopens_takes_over_too(self, xiaoming, rule, lin):
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.writes("在吗")
        handling.close(xiaoming.conversation, lin)
        handling.reopen(xiaoming.conversation, lin)
        xiaoming.writes("退款")
        assert xiaoming.heard() == []

    def test_a_keyword_comes_before_nobody_online_wherever_it_stands(
        self, xiaoming, rule
    ):
        rule("nobody_online", "暂时没有客服在线", position=1)
        rule("keyword", "退款说明", keywords="退款", position=2)
        xiaoming.writes("退款")
        assert xiaoming.heard() == ["退款说明"]

    def test_silence_holds_in_the_customers_other_conversation(
        self, xiaoming, rule, lin
    ):
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.enters("a")
        xiaoming.writes("在吗")
        handling.claim(xiaoming.conversation, lin)
        xiaoming.enters("b")
        xiaoming.writes("退款")
        assert xiaoming.heard() == []

    def test_nobody_online_is_answered_and_somebody_online_is_not(
        self, xiaoming, rule, lin
    ):
        rule("nobody_online", "暂时没有客服在线", cooldown_seconds=0)
        xiaoming.writes("在吗")
        presence.arrived(lin.pk, "tab")
        xiaoming.writes("在吗")
        assert xiaoming.heard() == ["暂时没有客服在线"]


@pytest.mark.django_db
class TestFallback:
    @pytest.fixture
    def fallback(self, rule):
        return rule("no_answer", "请稍候", after_seconds=60, cooldown_seconds=0)

    def test_it_is_sent_when_its_time_has_come_and_once_a_wait(
        self, xiaoming, fallback
    ):
        xiaoming.writes("在吗")
        xiaoming.writes("有人吗")
        assert DueReply.objects.count() == 1
        assert xiaoming.heard() == []
        time_passes()
        auto_reply.send_due()
        auto_reply.send_due()
        xiaoming.writes("还在吗")
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == ["请稍候"]

    def test_it_is_not_sent_early(self, xiaoming, fallback):
        xiaoming.writes("在吗")
        auto_reply.send_due()
        assert xiaoming.heard() == []

    def test_a_humans_reply_in_another_conversation_cancels_it(
        self, xiaoming, fallback, lin
    ):
        xiaoming.enters("a")
        xiaoming.writes("在吗")
        xiaoming.enters("b")
        sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == ["在的"]

    def test_typing_cancels_it(self, xiaoming, fallback, lin):
        xiaoming.writes("在吗")
        typing_state.agent_types(xiaoming.conversation.pk, lin.pk)
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == []

    def test_closing_cancels_it(self, xiaoming, fallback, lin):
        xiaoming.writes("在吗")
        handling.close(xiaoming.conversation, lin)
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == []

    def test_it_is_there_for_a_claimed_conversation_too(self, xiaoming, fallback, lin):
        xiaoming.writes("在吗")
        handling.claim(xiaoming.conversation, lin)
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == ["请稍候"]

    def test_a_new_wait_has_a_new_one(self, xiaoming, fallback, lin):
        xiaoming.writes("在吗")
        sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
        xiaoming.writes("还有")
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == ["在的", "请稍候"]

    def test_a_rule_switched_off_meanwhile_says_nothing(self, xiaoming, fallback):
        xiaoming.writes("在吗")
        fallback.active = False
        fallback.save()
        time_passes()
        auto_reply.send_due()
        assert xiaoming.heard() == []


def time_passes() -> None:
    """Let a minute and more go by for what is due."""
    for due in DueReply.objects.filter(state="pending"):
        due.due_at = timezone.now() - timedelta(seconds=1)
        due.save(update_fields=["due_at"])
