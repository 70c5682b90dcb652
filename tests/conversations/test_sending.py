"""The one door out: what is said, once, in order, and what became of it."""

from __future__ import annotations

import pytest
import time_machine
from django.utils import timezone

from conversations import handling, sending
from conversations.models import (
    Customer,
    Delivery,
    DeliveryAttempt,
    LiveEvent,
    Message,
    OutboxHold,
    Pause,
)
from conversations.wechat.client import BUSINESS_TYPING, PLAIN_TYPING
from tests.conftest import new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


@pytest.fixture
def says(conversation, lin):
    """Lin answers Xiaoming."""

    def reply(words: str, **options: object) -> Message:
        [message] = sending.reply(conversation, lin, text(words), new_uuid(), **options)
        return message

    return reply


def test_a_reply_reaches_the_phone(says, wechat, outbox):
    says("在的")
    assert wechat.heard() == []
    [delivery] = outbox()
    assert (delivery.state, wechat.heard()) == ("sent", ["在的"])


def test_what_an_agent_types_reaches_the_phone_as_words(says, wechat, outbox):
    says('1 < 2, <a href="https://e.cn">点</a>')
    outbox()
    assert wechat.heard() == ['1 < 2, <\u200ba href="https://e.cn">点<\u200b/a>']


def test_a_jump_link_reaches_the_phone_as_wechats_tag(says, wechat, outbox):
    says("看⟦这里|pages/order?id=1|https://e.cn⟧")
    outbox()
    assert wechat.heard() == [
        '看<a href="https://e.cn" data-miniprogram-appid="wx0123456789abcdef" '
        'data-miniprogram-path="pages/order?id=1">这里</a>'
    ]


def test_a_reply_to_what_nobody_has_claims_it(says, conversation, lin):
    says("在的")
    conversation.refresh_from_db()
    assert (conversation.assignee, conversation.waiting_since) == (lin, None)


def test_a_reply_to_a_colleagues_leaves_it_theirs(conversation, lin, chen):
    handling.claim(conversation, chen)
    sending.reply(conversation, lin, text("在的"), new_uuid())
    conversation.refresh_from_db()
    assert conversation.assignee == chen


def test_the_same_reply_again_is_the_same_message(conversation, lin):
    key = new_uuid()
    first = sending.reply(conversation, lin, text("在的"), key)
    again = sending.reply(conversation, lin, text("在的"), key)
    assert [m.pk for m in first] == [m.pk for m in again]
    assert Delivery.objects.count() == 1


def test_other_words_under_the_same_id_are_refused(conversation, lin):
    key = new_uuid()
    sending.reply(conversation, lin, text("在的"), key)
    with pytest.raises(sending.Conflict):
        sending.reply(conversation, lin, text("不在"), key)


def test_a_customer_reads_in_the_order_we_wrote(says, wechat, outbox):
    for words in "一二三四五":
        says(words)
    outbox()
    assert wechat.heard() == list("一二三四五")


def test_no_answer_is_not_sent_again(says, wechat, outbox):
    wechat.fails("drop")
    says("在的")
    assert [d.state for d in outbox()] == ["unconfirmed"]
    assert [d.state for d in outbox()] == ["unconfirmed"]
    assert wechat.heard() == ["在的"]


def test_the_one_behind_an_unconfirmed_one_goes_out(says, wechat, outbox):
    wechat.fails("drop")
    says("一")
    says("二")
    assert [d.state for d in outbox()] == ["unconfirmed", "sent"]


def test_a_refused_connection_is_tried_again(says, wechat, outbox):
    wechat.world.faults.clear()
    says("在的")
    Delivery.objects.get().customer.mini_program.__class__.objects.update(
        api_root="http://127.0.0.1:9"
    )
    [delivery] = outbox()
    assert (delivery.state, delivery.tries) == ("queued", 1)
    assert delivery.not_before > timezone.now()


