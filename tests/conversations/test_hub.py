"""From a committed change to every tab concerned, whatever gets lost on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client
from django.test.signals import template_rendered
from django.utils import timezone

from agents import presence
from agents.models import Agent, Tab
from conversations import broker, drawing, handling, hub, live
from conversations.models import CannedAnswer, LiveEvent, LiveHead
from conversations.receiving import receive
from tests.asgi import Web
from tests.conftest import Xiaoming, seated, text, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

FOR_EVER = 3600.0  # s


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


def says_something_to_all() -> int:
    """Change what concerns every tab. Returns its number."""
    with live.recording():
        CannedAnswer.objects.create(title="您好", parts=text("您好"))
        live.answers()
    return live.head()


def add_events(count: int) -> None:
    """Write so many events of one conversation's row, as if committed long ago."""
    event = LiveEvent.objects.filter(kind="conversation").first()
    head = live.head()
    LiveEvent.objects.bulk_create(
        LiveEvent(
            seq=head + n,
            kind="conversation",
            customer_id=event.customer_id,
            conversation_id=event.conversation_id,
            at=timezone.now(),
        )
        for n in range(1, count + 1)
    )
    LiveHead.objects.update(seq=head + count)


# From the change to the tabs.


def test_a_push_shows_in_every_tab_that_looks(web, other_web, xiaoming, conversation):
    lin, chen = _agent("lin"), _agent("chen")
    tabs = [web.open_tab(lin), web.open_tab(chen), other_web.open_tab(chen)]
    for tab in tabs:
        tab.resumes(live.head(), looking_at=conversation.pk)
    xiaoming.writes("有人吗")
    for tab in tabs:
        assert tab.shows("有人吗</div>")["topic"] == "conversation"
        assert tab.shows(f'id="conversation-{conversation.pk}-row"')["topic"] == "inbox"


def _agent(username: str, language: str = "zh-hans") -> Agent:
    return seated(username, password="-", language=language)


def test_announcements_alone_bring_what_is_new(
    web, other_web, lin, xiaoming, conversation, monkeypatch
):
    monkeypatch.setattr(hub, "LOOK_EVERY", FOR_EVER)
    tabs = [web.open_tab(lin), other_web.open_tab(lin)]
    for tab in tabs:
        tab.resumes(live.head())
    for number in range(3):  # The first look of each hub might bring the first
        xiaoming.writes(f"第{number}句")
        for tab in tabs:
            tab.shows(f"第{number}句")


def test_a_look_alone_brings_what_is_new(web, lin, xiaoming, monkeypatch):
    monkeypatch.setattr(broker, "announce", lambda first, last: None)
    tab = web.open_tab(lin)
    tab.resumes(0)
    xiaoming.writes("在吗")
    tab.shows("在吗")


def test_with_half_the_announcements_lost_no_tab_misses_anything(
    web, other_web, lin, chen, mini_program, monkeypatch
):
    """And the layer holds one message for a process; it drops the others."""
    chance = random.Random(3)
    announce = broker.announce
    monkeypatch.setattr(
        broker, "announce", lambda *n: chance.random() < 0.5 and announce(*n)
    )
    monkeypatch.setattr(get_channel_layer("announce"), "capacity", 1)
    people = [Xiaoming(mini_program, f"o{number}") for number in range(5)]
    for one in people:
        one.writes("在吗")
    looked_at = people[0].conversation
    tabs = [web.open_tab(lin), web.open_tab(chen), other_web.open_tab(chen)]
    for tab in tabs:
        tab.resumes(live.head(), looking_at=looked_at.pk)
    for number in range(100):
        people[number % 5].writes(f"第{number}句")

    last = says_something_to_all()
    for tab in tabs:
        tab.waits_for(lambda frame: frame.get("seq") == last)
    said = [f"第{number}句</div>" for number in range(0, 100, 5)]
    for tab in tabs:
        html = "".join(tab.drawings())
        assert [words for words in said if words not in html] == []
        assert all(f"第{number}句" in html for number in range(95, 100))
        numbers = [frame["seq"] for frame in tab.frames if "seq" in frame]
        assert numbers == sorted(numbers)


