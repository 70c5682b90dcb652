from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.simulator.errors import Refusal
from conversations.simulator.quota import Quota

GRANTS = {"message": (5, 172_800), "entry": (2, 60)}
events = st.lists(
    st.tuples(
        st.sampled_from(["message", "entry", "send"]),
        st.sampled_from([0, 0, 1, 30, 61, 3600, 172_800]),  # s since the one before
    ),
    max_size=60,
)


def play(policy, history):
    """Return what became of each send: 0, 45015 or 45047."""
    quota, now, outcomes = Quota(policy), 1000.0, []
    for event, pause in history:
        now += pause
        if event != "send":
            quota.grant(event, now, *GRANTS[event])
            continue
        try:
            quota.check(now)
        except Refusal as refusal:
            outcomes.append(refusal.errcode)
        else:
            quota.spend(now)
            outcomes.append(0)
    return outcomes


@given(events)
def test_no_more_is_ever_sent_than_the_largest_grant_since_the_last_act(history):
    for policy in ("literal", "separate"):
        outcomes, since_act = iter(play(policy, history)), 0
        for event, _ in history:
            if event != "send":
                since_act = 0
            elif next(outcomes) == 0:
                since_act += 1
            assert since_act <= 5


@given(events)
def test_a_send_that_separate_counters_allow_one_counter_allows_too(history):
    """As long as both have been allowed the same until then."""
    for end in range(1, len(history) + 1):
        separate, literal = (
            play("separate", history[:end]),
            play("literal", history[:end]),
        )
        if separate[:-1] == literal[:-1] and separate and separate[-1] == 0:
            assert literal[-1] == 0


@given(events)
def test_the_window_is_open_exactly_while_a_grant_runs(history):
    for policy in ("literal", "separate"):
        outcomes, now, ends = iter(play(policy, history)), 1000.0, 0.0
        for event, pause in history:
            now += pause
            if event == "send":
                assert (next(outcomes) == 45015) == (ends <= now)
            else:
                ends = max(ends, now + GRANTS[event][1])


@pytest.mark.parametrize(
    ("policy", "after_a_minute"), [("literal", 0), ("separate", 45047)]
)
def test_entering_again_after_five_messages(policy, after_a_minute):
    spent = [("message", 0), *[("send", 0)] * 6, ("entry", 0), ("send", 0)]
    assert play(policy, spent) == [0, 0, 0, 0, 0, 45047, 0]
    assert play(policy, [*spent, ("send", 61)])[-1] == after_a_minute


def test_on_the_phone_five_messages_go_and_the_sixth_does_not(wechat):
    wechat.act("text", content="在吗")
    assert [wechat.send_text(str(n)) for n in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert len(wechat.phone()) == 5
    wechat.act("enter", session_from="训练营")
    assert [wechat.send_text(str(n)) for n in range(3)] == [0, 0, 45047]


def test_entering_alone_allows_two_messages_for_a_minute(wechat):
    wechat.act("enter", session_from="训练营")
    assert wechat.send_text("1") == 0
    wechat.control("clock", advance=61)
    assert wechat.send_text("2") == 45015


def test_with_separate_counters_the_second_wind_lasts_a_minute(wechat):
    wechat.control("limits", quota_policy="separate")
    wechat.act("text", content="在吗")
    assert [wechat.send_text(str(n)) for n in range(6)][-1] == 45047
    wechat.act("enter", session_from="")
    assert wechat.send_text("again") == 0
    wechat.control("clock", advance=61)
    assert wechat.send_text("late") == 45047
