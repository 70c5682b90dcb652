"""Who sees what: an agent, the mini programs they have a seat at; a supervisor, all."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from conversations import access, auto_reply, live
from conversations.models import CannedAnswer, MiniProgram, Seat
from tests.conftest import Xiaoming, seated, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere(db):
    """Another mini program, where nobody has a seat."""
    return MiniProgram.objects.create(appid="wxelsewhere", name="别家")


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


def urls(pk: int) -> list[tuple[str, str]]:
    root = f"/conversations/{pk}"
    return [
        ("get", f"{root}/"),
        ("get", f"{root}/messages/"),
        ("post", f"{root}/messages/"),
        ("post", f"{root}/assignment/"),
        ("delete", f"{root}/assignment/"),
        ("post", f"{root}/closure/"),
        ("delete", f"{root}/closure/"),
        ("post", f"{root}/reading/"),
        ("put", f"{root}/draft/"),
        ("get", f"{root}/quick-replies/"),
    ]


def test_zhao_without_a_seat_finds_nothing(client, zhao, conversation):
    client.force_login(zhao)
    for method, url in urls(conversation.pk):
        assert getattr(client, method)(url).status_code == 404, url
    for view in ("waiting", "mine", "all", "closed"):
        assert "conversation-" not in client.get(f"/inbox/?view={view}").text
    conversation.refresh_from_db()
    assert (conversation.assignee, conversation.unread) == (None, 1)


def test_zhaos_tab_is_told_that_there_is_nothing_to_look_at(web, zhao, conversation):
    tab = web.open_tab(zhao)
    tab.resumes(live.head(), looking_at=conversation.pk)
    assert tab.waits_for_end() == 4404


def test_a_tab_gets_rows_and_counts_of_its_agents_seats_only(
    web, lin, xiaoming, elsewhere
):
    Xiaoming(elsewhere, "oElse").writes("别家的问题")
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    Xiaoming(elsewhere, "oElse").writes("别家的第二个问题")
    xiaoming.writes("自家的问题")
    tab.shows("自家的问题")
    tab.waits_for(lambda frame: frame.get("waiting") == 1)
    assert not any("别家" in drawing for drawing in tab.drawings())


def test_polling_shows_no_more_than_the_socket(client, lin, xiaoming, elsewhere):
    had = live.head()
    other = Xiaoming(elsewhere, "oElse")
    other.writes("别家的问题")
    client.force_login(lin)
    answer = client.get("/events/", {"after": had, "looking_at": other.conversation.pk})
    assert "别家" not in answer.text


def test_answers_of_other_mini_programs_are_not_offered(
    client, lin, xiaoming, elsewhere
):
    for title, mini_program in (("自家", xiaoming.mini_program), ("别家的", elsewhere)):
        CannedAnswer.objects.create(
            title=title, mini_program=mini_program, parts=text(title)
        )
    client.force_login(lin)
    offered = client.get("/answers/").json()["answers"]
    assert [answer["title"] for answer in offered] == ["自家"]


def test_a_supervisor_sees_all(wu, conversation, elsewhere):
    assert access.conversations_for(wu).get() == conversation


def test_new_agents_and_new_mini_programs_have_all_seats(lin, mini_program, capsys):
    call_command("add_agent", "amy")
    call_command("add_mini_program", "wxnew", push_token="t", mode="plain")
    for agent in ("lin", "amy"):
        seats = Seat.objects.filter(agent__username=agent)
        assert {seat.mini_program.appid for seat in seats} == {
            mini_program.appid,
            "wxnew",
        }


def test_a_seat_taken_away_in_the_admin_is_gone_at_once(
    client, wu, lin, mini_program, elsewhere
):
    Seat.objects.give_all_to(lin)
    before = lin.access_version
    client.force_login(wu)
    fields = {"display_name": "Lin", "language": "en", "is_active": "on"}
    answer = client.post(
        f"/admin/agents/agent/{lin.pk}/change/", {**fields, "seats": [elsewhere.pk]}
    )
    assert answer.status_code == 302
    assert [seat.mini_program for seat in lin.seats.all()] == [elsewhere]
    lin.refresh_from_db()
    assert lin.access_version > before


def test_nobody_is_online_for_a_mini_program_without_a_seated_agent(
    web, rule, xiaoming, mini_program, elsewhere
):
    rule("nobody_online", "暂时没有客服在线", cooldown_seconds=0)
    amy = seated("amy")
    Seat.objects.filter(agent=amy, mini_program=mini_program).delete()
    web.open_tab(amy).resumes(0)
    xiaoming.writes("在吗")
    assert xiaoming.heard() == ["暂时没有客服在线"]
    assert auto_reply.access.attended({elsewhere.pk}) == {elsewhere.pk}