def test_unreachable_it_is_tried_ever_less_often_and_given_up_in_two_minutes(
    says, mini_program, wechat, outbox
):
    says("一")
    outbox()  # There is a token
    mini_program.api_root = "http://127.0.0.1:9"  # Refuses connections
    mini_program.save()
    says("二")
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while (delivery := outbox()[-1]).state == "queued":
            wait = (delivery.not_before - timezone.now()).total_seconds()
            waits.append(wait)
            clock.shift(wait)
    assert delivery.state == "failed"
    assert 60 <= sum(waits) <= 120
    assert max(waits) <= 36
    # Not at the same moment as everybody else: each wait is up to a fifth off.
    nominal = [1, 2, 4, 8, 15, 30, 30]
    assert waits == pytest.approx(nominal, rel=0.2)
    assert any(wait != whole for wait, whole in zip(waits, nominal, strict=True))


def test_a_slow_answer_is_waited_for_and_a_very_slow_one_is_unconfirmed(
    says, wechat, outbox, settings
):
    assert settings.SEND_DEADLINE == 15 < settings.LANE_LEASE
    wechat.fails("latency", seconds=0.2)
    says("一")
    outbox()
    settings.SEND_DEADLINE = 1
    wechat.fails("hang", seconds=30)
    says("二")
    outbox()
    settings.SEND_DEADLINE = 15
    says("三")
    assert [d.state for d in outbox()] == ["sent", "unconfirmed", "sent"]
    assert wechat.calls("send") == ["send"] * 3
    wechat.world.faults.clear()


def test_busy_is_tried_again_later_and_holds_the_ones_behind(says, wechat, outbox):
    wechat.fails("errcode", errcode=-1)
    says("一")
    says("二")
    assert [d.state for d in outbox()] == ["queued", "queued"]
    Delivery.objects.update(not_before=timezone.now())
    assert [d.state for d in outbox()] == ["sent", "sent"]
    assert wechat.heard() == ["一", "二"]


def test_busy_four_times_has_failed(says, wechat, outbox):
    wechat.fails("errcode", errcode=-1, count=4)
    says("在的")
    for _ in range(4):
        Delivery.objects.update(not_before=timezone.now())
        outbox()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.errcode) == ("failed", -1)


@pytest.mark.parametrize(
    ("errcode", "words"), [(45015, "over"), (45047, "used up"), (99999, "refused")]
)
def test_a_refusal_says_why(says, wechat, outbox, errcode, words, settings):
    settings.LANGUAGE_CODE = "en"
    wechat.fails("errcode", errcode=errcode)
    says("在的")
    [delivery] = outbox()
    from django.utils import translation

    with translation.override("en"):
        assert words in delivery.reason
    assert delivery.errcode == errcode


def test_the_reply_window_is_wechats_to_judge(says, mini_program, wechat, outbox):
    mini_program.message_grant = 10  # so we believe
    mini_program.save()
    for words in "一二三四五六":
        says(words)
    states = [delivery.state for delivery in outbox()]
    assert states == ["sent"] * 5 + ["failed"]
    assert Delivery.objects.last().errcode == 45047


def test_an_expired_token_is_replaced_once(says, wechat, outbox):
    says("一")
    outbox()
    wechat.fails("errcode", errcode=42001)
    says("二")
    assert [d.state for d in outbox()] == ["sent", "sent"]
    assert wechat.heard() == ["一", "二"]


def test_a_human_marks_it_as_delivered(says, wechat, outbox, lin):
    wechat.fails("drop")
    message = says("在的")
    outbox()
    assert sending.mark_delivered(message.delivery, lin)
    assert not sending.mark_delivered(message.delivery, lin)
    message.delivery.refresh_from_db()
    assert message.delivery.state == "sent"
    assert wechat.heard() == ["在的"]
    assert message.delivery.attempts.filter(agent=lin, outcome="marked_sent").exists()


