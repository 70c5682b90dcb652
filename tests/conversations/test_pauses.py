"""What WeChat refuses for everybody waits, in order, and is asked for again in time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone, translation

from conversations import drawing, lights, live, pauses, sending
from conversations.models import Customer, Delivery, Light, LiveEvent, Pause
from conversations.sending import sweeping
from conversations.simulator import ledger
from conversations.wechat.errors import refusal
from conversations.wechat.tokens import STABLE_TOKEN
from tests.conftest import Xiaoming, new_uuid, text
from tests.conversations.admin.test_mini_programs import form as admin_form

pytestmark = pytest.mark.django_db

MINUTE, DAY = 45011, 45009
NOT_LISTED = 40164  # our address, at the token endpoint


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    lights._noted.clear()


@pytest.fixture
def customers(mini_program, wechat) -> list[Xiaoming]:
    """Four who have asked something."""
    made = []
    for number in range(4):
        openid = f"oCustomer-000000000000000000-{number}"
        wechat.world.add_customer(mini_program.appid, f"顾客{number}", openid)
        wechat.world.grant(openid, "message")
        customer = Xiaoming(mini_program, openid)
        customer.writes("在吗")
        made.append(customer)
    return made


@pytest.fixture
def says(lin) -> Callable[[Xiaoming, str], None]:
    def say(customer: Xiaoming, words: str) -> None:
        sending.reply(customer.conversation, lin, text(words), new_uuid())

    return say


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def is_time() -> None:
    Pause.objects.update(probe_at=timezone.now())


# Too much this minute.


def test_a_burst_over_the_minutes_limit_keeps_its_order_and_loses_nothing(
    customers, says, wechat, outbox
):
    wechat.world.limits = wechat.world.limits.changed({"sends_per_minute": 5})
    for words in "一二三":
        for customer in customers:
            says(customer, words)

    outbox()
    assert states().count("sent") == 5
    assert states().count("queued") == 7
    for _ in range(2):
        wechat.world.clock_ahead += 61
        is_time()
        outbox()
    assert states() == ["sent"] * 12
    assert heard_by_each(wechat) == [["一", "二", "三"]] * 4


def heard_by_each(wechat) -> list[list[str]]:
    heard: dict[str, list[str]] = {}
    for line in ledger.as_json(wechat.world)["received"]:
        heard.setdefault(line["openid"], []).append(line["data"]["content"])
    return list(heard.values())


def test_while_a_mini_program_is_paused_wechat_is_not_asked(
    customers, says, wechat, outbox
):
    wechat.fails("errcode", errcode=MINUTE)
    for customer in customers:
        says(customer, "在的")
    outbox()
    asked = len(wechat.calls("send"))
    outbox()
    sending.sweep()
    assert (asked, len(wechat.calls("send"))) == (1, 1)


def test_a_minutes_pause_is_over_within_a_minute(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=MINUTE)
    says(customers[0], "在的")
    outbox()
    pause = Pause.objects.get()
    assert pause.probe_at - pause.since <= timedelta(seconds=60)


def test_what_waited_counts_no_tries(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=MINUTE, count=9)
    says(customers[0], "在的")
    for _ in range(9):
        outbox()
        is_time()
    assert Delivery.objects.get().tries == 0
    outbox()
    assert states() == ["sent"]
    assert not Pause.objects.exists()


def test_a_refusal_of_one_message_pauses_nothing(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=45002)
    says(customers[0], "在的")
    says(customers[1], "在的")
    outbox()
    assert states() == ["failed", "sent"]
    assert not Pause.objects.exists()


def test_a_probe_that_meets_one_customers_refusal_ends_the_pause(
    customers, says, wechat, outbox
):
    wechat.fails("errcode", errcode=48001)
    wechat.fails("errcode", errcode=48002)
    says(customers[0], "在的")
    says(customers[1], "在的")
    outbox()
    is_time()
    outbox()
    assert states() == ["failed", "sent"]
    assert not Pause.objects.exists()


def test_only_one_of_many_lanes_is_let_through_to_see(mini_program):
    pauses.begin(mini_program.pk, refusal(48001, "api unauthorized"))
    assert pauses.turn(mini_program.pk) is pauses.Turn.WAIT
    is_time()
    turns = [pauses.turn(mini_program.pk) for _ in range(5)]
    assert turns == [pauses.Turn.PROBE, *[pauses.Turn.WAIT] * 4]


# Too much today, and settings that are wrong.


@pytest.mark.parametrize(
    ("errcode", "waits"),
    [
        (DAY, [600] * 6),
        (NOT_LISTED, [10, 10, 20, 40, 80, 160, 320, *[600] * 6]),
    ],
)
def test_a_pause_is_probed_less_and_less_and_of_a_spent_day_every_ten_minutes(
    mini_program, errcode, waits
):
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        pauses.begin(mini_program.pk, refusal(errcode))
        since, asked = timezone.now(), []
        while (now := timezone.now()) <= since + timedelta(minutes=61):
            if pauses.turn(mini_program.pk) is pauses.Turn.PROBE:
                pauses.begin(mini_program.pk, refusal(errcode))  # Still
                asked.append((now - since).total_seconds())
            traveller.shift(5)
    gaps = [late - early for early, late in itertools.pairwise([0, *asked])]
    assert gaps == waits[: len(gaps)]
    assert len(gaps) >= 6


def test_a_spent_day_keeps_everything(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=DAY, count=3)
    for customer in customers:
        says(customer, "在的")
    for _ in range(4):
        outbox()
        is_time()
    assert len(wechat.calls("send")) == 3 + 4
    assert states() == ["sent"] * 4


def test_a_setting_put_right_sends_all_that_waited(
    customers, says, wechat, outbox, mini_program
):
    wechat.fails("errcode", STABLE_TOKEN, errcode=NOT_LISTED)
    for words in "一二":
        for customer in customers:
            says(customer, words)
    outbox()
    assert set(states()) == {"queued"}
    assert pauses.try_again(mini_program)
    outbox()
    assert set(states()) == {"sent"}
    assert heard_by_each(wechat) == [["一", "二"]] * 4
    assert not pauses.try_again(mini_program)


def test_with_nothing_to_send_a_token_shows_that_it_is_over(
    mini_program, wechat, monkeypatch
):
    woken = []
    monkeypatch.setattr(sweeping.lanes, "wake", lambda lane, of: woken.append(lane))
    pauses.begin(mini_program.pk, refusal(NOT_LISTED, "invalid ip"))
    is_time()
    sending.sweep()
    [lane] = woken
    async_to_sync(lane)(mini_program.pk)
    assert not Pause.objects.exists()


def test_a_pause_outlasts_a_network_that_fails(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=48001)
    wechat.fails("drop")
    says(customers[0], "一")
    says(customers[0], "二")
    outbox()
    is_time()
    outbox()
    assert states() == ["unconfirmed", "queued"]
    assert Pause.objects.exists()


def test_what_waited_past_the_reply_window_says_so(customers, says, wechat, outbox):
    wechat.fails("errcode", errcode=48001, count=-1)
    says(customers[0], "在的")
    outbox()
    hours = customers[0].mini_program.message_hours
    with time_machine.travel(timezone.now() + timedelta(hours=hours, minutes=1)):
        assert late_lanes() == [customers[0].customer.pk]
        Pause.objects.update(probe_at=timezone.now() + timedelta(minutes=5))
        outbox()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.errcode) == ("failed", 45015)
    with translation.override("en"):
        assert delivery.reason.startswith("The time to reply is over.")


def late_lanes() -> list[int]:
    """Whose lanes the sweeper wakes though their mini program is paused."""
    pause = Pause.objects.get()
    closed = Delivery.objects.filter(sweeping._has_closed(pause, timezone.now()))
    return list(closed.values_list("customer_id", flat=True))


def test_a_dead_workers_delivery_is_settled_during_a_pause(
    customers, says, wechat, outbox
):
    says(customers[0], "在的")
    Delivery.objects.update(state="sending", fence=1)
    Customer.objects.update(lane_fence=1, lane_until=timezone.now())
    pauses.begin(customers[0].mini_program.pk, refusal(48001))
    outbox()
    assert states() == ["unconfirmed"]


# The banner.


def page(agent, path: str = "/inbox/?view=waiting") -> str:
    client = Client()
    client.force_login(agent)
    return client.get(path).text


def banner_live(language: str) -> tuple[str, drawing.Frame]:
    """Return the banner that tabs are sent now, and its frame."""
    events = list(LiveEvent.objects.filter(kind="pause").order_by("seq"))
    [frame] = drawing.draw(events, [language], set())
    return json.loads(frame.texts[language])["banner"], frame


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_banner_that_comes_is_the_one_a_reload_draws(mini_program, lin, language):
    lin.language = language
    lin.save()
    with translation.override(language):
        pauses.begin(mini_program.pk, refusal(NOT_LISTED, "invalid ip rid: 6-7-8"))
    banner, _ = banner_live(language)
    for words in ("40164", "rid 6-7-8", "云课堂"):
        assert words in banner
    assert banner in page(lin)
    pauses.end(mini_program.pk)
    assert banner_live(language)[0] == ""
    assert 'class="pause"' not in page(lin)


def test_who_has_no_seat_sees_no_banner(mini_program, lin, zhao):
    pauses.begin(mini_program.pk, refusal(NOT_LISTED))
    _, frame = banner_live("en")
    assert frame.concerns(None, frozenset({mini_program.pk}))
    assert not frame.concerns(None, frozenset())
    assert 'class="pause"' in page(lin)
    assert 'class="pause"' in page(lin, "/pauses/")
    assert 'class="pause"' not in page(zhao)
    assert 'class="pause"' not in page(zhao, "/pauses/")


def test_the_same_refusal_again_draws_nothing_anew(mini_program):
    pauses.begin(mini_program.pk, refusal(NOT_LISTED))
    before = live.head()
    pauses.begin(mini_program.pk, refusal(NOT_LISTED))
    assert live.head() == before
    pauses.begin(mini_program.pk, refusal(40125))
    assert live.head() == before + 1
    assert Pause.objects.get().errcode == 40125


def test_a_supervisor_has_it_tried_again(mini_program, wu, lin):
    pauses.begin(mini_program.pk, refusal(NOT_LISTED))
    for agent, status in ((lin, 403), (wu, 204)):
        client = Client()
        client.force_login(agent)
        assert client.post(f"/pauses/{mini_program.pk}/").status_code == status
    assert Pause.objects.get().probe_at <= timezone.now()


def test_saving_a_mini_programs_settings_has_it_tried_again(mini_program, wu):
    pauses.begin(mini_program.pk, refusal(40125))
    client = Client()
    client.force_login(wu)
    page = f"/admin/conversations/miniprogram/{mini_program.pk}/change/"
    fields = admin_form(app_secret="the-right-one")
    assert client.post(page, fields).status_code == 302
    assert Pause.objects.get().probe_at <= timezone.now()


# Lights.


def test_a_send_and_its_token_light_up(customers, says, wechat, outbox):
    says(customers[0], "在的")
    outbox()
    assert set(Light.objects.values_list("name", "ok")) == {
        ("token", True),
        ("send", True),
    }


def test_a_light_says_what_is_wrong(customers, says, wechat, outbox):
    wechat.fails("errcode", STABLE_TOKEN, errcode=NOT_LISTED)
    says(customers[0], "在的")
    outbox()
    assert set(Light.objects.values_list("name", "ok", "errcode")) == {
        ("token", False, NOT_LISTED),
        ("send", False, NOT_LISTED),
    }


def test_a_light_is_written_when_it_changes_and_else_now_and_then(
    mini_program, django_assert_num_queries
):
    lights.note(mini_program.pk, "send", True)
    with django_assert_num_queries(0):
        lights.note(mini_program.pk, "send", True)
    lights.note(mini_program.pk, "send", False, refusal(48001, "no rid: 1-2-3"))
    light = Light.objects.get()
    assert (light.ok, light.errcode, light.rid) == (False, 48001, "1-2-3")


def test_a_light_that_cannot_be_written_costs_no_result(
    customers, says, wechat, outbox
):
    def away(execute, sql, params, many, context):
        if "conversations_light" in sql:
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    says(customers[0], "在的")
    with connection.execute_wrapper(away):
        lights.note(customers[0].mini_program.pk, "url", True)
        outbox()
    assert states() == ["sent"]
