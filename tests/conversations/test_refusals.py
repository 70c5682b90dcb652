"""Every code that WeChat may answer us with: what becomes of the delivery, and the words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import translation

from conversations.models import Delivery
from conversations.models.refusals import has_words_for, sentence_for
from conversations.sending.outcomes import judge
from conversations.wechat.errors import Action, refusal

T, R, Q, F, C = (
    Action.TOKEN,
    Action.RETRY,
    Action.QUOTA,
    Action.FINAL,
    Action.CONFIGURATION,
)
PAUSES = {T, C, Action.PAUSE_MINUTE, Action.PAUSE_DAY}

# As WeChat's pages and the developers' reports have them: of sending, typing, pictures
# and tokens.
CODES = {
    R: [-1, 4, 85113],
    T: [40001, 40014, 42001],
    Q: [45015, 45047],
    F: [
        *(40003, 40004, 40005, 40006, 40007, 40008, 40009, 40033, 40035, 40097),
        *(41005, 41006, 43002, 43004, 43019, 44001, 44002, 44004, 45001, 45002),
        *(45003, 45004, 45005, 45006, 45162, 47001, 48002, 50002, 50005, 70000, 87014),
    ],
    C: [
        *(40002, 40013, 40101, 40125, 40164, 40200, 40243, 41001, 41002, 41004),
        *(48001, 48004, 48006, 50004, 50007, 61004, 61007, 85107, 85112),
        *(89503, 89506, 89507),
    ],
    Action.PAUSE_MINUTE: [45011],
    Action.PAUSE_DAY: [45009],
    Action.DROP: [45080, 45081],  # of typing; nobody sees them
}
EVERY = [(code, action) for action, codes in CODES.items() for code in codes]
SEEN = [(code, action) for code, action in EVERY if action is not Action.DROP]


@pytest.mark.parametrize(("errcode", "action"), EVERY)
def test_every_code_has_its_action(errcode, action):
    assert refusal(errcode).action is action


@pytest.mark.parametrize(("errcode", "action"), SEEN)
def test_every_code_settles_its_delivery(errcode, action):
    delivery = SimpleNamespace(tries=0, errcode=None)
    result = judge(refusal(errcode, "no rid: 1-2-3"), delivery)
    again = action in PAUSES or action is R or errcode == 40007
    assert result.state == (Delivery.State.QUEUED if again else Delivery.State.FAILED)
    assert result.is_everybodys == (action in PAUSES)
    assert (result.errcode, result.rid) == (errcode, "1-2-3")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("errcode", [code for code, _ in SEEN])
def test_every_code_is_told_in_words(errcode, language):
    assert has_words_for(errcode)
    with translation.override(language):
        sentence = sentence_for(errcode, "errmsg")
        other = "zh-hans" if language == "en" else "en"
        with translation.override(other):
            assert sentence_for(errcode, "errmsg") != sentence


def test_whoever_can_act_is_named():
    with translation.override("en"):
        for errcode in [*CODES[C], *CODES[T], 45009]:
            assert "supervisor" in sentence_for(errcode)


def test_no_right_to_one_kind_of_message_holds_back_no_other():
    result = judge(refusal(48008), SimpleNamespace(tries=0, errcode=None))
    assert (result.state, result.is_everybodys) == (Delivery.State.FAILED, False)


def test_a_refusal_without_a_word_may_pass_once():
    first = judge(refusal(4), SimpleNamespace(tries=0, errcode=None))
    again = judge(refusal(4), SimpleNamespace(tries=1, errcode=4))
    assert (first.state, first.is_everybodys) == (Delivery.State.QUEUED, False)
    assert (again.state, again.is_everybodys) == (Delivery.State.QUEUED, True)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_code_nobody_knows_is_told_in_wechats_words(language):
    with translation.override(language):
        assert "shop closed" in sentence_for(99999, "shop closed rid: 1-2-3")
        assert "1-2-3" not in sentence_for(99999, "shop closed rid: 1-2-3")
