"""What we may still send a customer: our count beside WeChat's own."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import auto_reply, drawing, reply_windows, sending
from conversations.models import Conversation, Customer, Delivery, LiveEvent, Message
from conversations.receiving import receive
from conversations.simulator.quota import Quota
from tests.conftest import XIAOMING, new_uuid, text

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = 3600
GRANTS = {"message": (5, 48 * HOUR), "entry": (2, 60)}
OVER, SPENT = 45015, 45047


@pytest.fixture
def says(xiaoming, lin):
    """Lin answers Xiaoming: says("一", "二") as one pack."""

    def reply(*words: str) -> list[Message]:
        parts = [part for one in words for part in text(one)]
        return sending.reply(xiaoming.conversation, lin, parts, new_uuid())

    return reply


def room(xiaoming) -> tuple[int, int, str | None]:
    standing = reply_windows.of(xiaoming.customer, timezone.now())
    return standing.left, standing.allowed, standing.kind


class TestBesideWeChatsCount:
    """Random lives of one customer, told to WeChat's ledger and to ours."""

    _numbers = itertools.count()
    pauses = st.sampled_from([0, 1, 1, 29, 59, 60, 61, HOUR, 48 * HOUR - 1, 48 * HOUR])
    steps = st.lists(
        st.tuples(
            st.sampled_from(
                ["message", "entry", "both", "send", "send", "send", "pack", "fail"]
                + ["lost", "refuse", "close"]
            ),
            pauses,
        ),
        min_size=20,
        max_size=60,
    )

    @pytest.mark.parametrize("policy", ["separate", "literal"])
    def test_they_agree_after_every_step(self, policy, mini_program):
        """Under separate counters to the message; one counter for all never allows
        less than we count."""
        taken = itertools.count()

        @settings(
            max_examples=80,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(self.steps)
        def live(steps):
            customer = Customer.objects.create(
                mini_program=mini_program, openid=f"oLife-{next(self._numbers)}"
            )
            life = _Life(customer, Quota(policy))
            for step, pause in steps:
                life.now += timedelta(seconds=pause)
                getattr(life, step)()
                life.compare(exactly=policy == "separate")
                next(taken)

        live()
        assert next(taken) >= 1600

    def test_they_agree_through_all_the_parts(
        self, mini_program, xiaoming, says, wechat, outbox
    ):
        """Pushes, rows, replies, requests: the real ones, on a clock that jumps."""
        chance = random.Random(45047)
        wechat.world.limits = replace(wechat.world.limits, quota_policy="separate")
        acts = ["writes", "enters", "says", "says", "says", "refused"]
        wechat.world.update_customer(XIAOMING, quota="{}")
        outcomes: set[str] = set()
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.writes("在吗")
            wechat.grant("message")
            for _ in range(150):
                clock.shift(chance.choice([1, 1, 20, 61, HOUR, 48 * HOUR]))
                match chance.choice(acts):
                    case "writes":
                        xiaoming.writes("在吗")
                        wechat.grant("message")
                    case "enters":
                        xiaoming.enters("order/42")
                        wechat.grant("entry")
                    case "says":
                        outcomes.add(self._say(says, outbox))
                    case "refused":
                        wechat.fails("errcode", errcode=SPENT)
                        outcomes.add(self._say(says, outbox) + " though some were left")
                        wechat.world.faults.clear()
                quota = wechat.world.customer(XIAOMING).quota
                ours = reply_windows.of(xiaoming.customer, timezone.now())
                if not ours.refusal:
                    assert ours.left == quota.remaining(timezone.now().timestamp())
                else:
                    assert ours.left == 0
        assert {"sent", "not allowed", "failed though some were left"} <= outcomes

    def _say(self, says, outbox) -> str:
        try:
            says("在的")
        except sending.NotAllowed:
            return "not allowed"
        return outbox()[-1].state


class _Life:
    """A customer in our ledger and in WeChat's, and what befalls them."""

    def __init__(self, customer: Customer, quota: Quota) -> None:
        self.customer, self.quota = customer, quota
        self.now = NOON

    def message(self) -> None:
        self._acts("message")

    def entry(self) -> None:
        self._acts("entry")

    def both(self) -> None:
        """They enter and write; the pushes come the other way round."""
        self._grants("entry")
        entered_at, self.now = self.now, self.now + timedelta(seconds=1)
        self._grants("message")
        reply_windows.grant([(self.customer, "message", self.now)])
        reply_windows.grant([(self.customer, "entry", entered_at)])
        self.customer.save()

    def send(self, count: int = 1) -> None:
        for _ in range(self._reserved(count)):
            self.quota.check(self._at)  # What we take for allowed is allowed
            self.quota.spend(self._at)

    def pack(self) -> None:
        self.send(3)

    def fail(self) -> None:
        """WeChat doesn't take it, for a reason of its own."""
        if self._reserved(1):
            self._give_back()

    def lost(self) -> None:
        """WeChat takes it, and its answer is lost: we don't know, and count it."""
        self.send()

    def refuse(self) -> None:
        self._refused(SPENT)

    def close(self) -> None:
        self._refused(OVER)

    def compare(self, *, exactly: bool) -> None:
        ours = reply_windows.of(self.customer, self.now)
        theirs = self.quota.remaining(self._at)
        if self.customer.window_refusal:
            assert ours.left == 0
            assert ours.is_open <= (self.customer.window_refusal == SPENT)
        elif exactly:
            assert ours.left == theirs
            assert (ours.kind is None) == (self.quota.closes_at(self._at) is None)
            if ours.left and ours.left == self.quota.buckets[ours.kind].remaining:
                ends = self.quota.buckets[ours.kind].expires
                assert ours.closes_at.timestamp() == ends
        else:
            assert ours.left <= theirs

    def _refused(self, errcode: int) -> None:
        if self._reserved(1):
            self._give_back()
            reply_windows.refused(self.customer, errcode)
            self.customer.refresh_from_db()
            assert self.customer.window_refusal == errcode

    def _acts(self, kind: str) -> None:
        self._grants(kind)
        reply_windows.grant([(self.customer, kind, self.now)])
        self.customer.save()

    def _grants(self, kind: str) -> None:
        self.quota.grant(kind, self._at, *GRANTS[kind])

    def _reserved(self, count: int) -> int:
        try:
            reply_windows.reserve(self.customer, count, self.now)
        except reply_windows.NotAllowed:
            return 0
        return count

    def _give_back(self) -> None:
        reply_windows.give_back(self.customer)
        self.customer.refresh_from_db()

    @property
    def _at(self) -> float:
        return self.now.timestamp()


class TestReplying:
    def test_five_and_no_sixth_until_they_write(self, xiaoming, says):
        xiaoming.writes("在吗")
        for number in "一二三四五":
            says(number)
        with pytest.raises(sending.NotAllowed) as caught:
            says("六")
        assert "used up" in caught.value.reason or "用完" in caught.value.reason
        assert Delivery.objects.count() == 5
        xiaoming.writes("还在吗")
        # The five are still on their way, and will count against the new grant.
        assert room(xiaoming) == (0, 5, "message")

    def test_what_was_sent_before_they_wrote_no_longer_counts(
        self, xiaoming, says, wechat, outbox
    ):
        xiaoming.writes("在吗")
        says("一", "二")
        outbox()
        assert room(xiaoming) == (3, 5, "message")
        xiaoming.writes("还在吗")
        assert room(xiaoming) == (5, 5, "message")

    def test_a_pack_goes_whole_or_not_at_all(self, xiaoming, says):
        xiaoming.writes("在吗")
        says("一", "二", "三")
        with pytest.raises(sending.NotAllowed):
            says("四", "五", "六")
        assert xiaoming.heard() == ["一", "二", "三"]
        says("四", "五")
        assert room(xiaoming)[0] == 0

    def test_the_same_reply_again_costs_nothing(self, xiaoming, lin):
        xiaoming.writes("在吗")
        key = new_uuid()
        for _ in range(7):
            sending.reply(xiaoming.conversation, lin, text("在的"), key)
        assert room(xiaoming)[0] == 4

    @pytest.mark.parametrize(
        ("after", "allowed"),
        [
            (timedelta(hours=47, minutes=59, seconds=59), True),
            (timedelta(hours=48, seconds=1), False),
        ],
    )
    def test_forty_eight_hours(self, xiaoming, says, after, allowed):
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.writes("在吗", at=NOON)
            clock.shift(after)
            if allowed:
                says("在的")
                assert room(xiaoming) == (4, 5, "message")
            else:
                with pytest.raises(sending.NotAllowed, match=r"over|已过"):
                    says("在的")
                assert room(xiaoming) == (0, 0, None)

    def test_entering_allows_two_for_a_minute(self, xiaoming, says):
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.enters("order/42")
            assert room(xiaoming) == (2, 2, "entry")
            says("您好")
            clock.shift(59)
            assert room(xiaoming) == (1, 2, "entry")
            clock.shift(1)
            assert room(xiaoming) == (0, 0, None)

    def test_the_numbers_are_each_mini_programs_own(self, xiaoming, mini_program, says):
        mini_program.message_grant, mini_program.message_hours = 1, 2
        mini_program.save()
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.writes("在吗")
            says("在的")
            with pytest.raises(sending.NotAllowed):
                says("还在")
            xiaoming.writes("还在吗")
            clock.shift(2 * HOUR + 1)
            assert room(xiaoming) == (0, 0, None)

    def test_pushes_out_of_order_never_turn_the_time_back(self, xiaoming):
        with time_machine.travel(NOON, tick=False):
            xiaoming.writes("后说的", at=NOON)
            xiaoming.writes("先说的", at=NOON - timedelta(hours=1))
            assert xiaoming.customer.message_granted_at == NOON

    def test_who_wrote_through_one_entrance_is_answered_through_another(
        self, xiaoming, says
    ):
        xiaoming.enters("order/42")
        xiaoming.writes("在吗")
        xiaoming.enters("refund")
        says("一", "二", "三", "四", "五")
        with pytest.raises(sending.NotAllowed):
            says("六")


class TestWhatWeChatSays:
    @pytest.mark.parametrize(
        ("errcode", "shown"), [(SPENT, (0, 5, "message")), (OVER, (0, 0, None))]
    )
    def test_its_no_holds_until_they_act(
        self, xiaoming, says, wechat, outbox, errcode, shown
    ):
        xiaoming.writes("在吗")
        wechat.fails("errcode", errcode=errcode)
        says("在的")
        assert [d.state for d in outbox()] == ["failed"]
        assert room(xiaoming) == shown
        with pytest.raises(sending.NotAllowed):
            says("还在")
        xiaoming.writes("还在吗")
        assert room(xiaoming) == (5, 5, "message")
        says("在的")
        assert outbox()[-1].state == "sent"

    def test_no_rule_speaks_after_it_until_they_act(
        self, xiaoming, says, rule, wechat, outbox
    ):
        rule("no_answer", "请稍等", after_seconds=1)
        xiaoming.writes("在吗")
        wechat.fails("errcode", errcode=OVER)
        says("在的")
        outbox()
        xiaoming.pushes(MsgType="event", Event="something_else")  # No act of WeChat's
        Conversation.objects.update(waiting_since=timezone.now())
        sent = Delivery.objects.count()
        calls = len(wechat.calls("send"))
        with time_machine.travel(timezone.now() + timedelta(seconds=5)):
            auto_reply.send_due()
            outbox()
        assert Delivery.objects.count() == sent
        assert len(wechat.calls("send")) == calls

    def test_an_automatic_answer_behind_it_is_not_even_asked_for(
        self, xiaoming, says, rule, wechat, outbox
    ):
        rule("keyword", "退款说明", keywords="退款")
        xiaoming.writes("我要退款")
        Delivery.objects.update(not_before=timezone.now() + timedelta(hours=1))
        Customer.objects.update(window_refusal=SPENT)
        Delivery.objects.update(not_before=timezone.now())
        [delivery] = outbox()
        assert (delivery.state, delivery.errcode) == ("failed", SPENT)
        assert wechat.calls("send") == []

    def test_its_answer_to_an_older_question_does_not_close_a_newer_window(
        self, xiaoming, says
    ):
        xiaoming.writes("在吗", at=timezone.now() - timedelta(minutes=5))
        says("在的")
        asked = xiaoming.customer  # as they were when the request went out
        xiaoming.writes("还在吗")
        reply_windows.refused(asked, OVER)
        assert xiaoming.customer.window_refusal is None

    def test_what_is_certainly_over_is_not_asked_for(
        self, xiaoming, says, wechat, outbox
    ):
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.writes("在吗", at=NOON)
            says("在的")
            clock.shift(48 * HOUR + 6)
            [delivery] = outbox()
        assert (delivery.state, delivery.errcode) == ("failed", OVER)
        assert wechat.calls("send") == []

    def test_in_doubt_wechat_is_asked(self, xiaoming, says, wechat, outbox):
        with time_machine.travel(NOON, tick=False) as clock:
            xiaoming.writes("在吗", at=NOON)
            says("在的")
            clock.shift(48 * HOUR + 3)
            outbox()
        assert wechat.calls("send") == ["send"]

    def test_what_failed_otherwise_is_given_back(self, xiaoming, says, wechat, outbox):
        xiaoming.writes("在吗")
        wechat.fails("errcode", errcode=45002)
        says("在的")
        assert room(xiaoming)[0] == 4
        outbox()
        assert room(xiaoming)[0] == 5

    def test_what_may_have_arrived_stays_counted_and_again_is_one_more(
        self, xiaoming, says, wechat, outbox, lin
    ):
        xiaoming.writes("在吗")
        wechat.fails("drop")
        [message] = says("在的")
        outbox()
        assert room(xiaoming)[0] == 4
        assert sending.send_again(message.delivery, lin)
        assert room(xiaoming)[0] == 3

    def test_nothing_is_sent_again_without_room(
        self, xiaoming, says, wechat, outbox, lin
    ):
        xiaoming.writes("在吗")
        wechat.fails("errcode", errcode=SPENT)
        [message] = says("在的")
        outbox()
        with pytest.raises(sending.NotAllowed):
            sending.send_again(message.delivery, lin)
        assert Delivery.objects.get().state == "failed"


class TestRules:
    def test_they_spend_two_of_a_message_and_no_more(self, xiaoming, rule):
        for word in "甲乙丙":
            rule("keyword", f"说明{word}", keywords=word, cooldown_seconds=0)
        xiaoming.enters()
        say_at_once(xiaoming, "甲", "乙", "丙")
        assert xiaoming.heard() == ["说明甲", "说明乙"]

    def test_they_leave_the_last_one(self, xiaoming, mini_program, rule, says):
        mini_program.rules_may_spend = 5
        mini_program.save()
        rule("no_answer", "请稍等", after_seconds=1)
        xiaoming.writes("在吗")
        Customer.objects.update(message_used=4)
        Conversation.objects.update(waiting_since=timezone.now())
        with time_machine.travel(timezone.now() + timedelta(seconds=5)):
            auto_reply.send_due()
        assert xiaoming.heard() == []
        assert room(xiaoming)[0] == 1

    def test_an_answer_in_two_parts_is_not_cut_in_half(
        self, xiaoming, mini_program, rule
    ):
        mini_program.rules_may_spend = 1
        mini_program.save()
        two = rule("keyword", "一", keywords="退款")
        two.parts = [*text("一"), *text("二")]
        two.save()
        xiaoming.writes("退款")
        assert xiaoming.heard() == []

    def test_a_welcome_may_use_all_that_entering_grants(self, xiaoming, rule):
        welcome = rule("enter", "您好")
        welcome.parts = [*text("您好"), *text("请问有什么可以帮您？")]
        welcome.save()
        xiaoming.enters()
        assert xiaoming.heard() == ["您好", "请问有什么可以帮您？"]
        assert room(xiaoming)[0] == 0
        xiaoming.writes("在吗")
        assert room(xiaoming)[1:] == (5, "message")

    def test_a_welcome_leaves_agents_the_last_of_an_earlier_message(
        self, xiaoming, rule
    ):
        rule("enter", "您好", cooldown_seconds=0)
        xiaoming.writes("在吗")
        Customer.objects.update(message_used=4)
        xiaoming.enters()
        assert xiaoming.heard() == []
        Customer.objects.update(message_used=5)
        xiaoming.enters("order/42", at=timezone.now() + timedelta(seconds=1))
        assert xiaoming.heard() == ["您好"]

    def test_each_message_renews_what_they_may_spend(
        self, xiaoming, rule, wechat, outbox
    ):
        rule("keyword", "说明", keywords="甲", cooldown_seconds=0)
        for _ in range(4):
            xiaoming.writes("甲")
            outbox()
            wechat.grant()
        assert xiaoming.heard() == ["说明"] * 4

    def test_what_is_withheld_says_why(self, xiaoming, rule, mini_program):
        mini_program.rules_may_spend = 0
        mini_program.save()
        rule("keyword", "说明", keywords="甲")
        xiaoming.writes("甲")
        assert xiaoming.heard() == []
        assert mini_program.pushes.get().trace[-1][1] == reply_windows.BUDGET


def say_at_once(xiaoming, *words: str) -> None:
    """Write several messages that come in one batch."""
    receive(
        [
            xiaoming.arrival(MsgType="text", Content=word, MsgId=number)
            for number, word in enumerate(words, 1000)
        ]
    )


class TestDrawing:
    def test_the_header_says_what_is_left(self, xiaoming, says, client, lin):
        client.force_login(lin)
        with time_machine.travel(NOON, tick=False):
            xiaoming.writes("在吗", at=NOON)
            says("在的")
            page = client.get(f"/conversations/{xiaoming.conversation.pk}/").text
        assert 'data-left="4" data-allowed="5"' in page
        assert (
            'data-closes-at="2026-03-06T12:00:00.000000Z" data-kind="message"' in page
        )
        assert "message,5,1,172800,2026-03-06T12:00:00.000000Z" in page

    def test_what_goes_out_live_is_what_a_reload_draws(
        self, xiaoming, says, client, lin
    ):
        xiaoming.writes("在吗")
        before = LiveEvent.objects.latest("seq").seq
        says("在的")
        conversation = xiaoming.conversation
        events = LiveEvent.objects.filter(seq__gt=before)
        frames = drawing.draw(events, {"en"}, {conversation.customer_id})
        texts = "".join(frame.texts["en"] for frame in frames)
        client.force_login(lin)
        page = client.get("/inbox/?view=mine", headers={"Accept-Language": "en"}).text
        [drawn] = [line for line in page.splitlines() if "<window-meter" in line]
        assert drawn.strip().replace('"', '\\"') in texts
        assert texts.count("message,5,1,") == 2  # the row and the header

    def test_a_refused_reply_says_why_and_keeps_nothing(
        self, xiaoming, says, client, lin
    ):
        xiaoming.writes("在吗")
        says("一", "二", "三", "四")
        client.force_login(lin)
        url = f"/conversations/{xiaoming.conversation.pk}/messages/"
        client.post(url, {"text": "五", "client_uuid": new_uuid()})
        answer = client.post(url, {"text": "六", "client_uuid": new_uuid()})
        assert answer.status_code == 409
        assert answer.json()["error"]
        assert len(xiaoming.heard()) == 5


def test_whoever_wrote_before_there_were_windows_has_one(xiaoming, lin):
    moment = timezone.now().replace(microsecond=0)
    xiaoming.writes("在吗", at=moment - timedelta(hours=1))
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    Customer.objects.update(message_granted_at=None, message_used=0)
    migration = import_module("conversations.migrations.0008_windows_of_before")
    migration.open_windows(apps, None)
    assert xiaoming.customer.message_granted_at == moment - timedelta(hours=1)
    assert room(xiaoming) == (4, 5, "message")
