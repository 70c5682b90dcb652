"""Several mini programs in one console: each its own, and one list of agents."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from conversations import intake, live, reply_windows, sending
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Conversation,
    Customer,
    MiniProgram,
    Seat,
)
from conversations.wechat.crypto import decode_key, encrypt
from conversations.wechat.signature import sign
from tests.conftest import AES_KEY, PUSH_TOKEN, XIAOMING, Xiaoming, new_uuid, text

pytestmark = pytest.mark.django_db(transaction=True)

PANE = {"HX-Request": "true"}


@pytest.fixture
def cafe(mini_program, lin, chen):
    """A second mini program, with a seat for everybody there is."""
    cafe = MiniProgram.objects.create(
        appid="wxcafe", name="青禾咖啡", original_id="gh_cafe", push_token="t"
    )
    Seat.objects.give_everyone(cafe)
    return cafe


@pytest.fixture
def same_name(cafe):
    """Someone with Xiaoming's OPENID, at the other mini program."""
    return Xiaoming(cafe, XIAOMING)


@pytest.fixture
def desk(client, lin):
    client.force_login(lin)
    return client


def rows(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="conversation-(\d+)-row"', html)]


def counts(html: str) -> dict[str, str]:
    return dict(re.findall(r'data-count="(\w+)"[^>]*>(\d+)', html))


def programs(html: str) -> list[str]:
    """What chips name, in order."""
    return re.findall(r'<span class="program">([^<]+)</span>', html)


# With one there is nothing to tell apart.


def test_with_one_mini_program_nothing_tells_of_it(desk, xiaoming):
    xiaoming.writes("在吗")
    MiniProgram.objects.create(appid="wxold", name="旧的", active=False)
    assert xiaoming.mini_program.name not in desk.get("/inbox/?view=waiting").text
    page = desk.get(f"/conversations/{xiaoming.conversation.pk}/").text
    assert programs(page) == []
    assert "data-choose-program" not in page


def test_who_sees_but_one_of_two_has_nothing_to_choose(desk, lin, cafe, xiaoming):
    Seat.objects.filter(agent=lin, mini_program=cafe).delete()
    xiaoming.writes("在吗")
    page = desk.get("/inbox/?view=waiting").text
    assert "data-choose-program" not in page
    assert programs(page) == ["云课堂"]


# With two.


def test_rows_and_header_say_which(desk, xiaoming, same_name):
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")
    page = desk.get("/inbox/?view=waiting").text
    assert programs(page) == ["云课堂", "青禾咖啡"]
    pane = desk.get(f"/conversations/{same_name.conversation.pk}/", headers=PANE).text
    assert programs(pane) == ["青禾咖啡"]


def test_the_same_openid_at_two_of_them_is_two_customers(desk, xiaoming, same_name):
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")
    assert Customer.objects.count() == Conversation.objects.count() == 2
    thread = desk.get(f"/conversations/{xiaoming.conversation.pk}/messages/").text
    assert "课程" in thread
    assert "咖啡" not in thread


def test_the_same_push_number_at_two_of_them_is_two_messages(xiaoming, same_name):
    xiaoming.writes("一", MsgId=7)
    same_name.writes("二", MsgId=7)
    assert [one.customer.messages.get().text for one in (xiaoming, same_name)] == [
        "一",
        "二",
    ]


def test_the_list_narrows_to_one(desk, lin, cafe, xiaoming, same_name):
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")
    Xiaoming(cafe, "oAnother").writes("有燕麦奶吗")
    page = desk.get("/inbox/", {"view": "waiting", "mini_program": cafe.pk}).text
    assert len(rows(page)) == 2
    assert "课程" not in page
    assert counts(page) == {"waiting": "2", "mine": "0", "closing": "0", "all": "2"}
    assert f'<option value="{cafe.pk}" selected>青禾咖啡</option>' in page
    assert f"?view=mine&mini_program={cafe.pk}" in page.replace("&amp;", "&")


def test_a_narrowed_list_is_paged_within(desk, cafe, xiaoming, monkeypatch):
    monkeypatch.setattr("conversations.views.pages.PAGE", 2)
    for number in range(5):
        Xiaoming(cafe, f"oCafe{number}").writes("在吗")
        Xiaoming(xiaoming.mini_program, f"oClass{number}").writes("在吗")
    query = {"view": "waiting", "mini_program": cafe.pk}
    seen, page = [], desk.get("/inbox/", query).text
    while True:
        seen += rows(page)
        [key] = re.findall(r'<ul class="rows" data-next="([^"]*)"', page)
        if not key:
            break
        page = desk.get("/inbox/", {**query, "after": key}).text
    theirs = Conversation.objects.filter(customer__mini_program=cafe)
    assert seen == list(theirs.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("chosen", ["0", "x", "", "9" * 30, "-1"])
def test_what_is_no_choice_is_all_of_them(desk, xiaoming, same_name, chosen):
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")
    page = desk.get("/inbox/", {"view": "waiting", "mini_program": chosen}).text
    assert len(rows(page)) == 2


def test_more_customers_and_mini_programs_take_no_more_queries(desk, cafe, xiaoming):
    xiaoming.writes("在吗")
    Xiaoming(cafe, "oFirst").writes("在吗")
    path = f"/inbox/?view=all&mini_program={cafe.pk}"
    desk.get(path)
    with CaptureQueriesContext(connection) as few:
        desk.get(path)
    for number in range(8):
        another = MiniProgram.objects.create(
            appid=f"wx{number}", name=f"第 {number} 家"
        )
        Seat.objects.give_everyone(another)
        Xiaoming(another, f"oCustomer{number}").writes("在吗")
        Xiaoming(cafe, f"oCustomer{number}").writes("在吗")
    with CaptureQueriesContext(connection) as many:
        desk.get(path)
    assert len(many) <= len(few)


# Nothing of one reaches the other.


def test_with_a_seat_at_the_other_a_customer_is_out_of_reach(
    desk, lin, cafe, xiaoming, same_name
):
    Seat.objects.filter(agent=lin, mini_program=xiaoming.mini_program).delete()
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")
    theirs, ours = xiaoming.conversation.pk, same_name.conversation.pk
    assert desk.get(f"/conversations/{ours}/").status_code == 200
    assert desk.get(f"/conversations/{theirs}/").status_code == 404
    words = {"text": "您好", "client_uuid": "6f1b0b6e-4f5c-4a8c-9a3b-0d6a3a0c7b11"}
    answer = desk.post(f"/conversations/{theirs}/messages/", words)
    assert answer.status_code == 404
    for chosen in ("", xiaoming.mini_program.pk):
        page = desk.get("/inbox/", {"view": "all", "mini_program": chosen}).text
        assert rows(page) == [ours]
        assert counts(page)["all"] == "1"


def test_rules_answer_their_own_customers_only(rule, cafe, xiaoming, same_name):
    rule("keyword", "退款说明", keywords="退款")
    AutoReplyRule.objects.create(
        mini_program=cafe, name="退款", trigger="keyword", keywords="退款",
        parts=text("咖啡不退款"),
    )  # fmt: skip
    xiaoming.writes("退款")
    same_name.writes("退款")
    assert xiaoming.heard() == ["退款说明"]
    assert same_name.heard() == ["咖啡不退款"]


def test_the_picker_offers_what_fits_and_no_other_can_be_picked(
    desk, cafe, xiaoming, same_name
):
    xiaoming.writes("在吗")
    same_name.writes("在吗")
    for title, mini_program, use in (
        ("到处", None, "quick_reply"),
        ("上课", xiaoming.mini_program, "quick_reply"),
        ("咖啡", cafe, "quick_reply"),
    ):
        CannedAnswer.objects.create(
            title=title, mini_program=mini_program, use=use, parts=text(title)
        )
    page = desk.get(f"/conversations/{same_name.conversation.pk}/quick-replies/").text
    assert "咖啡" in page
    assert "到处" in page
    assert "上课" not in page
    other = CannedAnswer.objects.get(title="上课")
    answer = desk.post(
        f"/conversations/{same_name.conversation.pk}/picks/",
        {"answer": other.pk, "version": 1},
    )
    assert answer.status_code == 409


def test_what_one_allows_says_nothing_of_the_other(cafe, xiaoming, same_name):
    cafe.message_grant = 3
    cafe.save()
    xiaoming.writes("课程几点开始")
    same_name.writes("咖啡几点开门")

    def left(one: Xiaoming) -> tuple[int, int]:
        customer = Customer.objects.select_related("mini_program").get(
            pk=one.customer.pk
        )
        standing = reply_windows.of(customer, timezone.now())
        return standing.left, standing.allowed

    assert (left(xiaoming), left(same_name)) == ((5, 5), (3, 3))
    agent = Agent.objects.get(username="lin")
    sending.reply(same_name.conversation, agent, text("七点半"), new_uuid())
    assert (left(xiaoming), left(same_name)) == ((5, 5), (2, 3))


def test_a_push_proves_itself_to_its_own_mini_program_only(web, cafe, xiaoming):
    mini_program = xiaoming.mini_program
    cafe.push_token = mini_program.push_token
    cafe.encoding_aes_key = "Z" * 43
    cafe.save()
    stamp = str(int(time.time()))
    sealed = encrypt(decode_key(AES_KEY), b"{}", mini_program.appid)
    query = {
        "timestamp": stamp,
        "nonce": "1",
        "msg_signature": sign(PUSH_TOKEN, stamp, "1", sealed),
    }
    body = json.dumps({"ToUserName": "gh_", "Encrypt": sealed}).encode()
    assert web.request("POST", f"/wechat/{cafe.appid}/push", query, body).status == 403
    cafe.encoding_aes_key = AES_KEY  # The AppID inside is still another's
    cafe.save()
    intake._remembered.clear()
    assert web.request("POST", f"/wechat/{cafe.appid}/push", query, body).status == 403
    ours = web.request("POST", f"/wechat/{mini_program.appid}/push", query, body)
    assert ours.status == 200


# Live.


def test_a_tab_is_told_to_draw_anew_when_a_second_is_added(web, lin, xiaoming):
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    call_command("add_mini_program", "wxcafe", push_token="t", mode="plain")
    tab.waits_for(lambda frame: frame.get("resync") and "seq" in frame)


def test_what_comes_live_says_which_as_a_reload_does(web, desk, lin, cafe, same_name):
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    same_name.writes("咖啡几点开门")
    drawn = tab.shows("咖啡几点开门")["html"]
    assert programs(drawn) == ["青禾咖啡"]
    assert drawn in desk.get("/inbox/?view=waiting").text


def test_a_new_mini_program_shows_in_tabs_of_agents_who_see_not_all(
    web, lin, cafe, xiaoming
):
    Seat.objects.filter(agent=lin, mini_program=cafe).delete()
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    call_command("add_mini_program", "wxbooks", push_token="t", mode="plain")
    books = MiniProgram.objects.get(appid="wxbooks")
    tab.waits_for(lambda frame: frame.get("resync"))
    Xiaoming(cafe, "oCafe").writes("咖啡几点开门")
    Xiaoming(books, "oBooks").writes("书几点到")
    tab.shows("书几点到")
    assert not any("咖啡几点" in drawing for drawing in tab.drawings())


def test_badges_count_what_the_list_is_narrowed_to(web, lin, cafe, xiaoming, same_name):
    xiaoming.writes("在吗")
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    tab.waits_for(lambda frame: frame.get("waiting") == 1)
    tab.says({"mini_program": cafe.pk})
    tab.waits_for(lambda f: f.get("mini_program") == cafe.pk and f["waiting"] == 0)
    same_name.writes("在吗")
    tab.waits_for(lambda f: f.get("mini_program") == cafe.pk and f["waiting"] == 1)
    tab.says({"mini_program": None})
    tab.waits_for(lambda f: f.get("waiting") == 2 and f["mini_program"] is None)


def test_polling_counts_what_the_list_is_narrowed_to(desk, cafe, xiaoming, same_name):
    xiaoming.writes("在吗")
    answer = desk.get("/events/", {"after": live.head(), "mini_program": cafe.pk})
    [counted] = [f for f in answer.json()["frames"] if f.get("topic") == "counts"]
    assert (counted["mini_program"], counted["waiting"]) == (cafe.pk, 0)
