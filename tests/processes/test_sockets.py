"""Live over a real socket: what was missed comes, who may not look is told so."""

import re
import uuid

import pytest
from websockets.exceptions import InvalidStatus

from tests.processes.driver import wait_until
from tests.processes.scene import PASSWORD, Tab, at_once, head

pytestmark = pytest.mark.processes

SIGNED_OUT, TOO_MUCH = 4401, 4429
HEALED = 30  # s within which a tab that hears nothing has caught up


@pytest.fixture
def xiaoming(xiaoming):
    assert xiaoming.writes("在吗") == "accepted"
    return xiaoming


@pytest.fixture
def lin(scene):
    """Lin, in a browser of her own: a sign-out of other tests is not hers."""
    return scene.new_desk("lin")


@pytest.fixture
def chen(scene):
    return scene.new_desk("chen")


def ids(tab):
    """Return the messages a tab was given, in the order in which they came."""
    found = [
        re.search(r'data-message-id="(\d+)"', html)
        for html in tab.drawn("conversation")
    ]
    return [int(one.group(1)) for one in found if one]


def theirs(customer):
    rows = customer.scene.database.rows(
        "SELECT m.id FROM conversations_message m"
        " JOIN conversations_customer c ON c.id = m.customer_id"
        " WHERE c.openid = ? ORDER BY m.ordered_at, m.id",
        customer.openid,
    )
    return [pk for (pk,) in rows]


def test_what_a_customer_writes_appears_in_every_tab(lin, chen, xiaoming):
    with lin.opens_tab(xiaoming) as lins, chen.opens_tab() as chens:
        xiaoming.writes("还在吗")

        wait_until(lambda: lins.shows("还在吗"))
        row = f'id="conversation-{xiaoming.conversation}-row"'
        wait_until(lambda: any(row in html for html in chens.drawn("inbox")))
        assert not chens.drawn("conversation")


def test_fifty_messages_that_came_while_the_line_was_cut_come_once_and_in_order(
    scene, lin, xiaoming
):
    tab = lin.opens_tab(xiaoming)
    tab.cut()
    assert at_once(50, lambda n: xiaoming.writes(f"第 {n} 句")) == ["accepted"] * 50
    before, *missed = theirs(xiaoming)

    with Tab(scene, lin.cookie) as back:
        back.resume(tab.number, xiaoming)
        assert ids(back) == missed
        assert len(missed) == 50
        assert not any("reset" in frame for frame in back.frames)


def test_what_comes_after_a_tab_is_back_comes_live(scene, lin, xiaoming):
    tab = lin.opens_tab(xiaoming)
    tab.cut()
    xiaoming.writes("第一句")

    with Tab(scene, lin.cookie) as back:
        back.resume(tab.number, xiaoming)
        xiaoming.writes("第二句")
        wait_until(lambda: back.shows("第二句"))
        assert ids(back) == theirs(xiaoming)[1:]


def test_a_tab_that_has_missed_too_much_is_told_to_reload(scene, lin, xiaoming):
    number = head(scene)
    customers = [scene.customer() for _ in range(10)]
    for _ in range(26):
        at_once(10, lambda n: customers[n].writes("在吗"))
    assert head(scene) - number > 500

    with Tab(scene, lin.cookie) as tab:
        tab.resume(number)
        assert [frame for frame in tab.frames if "reset" in frame]
        assert not tab.drawn("inbox")


def test_after_a_burst_every_tab_has_every_conversation(scene, lin, chen):
    number = head(scene)
    tabs = [agent.opens_tab() for agent in (lin, chen) for _ in range(5)]
    customers = [scene.customer() for _ in range(30)]
    at_once(30, lambda n: [customers[n].writes(f"第 {m} 句") for m in range(5)])

    for tab in tabs:
        with tab:
            wait_until(lambda one=tab: one.number == head(scene), HEALED)
            rows = set(
                re.findall(r'id="(conversation-\d+-row)"', "".join(tab.drawn("inbox")))
            )
            assert rows == {f"conversation-{one.conversation}-row" for one in customers}
            assert not any(
                "resync" in frame or "reset" in frame for frame in tab.frames
            )
    assert head(scene) - number >= 300


def test_a_web_process_that_restarts_gives_tabs_what_they_missed(scene, lin, xiaoming):
    tab = lin.opens_tab(xiaoming)
    scene.console.kill("web")
    wait_until(lambda: tab.closed is not None)
    scene.console.start("web")
    xiaoming.writes("还在吗")

    with Tab(scene, lin.cookie) as back:
        back.resume(tab.number, xiaoming)
        assert back.shows("还在吗")


def test_tabs_that_a_flushed_broker_left_deaf_are_healed(scene, lin, xiaoming):
    with lin.opens_tab(xiaoming) as tab:
        scene.console.redis.flushall()
        xiaoming.writes("还在吗")

        wait_until(lambda: tab.shows("还在吗"), HEALED)
        assert ids(tab) == theirs(xiaoming)[1:]
        # And hears announcements again, which the group is needed for.
        wait_until(lambda: in_the_group(scene), HEALED, "the hub is in its group")


