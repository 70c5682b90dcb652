"""The socket of a tab: who may open one, what may be said on it, and when it ends."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from agents import presence
from agents.models import Tab
from conversations import consumers, live
from conversations.models import DueReply, LiveEvent, Message
from tests.conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN_AGAIN = 4401


@pytest.fixture
def zhao(django_user_model):
    """Someone whose access has ended."""
    return django_user_model.objects.create_user("zhao", password="zhao-password")


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


# Who may open one.


def test_a_signed_in_agent_is_online_while_a_tab_is_open(web, lin):
    tab = web.open_tab(lin)
    tab.resumes(0)
    assert presence.online() == {lin.pk}
    tab.leaves()
    assert presence.online() == set()


def test_a_guest_is_told_to_sign_in_rather_than_refused(web):
    """A refused handshake looks to a browser like a broken network."""
    tab = web.open_tab(None)
    assert tab.waits_for_end() == SIGN_IN_AGAIN
    assert tab.accepted


def test_zhao_whose_access_has_ended_is_told_to_sign_in(web, zhao):
    browser = Client()
    browser.force_login(zhao)
    zhao.is_active = False
    zhao.save()
    tab = web.open_tab(zhao)
    assert tab.waits_for_end() == SIGN_IN_AGAIN
    assert not Tab.objects.exists()


def test_nothing_said_on_a_guests_socket_does_anything(web, conversation):
    tab = web.open_tab(None)
    tab.says({"resume": 0, "looking_at": conversation.pk})
    tab.says({"typing": conversation.pk})
    assert tab.waits_for_end() == SIGN_IN_AGAIN
    assert tab.frames == []


@pytest.mark.parametrize(
    "origin",
    [
        b"",
        b"null",
        b"http://127.0.0.1",
        b"http://127.0.0.1:8001",
        b"https://127.0.0.1:8000",
        b"http://127.0.0.1.evil.example:8000",
        b"http://evil.example",
        b"http://evil127.0.0.1:8000",
        b"http://127.0.0.1:8000@evil.example",
        b"http://evil.example/http://127.0.0.1:8000",
        b"http://sub.localhost:8000",
        b"file://",
        b"chrome-extension://abcdef",
        b"ws://127.0.0.1:8000",
        b"\xff\xfe",
    ],
)
def test_another_sites_page_gets_no_socket(web, lin, origin):
    tab = web.open_tab(lin, origin=origin)
    assert not tab.accepted
    tab.waits_for_end()
    assert not Tab.objects.exists()


@pytest.mark.parametrize("origin", [b"http://127.0.0.1:8000", b"http://localhost:8000"])
def test_our_own_page_gets_its_socket(web, lin, origin):
    assert web.open_tab(lin, origin=origin).accepted


@pytest.mark.parametrize("path", ["/", "/live", "/live/x/", "/events/", "/live/../"])
def test_there_is_no_socket_elsewhere(web, lin, path):
    tab = web.open_tab(lin, path=path)
    assert not tab.accepted
    tab.waits_for_end()
    assert tab.failed is None


# When it ends.


def _deactivate(agent):
    agent.is_active = False
    agent.save()


def _sign_out(agent):
    browser = Client()
    browser.force_login(agent)
    assert browser.post("/logout/").status_code == 302


def _change_password(agent):
    browser = Client()
    browser.force_login(agent)
    new = {"new_password1": "ein-langes-neues", "new_password2": "ein-langes-neues"}
    fields = {"old_password": "lin-password", **new}
    assert browser.post("/settings/password/", fields).status_code == 302


def _shut_out(agent):
    agent.shut_out()


def _delete(agent):
    agent.delete()


@pytest.mark.parametrize(
    "ends", [_deactivate, _sign_out, _change_password, _shut_out, _delete]
)
def test_who_loses_access_loses_every_socket_and_no_one_else(
    web, lin, chen, ends, xiaoming
):
    lins, chens = [web.open_tab(lin), web.open_tab(lin)], web.open_tab(chen)
    for tab in [*lins, chens]:
        tab.resumes(0)
    ends(lin)
    assert [tab.waits_for_end() for tab in lins] == [SIGN_IN_AGAIN] * 2
    xiaoming.writes("在吗")
    chens.shows("在吗")
    assert not any("在吗" in html for tab in lins for html in tab.drawings())
    assert chens.closed_with is None


# What may be said on it.


def test_typing_holds_back_the_fallback(web, lin, xiaoming, rule):
    rule("no_answer", "请稍候")
    xiaoming.writes("在吗")
    assert DueReply.objects.get().state == "pending"
    tab = web.open_tab(lin)
    tab.says({"typing": xiaoming.conversation.pk})
    wait_until(lambda: DueReply.objects.get().state == "cancelled")


def test_a_tab_can_change_nothing_that_lasts(web, lin, conversation):
    before = (live.head(), Message.objects.count(), LiveEvent.objects.count())
    tab = web.open_tab(lin)
    for said in [
        {"type": "websocket.disconnect"},
        {"type": "live.changed", "first": 1, "last": 99},
        {"method": "close", "conversation": conversation.pk},
        {"send": "在的", "conversation": conversation.pk},
        {"topic": "inbox", "html": "<b>"},
        {"__class__": "Hub", "access_version": 99, "agent_id": 1},
    ]:
        tab.says(said)
    tab.resumes(live.head())
    assert (live.head(), Message.objects.count(), LiveEvent.objects.count()) == before
    assert tab.closed_with is None


NONSENSE = [
    "",
    "null",
    "[]",
    '"resume"',
    "{",
    "NaN",
    '{"resume": NaN, "looking_at": 1e999}',
    "[" * 2000,
    '{"a":' * 300,
    '{"looking_at": ' + "9" * 2000 + "}",
    '{"looking_at": -1, "resume": {}, "typing": []}',
    '{"looking_at": 9223372036854775808, "typing": 9223372036854775808}',
    '{"looking_at": "1 OR 1=1", "typing": "42"}',
    '{"looking_at": {"pk": 1}, "typing": true}',
    '{"resume": "\\ud83d"}',
    "x" * 100_000,
    '{"x": "' + "a" * 60_000 + '"}',
    b"",
    b"\x00\xff",
    b'{"resume": 0}',
]


def test_nonsense_is_passed_over(web, lin, conversation, caplog):
    for said in NONSENSE:
        tab = web.open_tab(lin)
        tab.says(said)
        tab.resumes(live.head(), looking_at=conversation.pk)
        assert (tab.closed_with, tab.failed) == (None, None), said
        tab.leaves()
    assert [r.getMessage() for r in caplog.records if r.levelno >= 40] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
    ),
    max_leaves=8,
)
COMMANDS = st.sampled_from(["resume", "looking_at", "typing", "here", "type", "close"])


@trying(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=JSON | st.dictionaries(COMMANDS, JSON | st.integers()))
@example(said={"resume": 2**63 - 1, "looking_at": 2**63 - 1, "typing": 2**63 - 1})
def test_anything_said_on_a_socket_is_harmless(web, lin, said):
    tab = web.open_tab(lin)
    tab.says(json.dumps(said))
    tab.resumes(live.head())
    # Who names a conversation that isn't there is told so, and nothing else happens.
    assert tab.closed_with in (None, consumers.NOT_FOUND)
    assert tab.failed is None
    tab.leaves()


def test_a_tab_that_talks_too_much_is_closed(web, lin):
    tab = web.open_tab(lin)
    for _ in range(consumers.MOST_FRAMES + 1):
        tab.says({"here": True})
    assert tab.waits_for_end() == consumers.TOO_MUCH


def test_a_tab_that_asks_is_told_the_time(web, lin):
    tab = web.open_tab(lin)
    before = timezone.now()
    tab.says({"here": 61_200})
    told = tab.waits_for(lambda frame: frame.get("here") == 61_200)
    assert before <= datetime.fromisoformat(told["now"]) <= timezone.now()


def test_as_much_as_an_agent_does_is_not_too_much(web, lin, conversation):
    tab = web.open_tab(lin)
    for _ in range(consumers.MOST_FRAMES - 1):
        tab.says({"looking_at": conversation.pk})
    tab.resumes(live.head())
    assert tab.closed_with is None
