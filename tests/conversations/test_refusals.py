"""Every code that WeChat may answer us with: what becomes of the delivery, and the words."""

from __future__ import annotations

import html
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async as in_database
from django.test import Client
from django.utils import timezone, translation

from conversations import mini_programs, sending
from conversations.models import AccessToken, Customer, Delivery, Pause
from conversations.models.refusals import has_words_for, sentence_for
from conversations.sending.outcomes import judge
from conversations.simulator.errors import ERRMSG
from conversations.wechat.client import SEND
from conversations.wechat.errors import Action, refusal
from conversations.wechat.tokens import STABLE_TOKEN
from tests.conftest import new_uuid, text

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
# Of calls we don't make: content checks, subscriptions, agents' accounts, cloud functions.
# A proxy that answers in WeChat's place may have them; then they mean what they say.
OTHERS = {
    R: [-604102, -604103],
    F: [40129, 43101, 43104, 45008, 45064, 45065, 45066, 45067, 45072],
    C: [*range(65400, 65415), -604100, -604101, -604104],
    Action.DROP: [61010],
}
EVERY = [(code, action) for action, codes in CODES.items() for code in codes]
REST = [(code, action) for action, codes in OTHERS.items() for code in codes]
SEEN = [(code, action) for code, action in EVERY if action is not Action.DROP]


@pytest.mark.parametrize(("errcode", "action"), EVERY + REST)
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


# All the way: WeChat answers with it, and an agent looks at the thread.

ONLY_THIS_KIND = 48008
SETTINGS = [*CODES[C], 65400, -604101, 45011, 45009]
# What the token endpoint may answer: our papers, our address, its limits.
OF_TOKENS = [
    *(40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 45009, 45011),
    *(50004, 50007, 89503, 89506, 89507),
]


@pytest.fixture
def says(xiaoming, wechat, lin) -> Callable[[], Delivery]:
    """Lin answers Xiaoming, who has just written."""
    xiaoming.writes("在吗")

    def say() -> Delivery:
        Customer.objects.update(
            message_granted_at=timezone.now(), message_used=0, window_refusal=None
        )
        wechat.grant()
        parts = text("在的")
        [message] = sending.reply(xiaoming.conversation, lin, parts, new_uuid())
        return message.delivery

    return say


@pytest.fixture
def reads(xiaoming, lin) -> Callable[[str], str]:
    """Return what Lin reads at an address; of the thread if none is given."""
    lin.language = "en"
    lin.save()
    browser = Client()
    browser.force_login(lin)

    def read(address: str = "") -> str:
        address = address or f"/conversations/{xiaoming.conversation.pk}/messages/"
        return html.unescape(browser.get(address).text)

    return read


def told(errcode: int) -> str:
    """Return what Lin is told of a code."""
    with translation.override("en"):
        return sentence_for(errcode, ERRMSG.get(errcode, "unknown error"))


def failure(errcode: int) -> str:
    code = f'<span class="delivery__code">({errcode} · rid '
    return f"Not sent: {told(errcode)} {code}"


def refuses(wechat, errcode: int, path: str = SEND, count: int = 1) -> None:
    wechat.world.faults.clear()
    wechat.fails("errcode", path, errcode=errcode, count=count)


@pytest.mark.django_db
def test_what_wechat_will_never_take_fails_at_once_and_says_why(
    says, reads, wechat, outbox
):
    anew = {40007}  # The picture is uploaded again first
    codes = sorted({*CODES[F], *OTHERS[F], *CODES[Q], ONLY_THIS_KIND} - anew)
    for errcode in codes:
        wechat.fails("errcode", errcode=errcode)
        says()
    ended = [(one.state, one.errcode) for one in outbox()]
    assert ended == [("failed", errcode) for errcode in codes]
    thread = reads()
    assert [code for code in codes if failure(code) not in thread] == []
    assert len(wechat.calls("send")) == len(codes)  # Each once
    assert not Pause.objects.exists()
    assert says().state == "queued"
    assert outbox()[-1].state == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize("errcode", CODES[R])
def test_what_may_pass_is_tried_again_and_then_says_why(
    says, reads, wechat, outbox, errcode
):
    refuses(wechat, errcode, count=-1)
    delivery = says()
    waits = []
    while not Pause.objects.exists() and delivery.state == "queued":
        Delivery.objects.update(not_before=timezone.now())
        outbox()
        delivery.refresh_from_db()
        waits.append(delivery.not_before > timezone.now())
    asked = len(wechat.calls("send"))
    if errcode == 4:  # Without a word: the second time it is the path that is wrong
        assert (asked, delivery.state) == (2, "queued")
        assert told(4) in reads("/pauses/")
    else:
        assert (asked, delivery.state, delivery.errcode) == (4, "failed", errcode)
        assert waits == [True, True, True, False]
        assert failure(errcode) in reads()
    wechat.world.faults.clear()
    says()
    Pause.objects.update(probe_at=timezone.now())
    assert outbox()[-1].state == "sent"
    assert not Pause.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("errcode", CODES[T])
def test_a_refused_token_is_renewed_once_and_then_all_wait_and_are_told(
    says, reads, wechat, outbox, errcode
):
    refuses(wechat, errcode)
    says()
    assert outbox()[-1].state == "sent"
    assert len(wechat.calls("send")) == 2

    AccessToken.objects.all().delete()
    wechat.world.clock_ahead += 31  # WeChat makes no two in half a minute
    refuses(wechat, errcode, count=-1)
    says()
    delivery = outbox()[-1]
    assert (delivery.state, delivery.tries) == ("queued", 0)
    assert len(wechat.calls("send")) == 4
    assert told(errcode) in reads("/pauses/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "codes"), [(SEND, SETTINGS), (STABLE_TOKEN, OF_TOKENS)]
)
def test_what_is_set_up_wrong_loses_nothing_and_says_who_must_act(
    says, reads, xiaoming, wechat, path, codes
):
    def begins(errcode: int) -> None:
        AccessToken.objects.all().delete()
        refuses(wechat, errcode, path)
        says()

    def waits(errcode: int) -> None:
        delivery = Delivery.objects.latest("pk")
        assert (delivery.state, delivery.tries) == ("queued", 0), errcode
        pause, banner = Pause.objects.get(), reads("/pauses/")
        assert told(errcode) in banner, errcode
        assert f"{errcode} · rid {pause.rid}" in banner
        # It is put right.
        AccessToken.objects.all().delete()
        Pause.objects.update(probe_at=timezone.now())

    def went_out(errcode: int) -> None:
        assert Delivery.objects.latest("pk").state == "sent", errcode
        assert "pause__code" not in reads("/pauses/")

    async def one_after_the_other() -> None:
        for errcode in codes:
            await in_database(begins)(errcode)
            await sending.drain(customer.pk)
            await in_database(waits)(errcode)
            await sending.drain(customer.pk)
            await in_database(went_out)(errcode)
        await mini_programs.hang_up()

    customer = xiaoming.customer
    async_to_sync(one_after_the_other)()
    assert len(wechat.heard()) == len(codes)
