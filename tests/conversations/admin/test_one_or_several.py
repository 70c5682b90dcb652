"""With one mini program there is nothing to choose; with two, everything says which."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Entrance,
    MiniProgram,
    Seat,
)
from tests.conftest import text

ROOT = "/admin/conversations"
MODELS = ["entrance", "autoreplyrule", "cannedanswer"]


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


@pytest.fixture
def things(mini_program: MiniProgram, rule: Any) -> None:
    Entrance.objects.create(mini_program=mini_program, pattern="训练营", label="训练营")
    rule("enter", "您好")
    CannedAnswer.objects.create(title="您好", parts=text("您好"))


@pytest.fixture
def cafe(mini_program: MiniProgram) -> MiniProgram:
    return MiniProgram.objects.create(appid="wxcafe", name="青禾咖啡")


def entrance(**fields: Any) -> dict[str, Any]:
    same = {"match": "exact", "pattern": "首页", "label": "首页", "colour": "blue"}
    return {**same, **fields}


@pytest.mark.parametrize("model", MODELS)
def test_with_one_no_page_speaks_of_it(
    client: Client, mini_program: MiniProgram, things: None, model: str
) -> None:
    for page in (f"{ROOT}/{model}/", f"{ROOT}/{model}/add/"):
        shown = client.get(page).text
        assert mini_program.name not in shown
        assert 'name="mini_program"' not in shown


@pytest.mark.parametrize("model", MODELS)
def test_with_two_lists_and_forms_say_which(
    client: Client, things: None, cafe: MiniProgram, model: str
) -> None:
    listed = client.get(f"{ROOT}/{model}/").text
    assert f"?mini_program__id__exact={cafe.pk}" in listed
    assert 'name="mini_program"' in client.get(f"{ROOT}/{model}/add/").text


def test_with_one_what_is_new_is_its(client: Client, mini_program: MiniProgram) -> None:
    assert client.post(f"{ROOT}/entrance/add/", entrance()).status_code == 302
    assert Entrance.objects.get().mini_program == mini_program
    CannedAnswer.objects.all().delete()
    client.post(
        f"{ROOT}/cannedanswer/add/",
        {
            "use": "common_answer", "title": "您好", "scope": "everyone",
            "parts": '[{"kind": "text", "text": "您好"}]', "active": "on",
        },
    )  # fmt: skip
    assert CannedAnswer.objects.get().mini_program is None


def test_with_two_one_has_to_be_chosen(client: Client, cafe: MiniProgram) -> None:
    assert client.post(f"{ROOT}/entrance/add/", entrance()).status_code == 200
    client.post(f"{ROOT}/entrance/add/", entrance(mini_program=cafe.pk))
    assert Entrance.objects.get().mini_program == cafe


def test_what_is_changed_with_one_stays_its(
    client: Client, mini_program: MiniProgram, things: None
) -> None:
    pk = Entrance.objects.get().pk
    client.post(f"{ROOT}/entrance/{pk}/change/", entrance(label="大厅"))
    found = Entrance.objects.get()
    assert (found.label, found.mini_program) == ("大厅", mini_program)


def test_with_one_a_new_agent_sits_there(
    client: Client, mini_program: MiniProgram
) -> None:
    assert 'name="seats"' not in client.get("/admin/agents/agent/add/").text
    client.post("/admin/agents/agent/add/", {"username": "amy", "language": "en"})
    assert Seat.objects.get(agent__username="amy").mini_program == mini_program


def test_an_agent_without_the_only_seat_can_be_given_it(
    client: Client, zhao: Agent
) -> None:
    page = f"/admin/agents/agent/{zhao.pk}/change/"
    assert 'name="seats"' in client.get(page).text


def test_a_rule_of_one_is_not_in_the_list_of_the_other(
    client: Client, things: None, cafe: MiniProgram
) -> None:
    AutoReplyRule.objects.create(
        mini_program=cafe, name="咖啡欢迎", trigger="enter", parts=text("欢迎")
    )
    listed = client.get(f"{ROOT}/autoreplyrule/", {"mini_program__id__exact": cafe.pk})
    assert [rule.name for rule in listed.context["cl"].queryset] == ["咖啡欢迎"]