def test_a_hub_hears_again_after_redis_has_forgotten_it(
    web, lin, xiaoming, monkeypatch
):
    monkeypatch.setattr(hub, "RENEW_EVERY", 0.0)
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    _redis().flushall()
    wait_until(lambda: _redis().exists(_group()), what="the hub is in its group again")
    monkeypatch.setattr(hub, "LOOK_EVERY", FOR_EVER)
    for number in range(3):
        xiaoming.writes(f"第{number}句")
        tab.shows(f"第{number}句")


def _redis() -> redis.Redis:
    return redis.Redis(unix_socket_path=settings.REDIS_URL.removeprefix("unix://"))


def _group() -> str:
    return f"kefu:group:{broker.HUBS}"


def test_tabs_that_come_and_go_leave_one_name_in_the_group(web, lin):
    _redis().delete(_group())
    for _ in range(5):
        tab = web.open_tab(lin)
        tab.resumes(0)
        tab.leaves()
    assert _redis().zcard(_group()) == 1


def test_the_last_tab_puts_the_hub_to_rest_and_the_next_wakes_it(web, lin, xiaoming):
    first = web.open_tab(lin)
    first.resumes(0)
    first.leaves()
    xiaoming.writes("在吗")
    second = web.open_tab(lin)
    second.resumes(0)
    second.shows("在吗")
    xiaoming.writes("你好")
    second.shows("你好")


# To whom.


def test_a_tab_that_does_not_look_gets_the_row_and_no_message(
    web, lin, xiaoming, conversation
):
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    xiaoming.writes("有人吗")
    last = says_something_to_all()
    tab.waits_for(lambda frame: frame.get("seq") == last)
    assert {frame["topic"] for frame in tab.frames if "html" in frame} == {"inbox"}


def test_a_tab_gets_the_messages_of_the_customer_it_looks_at(
    web, lin, xiaoming, conversation, mini_program
):
    other = Xiaoming(mini_program, "oSomebodyElse")
    other.writes("我也在")
    tab = web.open_tab(lin)
    tab.resumes(live.head(), looking_at=conversation.pk)
    tab.resumes(live.head(), looking_at=other.conversation.pk)
    xiaoming.writes("小明的话")
    other.writes("别人的话")
    tab.shows("别人的话</div>")
    assert not any("小明的话</div>" in html for html in tab.drawings())

    tab.says({"looking_at": None})
    tab.says({"looking_at": "42"})
    other.writes("没有人看")
    last = says_something_to_all()
    tab.waits_for(lambda frame: frame.get("seq") == last)
    assert not any("没有人看</div>" in html for html in tab.drawings())


def test_the_messages_of_a_customers_other_entrance_are_theirs_too(
    web, lin, xiaoming, conversation
):
    tab = web.open_tab(lin)
    tab.resumes(live.head(), looking_at=conversation.pk)
    xiaoming.enters("another")
    xiaoming.writes("在这里")
    tab.shows("在这里</div>")


def test_each_thing_is_drawn_once_for_each_language(
    web, lin, xiaoming, conversation, monkeypatch
):
    drawn: Counter[str] = Counter()

    def count(sender, template, **_):
        drawn[template.name] += 1

    english = _agent("amy", "en")
    tabs = [web.open_tab(agent) for agent in [lin, lin, english, english, english]]
    for tab in tabs:
        tab.resumes(live.head(), looking_at=conversation.pk)
    template_rendered.connect(count)
    try:
        xiaoming.writes("有人吗")
        for tab in tabs:
            tab.shows("有人吗</div>")
            tab.shows(f'id="conversation-{conversation.pk}-header"')
    finally:
        template_rendered.disconnect(count)
    once_each = ["_message", "_row", "_header"]
    assert [drawn[f"conversations/{name}.html"] for name in once_each] == [2, 2, 2]
    assert "Nobody’s" in tabs[-1].shows("-header")["html"]
    assert "Nobody’s" not in tabs[0].shows("-header")["html"]


