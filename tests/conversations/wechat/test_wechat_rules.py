"""What WeChat's codes mean, and what it would allow when."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.wechat import reply_window, typing_state
from conversations.wechat.errors import (
    ACTIONS,
    Action,
    Busy,
    Refused,
    TokenRejected,
    action_for,
    refusal,
)
from conversations.wechat.reply_window import ENTRY, MESSAGE, Grant, ReplyWindow

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def after(**time):
    return NOON + timedelta(**time)


@pytest.mark.parametrize(
    ("errcode", "action"),
    [
        (-1, Action.RETRY),
        (40001, Action.TOKEN),
        (40014, Action.TOKEN),
        (42001, Action.TOKEN),
        (45015, Action.QUOTA),
        (45047, Action.QUOTA),
        (45011, Action.PAUSE_MINUTE),
        (45009, Action.PAUSE_DAY),
        (45080, Action.DROP),
        (45081, Action.DROP),
        (40164, Action.CONFIGURATION),
        (48001, Action.CONFIGURATION),
        (61004, Action.CONFIGURATION),
        (65407, Action.CONFIGURATION),
        (40101, Action.CONFIGURATION),
        (40003, Action.FINAL),
        (40007, Action.FINAL),
        (45002, Action.FINAL),
        (45072, Action.FINAL),
        (47001, Action.FINAL),
        (50002, Action.FINAL),
        (70000, Action.FINAL),
        (99999, Action.FINAL),
    ],
)
def test_every_code_says_what_to_do(errcode, action):
    assert action_for(errcode) is action
    assert refusal(errcode).action is action


def test_no_code_says_two_things():
    codes = [code for some in ACTIONS.values() for code in some]
    assert len(codes) == len(set(codes))


def test_refusals_are_sorted_and_quote_nothing():
    said = (
        "invalid ip 1.2.3.4, not in whitelist rid: 6512a3f0-1b2c3d4-5e6f708 o-xiaoming"
    )
    error = refusal(40164, said)
    assert type(error) is Refused
    assert (error.errmsg, error.rid) == (said, "6512a3f0-1b2c3d4-5e6f708")
    assert str(error) == "errcode 40164, rid 6512a3f0-1b2c3d4-5e6f708"
    assert "o-xiaoming" not in str(error) + repr(error)

    assert type(refusal(-1)) is Busy
    assert type(refusal(42001)) is TokenRejected
    assert refusal(45015, "x" * 1000).errmsg == "x" * 255
    assert refusal(45015, "hint: [abc]").rid == ""


@pytest.mark.parametrize(
    ("used", "now", "left"),
    [
        (0, NOON, 5),
        (4, after(hours=47), 1),
        (5, after(hours=1), 0),
        (7, after(hours=1), 0),
        (0, after(hours=48, microseconds=-1), 5),
        (0, after(hours=48), 0),
    ],
)
def test_a_message_opens_five_replies_for_two_days(used, now, left):
    assert ReplyWindow(NOON, MESSAGE, used).left(now) == left


def test_windows_of_both_kinds_do_not_add_up():
    windows = [ReplyWindow(NOON, MESSAGE, 1), ReplyWindow(after(hours=1), ENTRY)]
    now = after(hours=1, seconds=1)
    assert reply_window.left(windows, now) == 4
    assert reply_window.closes_at(windows, now) == after(hours=48)


def test_entering_again_after_five_replies_gives_two_for_a_minute_and_no_longer():
    windows = [ReplyWindow(NOON, MESSAGE, 5), ReplyWindow(after(hours=1), ENTRY)]
    assert reply_window.left(windows, after(hours=1, seconds=59)) == 2
    assert reply_window.closes_at(windows, after(hours=1)) == after(hours=1, minutes=1)
    assert reply_window.left(windows, after(hours=1, seconds=60)) == 0
    assert reply_window.closes_at(windows, after(hours=1, seconds=60)) is None


def test_without_a_window_there_is_nothing_left():
    assert reply_window.left([], NOON) == 0
    assert reply_window.closes_at([], NOON) is None


def test_grants_are_settings():
    window = ReplyWindow(NOON, Grant(messages=20, duration=timedelta(hours=1)), 3)
    assert (window.left(NOON), window.closes_at) == (17, after(hours=1))


@pytest.mark.parametrize(
    ("exchanged", "shown", "may"),
    [
        (None, None, False),
        (0, None, True),
        (29, None, True),
        (30, None, False),
        (5, 14, False),
        (5, 15, True),
        (40, 20, False),
        (-2, None, True),
    ],
)
def test_typing_shows_within_30_s_of_a_message_and_every_15_s(exchanged, shown, may):
    def ago(seconds):
        return None if seconds is None else NOON - timedelta(seconds=seconds)

    assert typing_state.may_show(NOON, ago(exchanged), ago(shown)) is may
