from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation
from conversations.views import pages
from tests.conversations.views.conftest import NOON

VIEWS = ["waiting", "mine", "all", "closed"]


def rows(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="conversation-(\d+)-row"', html)]


def next_key(html: str) -> str:
    [key] = re.findall(r'<ul class="rows" data-next="([^"]*)"', html)
    return key


def walk(desk, view: str) -> list[int]:
    """Return what an agent sees who scrolls a view to its end."""
    seen, html = [], desk.get(f"/inbox/?view={view}").text
    while True:
        seen += rows(html)
        if not (key := next_key(html)):
            return seen
        html = desk.get("/inbox/", {"view": view, "after": key}).text


def test_the_front_door_leads_to_who_waits(desk):
    response = desk.get("/")
    assert response.status_code == 302
    assert response.url == "/inbox/?view=waiting"


def test_waiting_shows_the_longest_wait_first(desk, converse, chen):
    late, early = converse(at=60), converse(at=0)
    converse(assignee=chen)
    converse(waits=False)
    converse(status="closed", waits=False)
    assert walk(desk, "waiting") == [early.pk, late.pk]


def test_mine_shows_the_unanswered_first_then_the_latest(desk, converse, lin, chen):
    answered_early = converse(at=100, waits=False, assignee=lin)
    answered_late = converse(at=200, waits=False, assignee=lin)
    waits_since_noon = converse(at=0, assignee=lin)
    waits_since_later = converse(at=50, assignee=lin)
    converse(at=300, assignee=chen)
    assert walk(desk, "mine") == [
        waits_since_noon.pk,
        waits_since_later.pk,
        answered_late.pk,
        answered_early.pk,
    ]


def test_all_and_closed_show_the_latest_first(desk, converse):
    old, new = converse(at=0), converse(at=60)
    closed = converse(at=90, waits=False, status="closed")
    assert walk(desk, "all") == [new.pk, old.pk]
    assert walk(desk, "closed") == [closed.pk]


@pytest.mark.parametrize("view", VIEWS)
def test_pages_neither_repeat_nor_skip(desk, converse, lin, monkeypatch, view):
    monkeypatch.setattr(pages, "PAGE", 3)
    for number in range(11):
        # Several at the same moment, as a batch of pushes makes them.
        fields = {
            "waiting": {},
            "mine": {"assignee": lin, "waits": number % 2 == 0},
            "all": {"waits": number % 2 == 0},
            "closed": {"status": "closed", "waits": False},
        }[view]
        converse(at=number // 4, **fields)

    seen = walk(desk, view)
    assert sorted(seen) == sorted(Conversation.objects.values_list("pk", flat=True))
    monkeypatch.setattr(pages, "PAGE", 50)
    assert walk(desk, view) == seen


def test_what_arrives_meanwhile_hides_nothing(desk, converse, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 2)
    first, second, third, fourth = (converse(at=at) for at in range(4))
    html = desk.get("/inbox/?view=waiting").text
    assert rows(html) == [first.pk, second.pk]

    Conversation.objects.filter(pk=first.pk).update(waiting_since=None)
    converse(at=-10)
    more = desk.get("/inbox/", {"view": "waiting", "after": next_key(html)}).text
    assert rows(more) == [third.pk, fourth.pk]


@pytest.mark.parametrize("view", VIEWS)
def test_a_longer_list_takes_no_more_queries(desk, converse, lin, view):
    def add(count: int) -> None:
        for number in range(count):
            closed = {"status": "closed", "waits": False}
            mine = {"assignee": lin, "waits": number % 2 == 0}
            converse(at=number, **{"closed": closed, "mine": mine}.get(view, {}))

    add(2)
    desk.get(f"/inbox/?view={view}")
    with CaptureQueriesContext(connection) as short:
        desk.get(f"/inbox/?view={view}")
    add(20)
    with CaptureQueriesContext(connection) as long:
        desk.get(f"/inbox/?view={view}")
    assert len(long) <= len(short)


def test_the_first_list_takes_six_queries(desk, converse, lin):
    """The session, the agent, what they have at hand, the counts, the rows, and who
    looks at these."""
    for number in range(20):
        converse(at=number)
    pane = {"HX-Request": "true"}
    with CaptureQueriesContext(connection) as taken:
        desk.get("/inbox/?view=waiting", headers=pane)
    assert len(taken) <= 6, [query["sql"][:120] for query in taken]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("view", ["waiting", "mine", "all"])
def test_whatever_happens_between_pages_nobody_is_seen_twice_or_missed(
    desk, converse, lin, monkeypatch, view, seed
):
    """But for those that moved meanwhile: they may be seen where they were, where they
    are, or in both places."""
    chance = random.Random(seed)
    monkeypatch.setattr(pages, "PAGE", 4)

    def add() -> Conversation:
        assignee = lin if view == "mine" else None
        at, waits = chance.randrange(40), view == "waiting" or chance.random() < 0.5
        return converse(at=at, waits=waits, assignee=assignee)

    there = {add().pk for _ in range(25)}
    moved: set[int] = set()
    seen, html = [], desk.get(f"/inbox/?view={view}").text
    while True:
        seen += rows(html)
        if not (key := next_key(html)):
            break
        for pk in chance.sample(sorted(there), 2):
            at = NOON + timedelta(seconds=chance.randrange(-40, 80))
            field = "waiting_since" if view == "waiting" else "last_message_at"
            Conversation.objects.filter(pk=pk).update(**{field: at})
            moved.add(pk)
        moved.add(add().pk)
        html = desk.get("/inbox/", {"view": view, "after": key}).text
    still = [pk for pk in seen if pk not in moved]
    assert len(still) == len(set(still))
    assert set(still) == there - moved


def test_a_page_that_asks_for_a_pane_gets_only_that(desk, converse):
    converse()
    html = desk.get("/inbox/?view=all", headers={"HX-Request": "true"}).text
    assert "<html" not in html
    assert html.strip().startswith("<section")


@pytest.mark.parametrize(
    "query",
    [
        {"view": "everything"},
        {"view": "waiting", "after": "x"},
        {"view": "waiting", "after": "open,2026-03-04T12:00:00Z,1"},
        {"view": "waiting", "after": "waiting,2026-03-04T12:00:00,1"},
        {"view": "waiting", "after": "waiting,2026-99-04T12:00:00Z,1"},
        {"view": "waiting", "after": "waiting,2026-03-04T12:00:00Z,x"},
        {"view": "waiting", "after": "waiting,9999-12-31T23:59:59-14:00,1"},
        {"view": "waiting", "after": "waiting,0001-01-01T00:00:00+14:00,1"},
    ],
)
def test_a_key_we_never_made_finds_nothing(desk, query):
    assert desk.get("/inbox/", query).status_code == 404


def test_the_counts_stand_beside_the_views(desk, converse, lin, chen):
    converse()
    converse(assignee=lin)
    converse(assignee=chen, waits=False)
    html = desk.get("/inbox/?view=waiting").text
    found = dict(re.findall(r'data-count="(\w+)"[^>]*>(\d+)', html))
    assert found == {"waiting": "1", "mine": "1", "closing": "0", "all": "3"}


def test_a_draft_shows_in_the_list_of_its_writer_only(desk, client, converse, chen):
    conversation = converse()
    desk.put(f"/conversations/{conversation.pk}/draft/", "text=好")
    assert f'data-drafts="{conversation.pk}"' in desk.get("/inbox/?view=all").text
    client.force_login(chen)
    assert 'data-drafts=""' in client.get("/inbox/?view=all").text