def test_what_nobody_looks_at_is_not_drawn(xiaoming, conversation):
    events = LiveEvent.objects.filter(kind="message")
    assert drawing.draw(events, ["en"], set()) == []


def test_a_drawing_that_fails_keeps_nothing_back(
    web, lin, xiaoming, conversation, monkeypatch, caplog
):
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    drawn = drawing._conversation
    monkeypatch.setattr(drawing, "_conversation", lambda *_: 1 / 0)
    xiaoming.writes("画不出来")
    tab.waits_for(lambda frame: frame.get("resync"))
    monkeypatch.setattr(drawing, "_conversation", drawn)
    xiaoming.writes("画得出来")
    tab.shows("画得出来")


def test_badges_count_what_there_is(web, lin, chen, xiaoming, conversation):
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    counts = {"topic": "counts", "mini_program": None}
    counts |= {"waiting": 1, "closing": 0, "all": 1, "mine": {}, "unread": {}}
    tab.waits_for(lambda frame: frame == counts)
    handling.claim(conversation, chen)
    his = {str(chen.pk): 1}
    counts |= {"waiting": 0, "mine": his, "unread": his}
    tab.waits_for(lambda frame: frame == counts)


def test_no_drawing_waits_for_the_badges(web, lin, xiaoming, monkeypatch):
    monkeypatch.setattr(hub, "COUNT_EVERY", FOR_EVER)
    tab = web.open_tab(lin)
    tab.resumes(live.head())
    for words in ("一", "二", "三"):
        xiaoming.writes(words)
        tab.shows(words)


def test_who_joins_while_access_is_looked_at_stays(lin, chen, monkeypatch):
    here, joins = [
        hub.Tab(agent.pk, agent.access_version, "en") for agent in (lin, chen)
    ]
    looking = hub.Hub()
    looking.tabs.add(here)
    look = presence.access_versions

    def while_somebody_joins(agent_ids):
        looking.tabs.add(joins)
        return look(agent_ids)

    monkeypatch.setattr(presence, "access_versions", while_somebody_joins)
    async_to_sync(looking._check_access)()
    assert (here.signed_out, joins.signed_out) == (False, False)


# What a tab missed.


def test_a_tab_that_comes_back_gets_what_it_missed_in_order(
    web, lin, xiaoming, conversation
):
    had = live.head()
    for words in ("一", "二", "三"):
        xiaoming.writes(words)
    tab = web.open_tab(lin)
    tab.resumes(had, looking_at=conversation.pk)
    through = tab.waits_for(lambda frame: "through" in frame)
    missed = tab.frames[: tab.frames.index(through)]
    missed = [f for f in missed if f.get("topic") != "attention"]
    messages = [f["html"] for f in missed if 'data-message-id="' in f["html"]]
    assert ["一" in messages[0], "二" in messages[1], "三" in messages[2]] == [True] * 3
    assert [f["seq"] for f in missed] == sorted(f["seq"] for f in missed)
    assert all(had < f["seq"] <= live.head() for f in missed)
    assert through == {"through": live.head()}


def test_a_tab_that_missed_nothing_gets_nothing(web, lin, xiaoming, conversation):
    tab = web.open_tab(lin)
    tab.resumes(live.head(), looking_at=conversation.pk)
    assert tab.drawings() == []


def test_five_hundred_changes_are_caught_up_with(web, lin, mini_program):
    people = [Xiaoming(mini_program, f"o{n}") for n in range(250)]
    receive([one.arrival(MsgType="text", Content="在吗", MsgId=1) for one in people])
    assert live.head() == 500
    tab = web.open_tab(lin)
    tab.resumes(0)
    assert {"through": 500} in tab.frames
    assert len(tab.drawings()) == 250
    assert not any("resync" in frame for frame in tab.frames)


