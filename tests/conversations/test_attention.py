"""Who looks at a conversation and who types in it, as colleagues see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from conversations import attention, live
from conversations.models import Attention, LiveEvent
from tests.asgi import Web
from tests.conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other_web(web) -> Iterator[Web]:
    """A second web process, with a hub of its own."""
    other = Web()
    yield other
    other.close()


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


def lookers() -> list[tuple[str, bool]]:
    """Who looks, and whether they type."""
    return [
        (one.agent.name, one.typing_until is not None)
        for one in Attention.objects.select_related("agent").order_by("pk")
    ]


def faces(tab, conversation) -> str:
    """The newest drawing of who looks that a tab was given."""
    drawn = [f["faces"] for f in tab.frames if f.get("topic") == "attention"]
    return drawn[-1] if drawn else ""


def told(kind: str = "attention") -> int:
    return LiveEvent.objects.filter(kind=kind).count()


def test_a_colleague_sees_who_looks_and_who_types_and_who_left(
    web, other_web, lin, chen, conversation
):
    lins = other_web.open_tab(lin)
    lins.resumes(live.head())
    chens = web.open_tab(chen)
    chens.resumes(live.head(), looking_at=conversation.pk)
    wait_until(lambda: "Chen 正在查看" in faces(lins, conversation))
    chens.says({"typing": conversation.pk})
    wait_until(lambda: "Chen 正在输入" in faces(lins, conversation))
    chens.says({"typed": conversation.pk})
    wait_until(lambda: "Chen 正在查看" in faces(lins, conversation))
    chens.says({"noting": conversation.pk})
    wait_until(lambda: "Chen 正在输入" in faces(lins, conversation))
    chens.leaves()
    wait_until(lambda: "Chen" not in faces(lins, conversation))
    assert lookers() == []


def test_what_is_sent_live_is_what_a_reload_would_draw(web, lin, chen, conversation):
    chens = web.open_tab(chen)
    chens.resumes(live.head(), looking_at=conversation.pk)
    chens.says({"typing": conversation.pk})
    wait_until(lambda: "正在输入" in faces(chens, conversation))
    browser = Client()
    browser.force_login(lin)
    page = browser.get(f"/conversations/{conversation.pk}/?view=all").text
    assert page.count(faces(chens, conversation)) == 2  # In its header, on its row


def test_who_goes_from_one_to_another_is_gone_from_the_first(
    web, lin, conversation, xiaoming
):
    tab = web.open_tab(lin)
    tab.resumes(live.head(), looking_at=conversation.pk)
    xiaoming.enters("order/42")
    xiaoming.writes("这个")
    tab.says({"looking_at": xiaoming.conversation.pk})
    there = Attention.objects.filter(conversation=xiaoming.conversation)
    wait_until(there.exists)
    assert lookers() == [("Lin", False)]
    tab.says({"looking_at": None})
    wait_until(lambda: lookers() == [])


def test_two_tabs_of_one_agent_are_one_face_until_the_last_leaves(
    web, other_web, lin, conversation
):
    first, second = web.open_tab(lin), web.open_tab(lin)
    elsewhere = other_web.open_tab(lin)
    for tab in (first, second, elsewhere):
        tab.resumes(live.head(), looking_at=conversation.pk)
    assert lookers() == [("Lin", False)]
    first.leaves()
    assert lookers() == [("Lin", False)]
    second.leaves()  # The last of its process; the other process says so again
    wait_until(lambda: lookers() == [("Lin", False)])
    elsewhere.leaves()
    wait_until(lambda: lookers() == [])


def test_a_renewal_is_no_news(lin, conversation):
    attention.move(lin.pk, None, conversation.pk)
    attention.types(lin.pk, conversation.pk)
    before, until = told(), Attention.objects.get().looking_until
    attention.types(lin.pk, conversation.pk)
    attention.renew({(lin.pk, conversation.pk)})
    attention.move(lin.pk, None, conversation.pk)
    assert (told(), Attention.objects.get().looking_until > until) == (before, True)


def test_a_killed_process_leaves_no_face_behind_for_45_seconds(lin, conversation):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        attention.move(lin.pk, None, conversation.pk)
        attention.types(lin.pk, conversation.pk)
        before = told()
        clock.shift(timedelta(seconds=21))
        attention.sweep()
        assert lookers() == [("Lin", False)]
        assert attention.sweep() == 0
        clock.shift(timedelta(seconds=20))
        assert attention.sweep() == 1
        assert (lookers(), told()) == ([], before + 2)
        assert attention.sweep() == 0


def test_what_ran_out_under_a_living_tab_begins_again(lin, conversation):
    attention.renew({(lin.pk, conversation.pk)})
    assert lookers() == [("Lin", False)]


def test_nobody_is_seen_where_they_have_no_seat(web, zhao, conversation):
    tab = web.open_tab(zhao)
    tab.resumes(live.head())
    tab.says({"typing": conversation.pk})
    tab.says({"looking_at": conversation.pk})
    assert tab.waits_for_end() == 4404
    assert lookers() == []


def test_many_faces_on_many_rows_take_no_more_queries(
    client, lin, chen, wu, xiaoming, conversation, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(lin)
    attention.move(chen.pk, None, conversation.pk)
    with CaptureQueriesContext(connection) as short_page:
        client.get("/inbox/?view=all")
    xiaoming.enters("order/42")
    xiaoming.writes("这个")
    for agent in (lin, chen, wu):
        attention.move(agent.pk, None, xiaoming.conversation.pk)
    with django_assert_num_queries(len(short_page)):
        client.get("/inbox/?view=all")
