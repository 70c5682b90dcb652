"""An agent's words, sent once however often the browser asks."""

import re
import uuid

import httpx
import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import at_once, head, meanwhile

pytestmark = pytest.mark.processes


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


@pytest.fixture
def xiaoming(xiaoming):
    assert xiaoming.writes("在吗") == "accepted"
    return xiaoming


def is_said_once(xiaoming):
    wait_until(lambda: xiaoming.heard() == ["您好"])
    wait_until(lambda: xiaoming.states() == ["sent"])
    return xiaoming.thread("agent") == ["您好"] and xiaoming.sends() == 1


def test_a_double_click_is_one_message(lin, xiaoming):
    key = uuid.uuid4()
    answers = at_once(2, lambda _: lin.says(xiaoming, "您好", key))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert is_said_once(xiaoming)


def test_twenty_clicks_at_once_are_one_message(lin, xiaoming):
    key = uuid.uuid4()
    answers = at_once(20, lambda _: lin.says(xiaoming, "您好", key))

    assert {answer.status_code for answer in answers} == {200}
    assert is_said_once(xiaoming)


def test_a_click_whose_key_stood_for_other_words_is_refused(lin, xiaoming):
    key = uuid.uuid4()
    lin.says(xiaoming, "您好", key)

    assert lin.says(xiaoming, "再见", key).status_code == 409
    assert is_said_once(xiaoming)


def test_two_agents_who_answer_at_once_are_read_in_one_order(scene, lin, xiaoming):
    scene.wechat.post("/_limits", message_grant=[100, 172_800])
    scene.database.change("UPDATE conversations_miniprogram SET message_grant = 100")
    xiaoming.writes("还在吗")
    agents = [lin, scene.agent("chen")]
    with lin.opens_tab(xiaoming) as lins, agents[1].opens_tab(xiaoming) as chens:
        answers = at_once(20, lambda n: agents[n % 2].says(xiaoming, f"第 {n} 句"))
        assert {answer.status_code for answer in answers} == {200}

        wait_until(lambda: xiaoming.states() == ["sent"] * 20)
        said = xiaoming.thread("agent")
        assert sorted(said) == sorted(f"第 {n} 句" for n in range(20))
        assert xiaoming.heard() == said
        for tab in (lins, chens):
            wait_until(lambda one=tab: one.number == head(scene))
            assert in_order(tab.drawn("conversation")) == said


def in_order(drawn):
    """Return what the agents said, as a page that gets these drawings shows it."""
    found = {}
    for html in drawn:
        if said := re.search(r"第 \d+ 句", html):
            at = re.search(r'data-ordered-at="([^"]+)"', html).group(1)
            number = re.search(r'data-message-id="(\d+)"', html).group(1)
            found[at, int(number)] = said.group()
    return [said for _, said in sorted(found.items())]


def test_a_reply_stored_but_never_answered_is_one_message_when_repeated(
    scene, lin, xiaoming
):
    key = uuid.uuid4()
    barrier = scene.console.barrier("after_commit").arm()
    with meanwhile(lambda: lin.says(xiaoming, "您好", key)) as answer:
        barrier.wait_reached()
        scene.console.kill("web")
        with pytest.raises(httpx.TransportError):
            answer()
    scene.whole()

    assert lin.says(xiaoming, "您好", key).status_code == 200
    assert is_said_once(xiaoming)


def test_a_reply_that_meets_a_restart_is_one_message_when_repeated(
    scene, lin, xiaoming
):
    """Daphne may cut it off or still answer: the browser repeats what isn't answered."""
    key = uuid.uuid4()
    barrier = scene.console.barrier("after_commit").arm()
    with meanwhile(lambda: lin.says(xiaoming, "您好", key)):
        barrier.wait_reached()
        scene.console.ask_to_end("web")
        barrier.release()
        assert scene.console.ended("web") == 0
    scene.whole()

    assert lin.says(xiaoming, "您好", key).status_code == 200
    assert is_said_once(xiaoming)


def test_a_reply_cut_off_before_it_is_stored_is_one_message_when_repeated(
    scene, lin, xiaoming
):
    key = uuid.uuid4()
    with (
        scene.database.locked(),
        meanwhile(lambda: lin.says(xiaoming, "您好", key)) as answer,
    ):
        wait_until(lambda: scene.console.connections() > 0)
        scene.console.kill("web")
        with pytest.raises(httpx.TransportError):
            answer()
    assert xiaoming.thread("agent") == []
    scene.whole()

    assert lin.says(xiaoming, "您好", key).status_code == 200
    assert is_said_once(xiaoming)
