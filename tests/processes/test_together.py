"""Many agents at one desk: one takes, the others learn it at once; who goes, loses it."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import Desk, Scene, at_once, on_both_databases

pytestmark = pytest.mark.processes

TEAM = """
import json
from django.conf import settings
from django.test import Client
from agents.models import Agent
from conversations.models import MiniProgram, Seat
cookies = {}
for number in range(50):
    agent, _ = Agent.objects.get_or_create(username=f"member{number}")
    browser = Client()
    browser.force_login(agent)
    cookies[agent.username] = browser.cookies[settings.SESSION_COOKIE_NAME].value
Seat.objects.give_everyone(MiniProgram.objects.get())
print(json.dumps([settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, cookies]))
"""
HURRY = """
from conversations.models import DeskSettings
DeskSettings.objects.update_or_create(pk=1, defaults={"answer_within_seconds": 2})
"""
NO_HURRY = """
from conversations.models import DeskSettings
DeskSettings.objects.all().delete()
"""


@pytest.fixture
def team(scene: Scene) -> list[Desk]:
    session, csrf, cookies = json.loads(scene.console.shell(TEAM).splitlines()[-1])
    token = "t" * 32
    desks = []
    for value in cookies.values():
        client = scene.console.client(cookies={session: value, csrf: token})
        client.headers.update({"X-CSRFToken": token, "Referer": scene.console.url})
        desks.append(Desk(scene, client))
    return desks


@on_both_databases
def test_of_fifty_who_take_it_at_once_one_has_it_and_all_learn_who(
    scene, xiaoming, team
):
    assert xiaoming.writes("在吗") == "accepted"
    path = f"/conversations/{xiaoming.conversation}/assignment/"

    def take(number: int) -> httpx.Response:
        return team[number].client.post(path)

    answers = at_once(len(team), take)
    assert {answer.status_code for answer in answers} == {200}
    [[holder]] = scene.database.rows(
        "SELECT a.username FROM conversations_conversation c"
        " JOIN agents_agent a ON a.id = c.assignee_id WHERE c.id = ?",
        xiaoming.conversation,
    )
    told = [answer.headers.get("HX-Trigger", "") for answer in answers]
    losers = [json.loads(one)["desk:notice"]["text"] for one in told if one]
    assert losers == [f"已由 {holder} 接入"] * 49
    assert all(holder in answer.text for answer in answers)
    held = "SELECT count(*) FROM conversations_assignment WHERE conversation_id = ?"
    assert scene.database.rows(held, xiaoming.conversation) == [(1,)]


def test_a_wait_left_alone_goes_back_and_both_sides_see_why(scene, xiaoming):
    lin, chen = scene.agent("lin"), scene.new_desk("chen")
    assert xiaoming.writes("在吗") == "accepted"
    path = f"/conversations/{xiaoming.conversation}/assignment/"
    with lin.opens_tab(xiaoming) as lins, chen.opens_tab(xiaoming) as chens:
        assert lin.client.post(path).status_code == 200
        scene.console.shell(HURRY)
        try:
            for tab in (lins, chens):
                wait_until(lambda tab=tab: _says(tab, "未及时回复"), 30)
        finally:
            scene.console.shell(NO_HURRY)
        told = [one for one in lins.frames if one.get("topic") == "agent"]
        assert [one["about"] for one in told] == ["taken_back"]
        assert not any(one.get("topic") == "agent" for one in chens.frames)
    assert chen.client.post(path).status_code == 200


def test_a_killed_web_process_leaves_no_face_behind(scene, xiaoming):
    assert xiaoming.writes("在吗") == "accepted"
    with scene.agent("lin").opens_tab(xiaoming):
        looks = "SELECT count(*) FROM conversations_attention WHERE conversation_id = ?"
        wait_until(lambda: scene.database.rows(looks, xiaoming.conversation) == [(1,)])
        scene.console.kill("web")
    scene.whole()
    with scene.new_desk("chen").opens_tab(xiaoming):
        wait_until(
            lambda: scene.database.rows(looks, xiaoming.conversation) == [(1,)], 60
        )


def _says(tab, words: str) -> bool:
    return any(words in html for html in tab.drawn("conversation"))
