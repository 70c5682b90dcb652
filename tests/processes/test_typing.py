"""While an agent writes, the customer sees that somebody does."""

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import stays

pytestmark = pytest.mark.processes


@pytest.fixture
def xiaoming(xiaoming):
    assert xiaoming.writes("在吗") == "accepted"
    return xiaoming


def asked(xiaoming):
    """Return what WeChat was asked to show them, and what it said to that."""
    calls = xiaoming.wechat.ledger(xiaoming.openid)["calls"]
    return [
        (call["msgtype"], call["errcode"]) for call in calls if "typing" in call["path"]
    ]


def test_the_customer_sees_that_an_agent_types(scene, xiaoming):
    with scene.agent("lin").opens_tab(xiaoming) as tab:
        tab.says(typing=xiaoming.conversation)

        wait_until(lambda: asked(xiaoming) == [("Typing", 0)])


def test_wechat_is_asked_once_for_all_who_type(scene, xiaoming):
    lin, chen = scene.agent("lin"), scene.new_desk("chen")
    with lin.opens_tab(xiaoming) as lins, chen.opens_tab(xiaoming) as chens:
        for _ in range(3):
            lins.says(typing=xiaoming.conversation)
            chens.says(typing=xiaoming.conversation)
        wait_until(lambda: asked(xiaoming))

        assert stays(lambda: asked(xiaoming) == [("Typing", 0)], 1)


def test_who_has_said_nothing_yet_is_shown_nothing(scene, xiaoming):
    scene.agent("lin")
    ahua = scene.customer()
    ahua.enters("训练营")
    wait_until(lambda: ahua.heard() == ["欢迎"])
    scene.database.change(
        "UPDATE conversations_customer SET exchanged_at = NULL, typing_shown_at = NULL"
        " WHERE openid = ?",
        ahua.openid,
    )
    with scene.agent("lin").opens_tab(ahua) as tab:
        tab.says(typing=ahua.conversation)
        tab.says(typing=xiaoming.conversation)
        wait_until(lambda: asked(xiaoming))

        assert asked(ahua) == []