def test_more_than_five_hundred_changes_are_a_reload(web, lin, conversation):
    add_events(501 - live.head())
    tab = web.open_tab(lin)
    tab.resumes(0)
    assert {"reset": True, "through": 501} in tab.frames
    assert tab.drawings() == []


def test_what_is_known_no_more_is_a_reload(web, lin, conversation):
    add_events(10)
    LiveEvent.objects.filter(seq__lte=5).delete()
    for after, resets in [(4, True), (5, False)]:
        tab = web.open_tab(lin)
        tab.resumes(after)
        found = tab.waits_for(lambda frame: "through" in frame)
        assert found.get("reset", False) is resets


@pytest.mark.parametrize("after", [10**9, 2**63 - 1, 2**63, -1, None, "1", True, 1.5])
def test_a_number_that_we_never_gave_is_a_reload(web, lin, conversation, after):
    tab = web.open_tab(lin)
    tab.resumes(after)
    assert {"reset": True, "through": live.head()} in tab.frames


def test_a_tab_too_far_behind_is_told_to_reload_and_lives_on(
    web, lin, xiaoming, conversation, monkeypatch
):
    monkeypatch.setattr(hub, "LONGEST_QUEUE", 10)
    slow, quick = web.open_tab(lin), web.open_tab(lin)
    for tab in (slow, quick):
        tab.resumes(live.head(), looking_at=conversation.pk)
    slow.stalls()
    for number in range(30):
        xiaoming.writes(f"第{number}句")
        quick.shows(f"第{number}句</div>")
    slow.recovers()
    slow.waits_for(lambda frame: frame.get("resync"))
    assert len(slow.drawings()) < 30
    xiaoming.writes("最后一句")
    slow.shows("最后一句</div>")


def test_a_heartbeat_bears_the_number_and_waits_for_the_catch_up(
    web, lin, xiaoming, conversation, monkeypatch
):
    monkeypatch.setattr(hub, "RENEW_EVERY", 0.0)
    early, tab = web.open_tab(lin), web.open_tab(lin)
    tab.resumes(live.head())
    xiaoming.writes("有人吗")
    tab.waits_for(lambda frame: frame == {"through": live.head()})
    assert [frame for frame in early.frames if "through" in frame] == []


def test_heartbeats_keep_a_tabs_lease(web, lin, monkeypatch):
    monkeypatch.setattr(hub, "RENEW_EVERY", 0.0)
    tab = web.open_tab(lin)
    tab.resumes(0)
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    Tab.objects.update(seen_at=long_ago)
    wait_until(lambda: Tab.objects.get().seen_at > long_ago)
    tab.leaves()
    assert Tab.objects.get().left_at is not None
    assert presence.online() == set()


# Without a socket.


def test_polling_brings_the_same_frames(web, lin, xiaoming, conversation):
    had = live.head()
    xiaoming.writes("有人吗")
    tab = web.open_tab(lin)
    tab.resumes(had, looking_at=conversation.pk)
    tab.shows("有人吗</div>")
    through = tab.waits_for(lambda frame: "through" in frame)

    polled = _poll(lin, had, conversation.pk)
    assert polled["frames"].pop()["topic"] == "counts"
    assert polled["frames"] == tab.frames[: tab.frames.index(through)]
    assert polled["through"] == live.head()
    [counts] = _poll(lin, live.head())["frames"]
    assert counts["waiting"] == 1
    assert _poll(lin, 10**6) == {"reset": True, "through": live.head()}


def _poll(agent: Agent, after: int, looking_at: int | str = ""):
    browser = Client()
    browser.force_login(agent)
    return browser.get(f"/events/?after={after}&looking_at={looking_at}").json()


@pytest.mark.parametrize("after", ["", "-1", "x", "1.5", "²", "9" * 19])
def test_polling_with_nonsense_is_refused(lin, after):
    browser = Client()
    browser.force_login(lin)
    assert browser.get("/events/", {"after": after}).status_code == 400