def in_the_group(scene):
    with scene.console.redis as redis:
        return redis.exists("kefu:group:hubs")


@pytest.mark.usefixtures("kept")
def test_without_a_broker_tabs_open_and_show_what_comes(scene, lin, xiaoming):
    scene.console.kill("broker")
    with lin.opens_tab(xiaoming) as tab:
        xiaoming.writes("还在吗")
        wait_until(lambda: tab.shows("还在吗"), HEALED)

        scene.whole()
        xiaoming.writes("听到了吗")
        wait_until(lambda: tab.shows("听到了吗"), HEALED)
        assert ids(tab) == theirs(xiaoming)[1:]


def test_without_a_socket_a_tab_asks_and_gets_the_same(scene, lin, xiaoming):
    number = head(scene)
    with lin.opens_tab(xiaoming) as tab:
        xiaoming.writes("还在吗")
        wait_until(lambda: tab.shows("还在吗"))
        wait_until(lambda: tab.drawn("inbox"))
        live = [frame for frame in tab.frames if "html" in frame]

        # While the tab is open: the row shows who looks.
        params = {"after": number, "looking_at": xiaoming.conversation}
        asked = lin.client.get("/events/", params=params).json()
    assert [frame for frame in asked["frames"] if "html" in frame] == live
    assert asked["through"] == head(scene)


def test_an_agent_with_no_tab_left_is_not_here(scene, lin, xiaoming):
    def tabs():
        open_ones = "SELECT id FROM agents_tab WHERE left_at IS NULL"
        return set(scene.database.rows(open_ones))

    before = tabs()  # Some of them are going: other tests' tabs
    with lin.opens_tab() as tab:
        [opened] = tabs() - before
        tab.cut()
        wait_until(lambda: opened not in tabs())


def test_signing_out_closes_the_agents_tabs_and_nobody_elses(lin, chen, xiaoming):
    with lin.opens_tab() as lins, chen.opens_tab(xiaoming) as chens:
        lin.signs_out()

        wait_until(lambda: lins.closed == SIGNED_OUT)
        xiaoming.writes("还在吗")
        wait_until(lambda: chens.shows("还在吗"))
        assert chens.closed is None


def test_switching_an_agent_off_closes_their_tabs(scene):
    name = f"ming-{uuid.uuid4().hex[:8]}"
    scene.console.manage("add_agent", name, "--password-stdin", given=PASSWORD)
    ming = scene.new_desk(name)
    with ming.opens_tab() as tab:
        scene.console.shell(
            "from agents.models import Agent\n"
            f"Agent.objects.filter(username={name!r}).update(is_active=False)"
        )
        wait_until(lambda: tab.closed == SIGNED_OUT, HEALED)
    with Tab(scene, ming.cookie) as again:
        wait_until(lambda: again.closed == SIGNED_OUT)


def test_nobody_in_particular_is_let_in_only_to_be_told_to_sign_in(scene):
    with Tab(scene) as tab:
        wait_until(lambda: tab.closed == SIGNED_OUT)
        assert not tab.frames


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        None,
        "null",
        "http://127.0.0.1:1",
        "http://localhost.evil",
    ],
)
def test_a_page_from_elsewhere_gets_no_socket(scene, lin, origin):
    with pytest.raises(InvalidStatus) as refusal:
        Tab(scene, lin.cookie, origin=origin)
    assert refusal.value.response.status_code == 403


def test_a_socket_that_talks_nonsense_harms_nobody(scene, lin, chen, xiaoming):
    with lin.opens_tab(xiaoming) as tab, chen.opens_tab(xiaoming) as other:
        for nonsense in [
            "", "{", "[]", "null", '"x"', "[" * 2000, '{"resume": "x"}',
            '{"resume": -1}', '{"resume": 99999999999999999999}',
            '{"looking_at": {"$gt": 0}}', '{"looking_at": 9223372036854775807}',
            '{"typing": [1]}', '{"typing": 9223372036854775807}', '{"resume": 1e400}',
        ]:  # fmt: skip
            tab.sends(nonsense)
        xiaoming.writes("还在吗")

        wait_until(lambda: other.shows("还在吗"))
        assert other.closed is None


def test_a_socket_that_talks_too_much_is_closed(lin):
    with lin.opens_tab() as tab:
        for _ in range(41):
            tab.says(here=True)
        wait_until(lambda: tab.closed == TOO_MUCH)


def test_a_frame_that_is_too_long_ends_its_own_socket_only(lin, chen, xiaoming):
    with lin.opens_tab(xiaoming) as tab, chen.opens_tab(xiaoming) as other:
        assert not tab.is_compressed  # A few bytes could stand for many
        tab.sends("x" * 66_000)
        wait_until(lambda: tab.closed is not None)
        xiaoming.writes("还在吗")

        wait_until(lambda: other.shows("还在吗"))
        assert other.closed is None