def test_a_human_sends_it_again_as_a_new_attempt(says, wechat, outbox, lin):
    wechat.fails("errcode", errcode=45002)
    message = says("在的")
    outbox()
    assert sending.send_again(message.delivery, lin)
    [delivery] = outbox()
    assert (delivery.state, wechat.heard()) == ("sent", ["在的"])
    outcomes = DeliveryAttempt.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["refused", "sent_again", "sent"]


def test_what_was_sent_cannot_be_sent_again(says, wechat, outbox, lin):
    message = says("在的")
    outbox()
    assert not sending.send_again(message.delivery, lin)


def test_a_worker_that_died_sending_leaves_it_unconfirmed(says, wechat, outbox):
    message = says("在的")
    Delivery.objects.filter(pk=message.delivery.pk).update(state="sending", fence=1)
    Customer.objects.update(lane_fence=1, lane_until=timezone.now())
    assert [d.state for d in outbox()] == ["unconfirmed"]
    assert wechat.heard() == []


def test_a_lane_in_use_is_left_alone(says, wechat, outbox):
    says("在的")
    Customer.objects.update(lane_until=timezone.now() + timezone.timedelta(seconds=30))
    assert [d.state for d in outbox()] == ["queued"]


def test_typing_is_shown_before_a_quick_reply(says, wechat, outbox):
    says("您好", typing_first=True)
    outbox()
    assert wechat.calls("typing", "send") == ["typing", "send"]


def test_typing_is_left_out_when_the_rules_forbid_it(says, xiaoming, wechat, outbox):
    Customer.objects.update(
        exchanged_at=timezone.now() - timezone.timedelta(seconds=31)
    )
    says("您好", typing_first=True)
    outbox()
    assert wechat.calls("typing", "send") == ["send"]


def test_typing_is_shown_before_an_automatic_answer(xiaoming, rule, wechat, outbox):
    rule("keyword", "退款说明", keywords="退款")
    xiaoming.writes("退款")
    outbox()
    assert wechat.calls("typing", "send") == ["typing", "send"]


def test_typing_that_hangs_does_not_hold_up_the_message(says, wechat, outbox):
    path = "/cgi-bin/message/custom/business/typing"
    wechat.fails("hang", path, seconds=20)
    says("您好", typing_first=True)
    assert [d.state for d in outbox()] == ["sent"]
    wechat.world.faults.clear()


@pytest.mark.parametrize(
    "errcode",
    [-1, 40003, 40200, 42001, 45009, 45011, 45015, 45047, 45072, 45080, 45081, 48001],
)
def test_no_refusal_of_the_typing_sign_befalls_the_message(
    says, xiaoming, wechat, outbox, errcode
):
    for path in (BUSINESS_TYPING, PLAIN_TYPING):
        wechat.fails("errcode", path, errcode=errcode, count=-1)
    says("您好", typing_first=True)
    assert [d.state for d in outbox()] == ["sent"]
    assert not Pause.objects.exists()
    assert xiaoming.customer.window_refusal is None


def test_a_link_is_sent_as_a_link(xiaoming, rule, wechat, outbox):
    camp = rule("keyword", "-", keywords="训练营")
    camp.parts = [
        {
            "kind": "link",
            "title": "加入训练营",
            "description": "零基础",
            "url": "https://cloud.example.com/",
            "thumb_url": "https://cloud.example.com/a.png",
        }
    ]
    camp.save()
    xiaoming.writes("训练营")
    assert [d.state for d in outbox()] == ["sent"]
    assert wechat.heard() == ["加入训练营"]


def test_a_held_outbox_sends_nothing_until_it_is_released(says, wechat, outbox):
    sending.hold("restored")
    says("在的")
    assert [d.state for d in outbox()] == ["queued"]
    sending.release_hold()
    assert not OutboxHold.objects.exists()
    assert [d.state for d in outbox()] == ["sent"]


def test_every_state_of_a_message_is_a_live_event(says, wechat, outbox):
    message = says("在的")
    outbox()
    events = LiveEvent.objects.filter(message=message).order_by("seq")
    assert len(events) == 3  # queued, sending, sent
    numbers = list(LiveEvent.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
