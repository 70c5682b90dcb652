"""One token for all: used to its end, and replaced in moderation."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.utils import timezone, translation

from conversations import mini_programs, sending
from conversations.models import AccessToken, Delivery, Light, Pause
from conversations.wechat.tokens import STABLE_TOKEN
from tests.conftest import new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def says(xiaoming, wechat, lin):
    xiaoming.writes("在吗")

    def say(words: str) -> None:
        sending.reply(xiaoming.conversation, lin, text(words), new_uuid())

    return say


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def ends_in(**left: float) -> None:
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(**left))


def get_tokens(mini_program, count: int) -> list[str]:
    async def get() -> list[str]:
        client = mini_programs.client(mini_program)
        tokens = await asyncio.gather(*[client.tokens.get() for _ in range(count)])
        await asyncio.sleep(0.2)  # What it does beside that
        await mini_programs.hang_up()
        return tokens

    return async_to_sync(get)()


def test_all_who_need_the_first_token_wait_for_one_request(mini_program, wechat):
    assert len(set(get_tokens(mini_program, 20))) == 1
    assert wechat.calls("stable_token") == ["stable_token"]


def test_a_token_about_to_end_is_used_while_the_next_is_fetched(mini_program, wechat):
    [first] = get_tokens(mini_program, 1)
    ends_in(minutes=4)
    wechat.world.clock_ahead += 7200 - 240
    wechat.fails("latency", STABLE_TOKEN, seconds=0.05)
    assert set(get_tokens(mini_program, 5)) == {first}
    assert len(wechat.calls("stable_token")) == 2
    [second] = get_tokens(mini_program, 1)
    assert second != first


@pytest.mark.parametrize("kind", ["cut", "html", "errcode"])
def test_while_the_token_endpoint_is_away_nothing_fails_before_the_tokens_end(
    says, wechat, outbox, kind
):
    says("一")
    outbox()
    ends_in(minutes=4)
    wechat.fails(kind, STABLE_TOKEN, count=-1)
    says("二")
    outbox()
    assert states() == ["sent", "sent"]
    assert wechat.heard() == ["一", "二"]


def test_a_token_at_its_end_that_cannot_be_renewed_shows_in_its_light(
    mini_program, wechat
):
    get_tokens(mini_program, 1)
    ends_in(minutes=4)
    wechat.fails("errcode", STABLE_TOKEN, errcode=40125, count=-1)
    get_tokens(mini_program, 1)
    light = Light.objects.get(name="token")
    assert (light.ok, light.errcode) == (False, 40125)


def test_after_its_end_a_token_is_not_used(says, wechat, outbox):
    says("一")
    outbox()
    ends_in(seconds=-1)
    wechat.fails("cut", STABLE_TOKEN, count=-1)
    says("二")
    outbox()
    assert states() == ["sent", "queued"]
    assert wechat.heard() == ["一"]


def test_a_token_that_somebody_else_renews_is_replaced_twice_a_minute_at_most(
    says, wechat, outbox, mini_program
):
    wechat.fails("errcode", errcode=40001, count=-1)
    says("在的")
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        outbox()
        for _ in range(14):
            Pause.objects.update(probe_at=timezone.now())
            outbox()
            traveller.shift(4)
    tokens = wechat.world.store.rows("SELECT token FROM token")
    assert 1 < len(tokens) <= 1 + 2  # The first, and two in this minute
    # Each time asked whether it has another, and once made to give one.
    assert len(wechat.calls("stable_token")) <= 1 + 2 + 1
    assert states() == ["queued"]
    with translation.override("en"):
        assert "another system seems to renew" in Pause.objects.get().reason


def test_a_token_refused_once_is_replaced_and_the_message_goes_out(
    says, wechat, outbox
):
    says("一")
    outbox()
    wechat.fails("errcode", errcode=40014)
    says("二")
    outbox()
    assert states() == ["sent", "sent"]
    assert not Pause.objects.exists()


def test_inside_cloud_run_no_call_bears_a_token(mini_program, settings):
    mini_program.cloud_run_calls = True
    settings.WECHAT_SIMULATOR = False
    assert mini_programs.api_root(mini_program) == "http://api.weixin.qq.com"

    async def made() -> object:
        return mini_programs.client(mini_program).tokens

    assert async_to_sync(made)() is None


def test_a_mini_programs_own_send_call_is_used(says, wechat, outbox, mini_program):
    mini_program.send_path = "business"
    mini_program.save()
    says("在的")
    outbox()
    assert states() == ["queued"]  # The simulator wants a business id there
    with translation.override("en"):
        assert "the send call in the settings" in Pause.objects.get().reason
    mini_program.send_path = "plain"
    mini_program.save()
    Pause.objects.update(probe_at=timezone.now())
    outbox()
    assert states() == ["sent"]
