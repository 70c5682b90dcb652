"""While an agent writes, the customer sees that somebody does."""

import pytest

from conversations.wechat.client import BUSINESS_TYPING, PLAIN_TYPING
from tests.processes.driver import wait_until
from tests.processes.scene import at_once, stays

pytestmark = pytest.mark.processes

# Typing gives up after the scene's SEND_DEADLINE of 3 s: what is there sooner waited for
# none of it.
SOONER = 2.5  # s


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
    wait_until(lambda: ahua.states() == ["sent"])  # And written down, not only heard
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


def test_who_empties_the_box_is_shown_no_more(scene, xiaoming):
    with scene.agent("lin").opens_tab(xiaoming) as tab:
        tab.says(typing=xiaoming.conversation)
        wait_until(lambda: asked(xiaoming) == [("Typing", 0)])
        for _ in range(3):
            tab.says(not_typing=xiaoming.conversation)
        wait_until(lambda: len(asked(xiaoming)) == 2)

        assert stays(lambda: asked(xiaoming)[1:] == [("CancelTyping", 0)], 1)


def test_what_isnt_shown_is_not_taken_back(scene, xiaoming):
    lin = scene.agent("lin")
    with lin.opens_tab(xiaoming) as tab:
        tab.says(not_typing=xiaoming.conversation)
        tab.says(typing=xiaoming.conversation)
        wait_until(lambda: asked(xiaoming) == [("Typing", 0)])
        lin.says(xiaoming, "您好")  # Which ends it
        wait_until(lambda: xiaoming.states() == ["sent"])
        tab.says(not_typing=xiaoming.conversation)

        assert stays(lambda: asked(xiaoming) == [("Typing", 0)], 1)


@pytest.mark.parametrize("kind", ["hang", "drip", "cut", "html", "errcode"])
def test_no_failure_of_it_reaches_a_reply(scene, xiaoming, kind):
    options = {"errcode": 45011} if kind == "errcode" else {"seconds": 30}
    for path in (BUSINESS_TYPING, PLAIN_TYPING):
        scene.wechat.fails(kind, path, count=-1, **options)
    lin = scene.agent("lin")
    with lin.opens_tab(xiaoming) as tab:
        tab.says(typing=xiaoming.conversation)
        wait_until(lambda: kind == "hang" or asked(xiaoming))
        lin.says(xiaoming, "您好")

        wait_until(lambda: xiaoming.heard() == ["您好"], SOONER)
        wait_until(lambda: xiaoming.states() == ["sent"])
    assert scene.database.rows("SELECT * FROM conversations_pause") == []


def test_many_calls_that_hang_delay_no_reply(scene):
    """As many as there are lanes, and more."""
    path = BUSINESS_TYPING
    scene.wechat.fails("hang", path, count=-1, seconds=30)
    customers = [scene.customer() for _ in range(30)]
    at_once(30, lambda n: customers[n].writes("在吗"))
    lin = scene.agent("lin")
    with lin.opens_tab(customers[0]) as tab:
        for customer in customers:
            tab.says(typing=customer.conversation)
        wait_until(lambda: showing(scene) >= 30)
        lin.says(customers[-1], "您好")

        wait_until(lambda: customers[-1].heard() == ["您好"], SOONER)


def showing(scene):
    return scene.database.value(
        "SELECT count(*) FROM conversations_customer WHERE typing_shown_at IS NOT NULL"
    )
