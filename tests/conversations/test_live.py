"""Numbered changes: without gaps, in commit order, and drawn as a reload draws them."""

from __future__ import annotations

import json
import random
import re
import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations import auto_reply, drawing, handling, live, reading, sending
from conversations.models import CannedAnswer, Delivery, DueReply, LiveEvent, LiveHead
from tests.conftest import Xiaoming, new_uuid, text

LANGUAGES = ["zh-hans", "en"]


def numbers() -> list[int]:
    return list(LiveEvent.objects.order_by("seq").values_list("seq", flat=True))


# Numbers.


@pytest.mark.django_db
def test_every_change_has_the_next_number(xiaoming):
    xiaoming.writes("在吗")
    first = live.head()
    xiaoming.writes("你好")
    assert numbers() == list(range(1, live.head() + 1))
    assert live.head() > first


@pytest.mark.django_db
def test_before_anything_happens_the_number_is_nought(mini_program):
    assert live.head() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_takes_no_number(xiaoming):
    xiaoming.writes("在吗")
    head = live.head()
    with pytest.raises(ZeroDivisionError):
        _record_and_fail()
    assert (live.head(), numbers()[-1]) == (head, head)
    with live.recording():
        live.answers()
    assert numbers()[-1] == head + 1


def _record_and_fail() -> None:
    with live.recording():
        live.answers()
        raise ZeroDivisionError


@pytest.mark.django_db
def test_a_recording_inside_another_is_part_of_it(xiaoming):
    xiaoming.writes("在吗")
    head = live.head()
    with live.recording():
        with live.recording():
            live.answers()
        assert live.head() == head
    assert live.head() == head + 1


@pytest.mark.django_db
def test_what_changes_twice_in_one_recording_is_one_change(xiaoming):
    xiaoming.writes("在吗")
    head = live.head()
    message = xiaoming.customer.messages.get()
    with live.recording():
        live.message(message)
        live.answers()
        live.message(message)
    kinds = LiveEvent.objects.filter(seq__gt=head).order_by("seq")
    assert [event.kind for event in kinds] == ["answers", "message"]


@pytest.mark.django_db
def test_a_change_outside_a_recording_is_a_mistake_that_shows(db):
    with pytest.raises(RuntimeError):
        live.answers()


@pytest.mark.django_db
def test_a_recording_that_changes_nothing_takes_no_number(db):
    with live.recording():
        pass
    assert not LiveHead.objects.exists()


@pytest.mark.django_db
def test_old_events_are_pruned_and_the_number_stays(xiaoming):
    xiaoming.writes("在吗")
    head = live.head()
    assert live.prune(timezone.now()) == head
    assert (numbers(), live.head()) == ([], head)


@pytest.mark.django_db(transaction=True)
def test_a_reader_by_number_misses_nothing_while_many_write(xiaoming, patient):
    """Eight writers, each with recordings of different length, some rolled back. The
    reader asks for what is above the last number it saw, as the hub does."""
    writers, rounds = 8, 15
    xiaoming.writes("在吗")
    message = xiaoming.customer.messages.get()
    start, failures = live.head(), []
    written: list[int] = []

    def write(chance: random.Random) -> None:
        try:
            for _ in range(rounds):
                count, fails = chance.randint(1, 3), chance.random() < 0.2
                try:
                    with live.recording():
                        _change(message, count)
                        if fails:
                            raise ZeroDivisionError
                    written.append(count)
                except ZeroDivisionError:
                    pass
        except Exception as exc:
            failures.append(exc)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=write, args=[random.Random(n)]) for n in range(writers)
    ]
    for thread in threads:
        thread.start()
    seen = [start]
    while any(thread.is_alive() for thread in threads):
        seen += _after(seen[-1])
    for thread in threads:
        thread.join()
    seen += _after(seen[-1])

    assert failures == []
    assert seen == list(range(start, start + sum(written) + 1))
    assert live.head() == seen[-1]


def _change(message, count: int) -> None:
    if count > 0:
        live.answers()
    if count > 1:
        live.message(message)
    if count > 2:
        live.conversation(message.conversation)


def _after(seq: int) -> list[int]:
    later = LiveEvent.objects.filter(seq__gt=seq).order_by("seq")
    return list(later.values_list("seq", flat=True))


# Live equals reload.


@pytest.fixture
def scene(xiaoming, lin, chen, rule) -> Scene:
    return Scene(xiaoming, lin, chen, rule)


class Scene:
    """What can happen to a conversation, each with what must have happened before."""

    def __init__(self, xiaoming, lin, chen, rule) -> None:
        self.xiaoming, self.lin, self.chen = xiaoming, lin, chen
        self.rule = rule
        xiaoming.enters("order/<42>&")
        xiaoming.writes("在吗 <b>")

    @property
    def conversation(self):
        return self.xiaoming.conversation

    def customer_writes(self):
        self.xiaoming.writes("还有\n一个问题 & more")

    def customer_sends_a_picture(self):
        self.xiaoming.pushes(MsgType="image", MediaId="m", MsgId=7)

    def customer_sends_a_card(self):
        self.xiaoming.pushes(
            MsgType="miniprogrampage", Title="订单", PagePath="pages/<i>", MsgId=8
        )

    def customer_sends_what_we_dont_know(self):
        self.xiaoming.pushes(MsgType="<script>", MsgId=9)

    def customer_enters_elsewhere(self):
        self.xiaoming.enters("other")

    def rule_answers(self):
        self.rule("keyword", "退款说明", keywords="退款")
        self.xiaoming.writes("退款")

    def fallback_speaks(self):
        self.rule("no_answer", "请稍候")
        handling.close(self.conversation, self.lin)
        self.xiaoming.writes("有人吗")
        DueReply.objects.update(due_at=timezone.now())
        auto_reply.send_due()

    def claimed(self):
        handling.claim(self.conversation, self.lin)

    def released(self):
        self.claimed()
        handling.release(self.conversation, self.lin)

    def closed(self):
        handling.close(self.conversation, self.lin)

    def reopened(self):
        self.closed()
        handling.reopen(self.conversation, self.chen)

    def read(self):
        newest = self.conversation.messages.latest("pk")
        reading.seen(self.conversation, self.lin, newest.pk)

    def answered(self):
        sending.reply(self.conversation, self.lin, text("在的 <i>"), new_uuid())

    def answered_with_a_link(self):
        link = {"kind": "link", "title": "说明", "url": "https://a.example/?b=1&c"}
        link |= {"description": "", "thumb_url": ""}
        sending.reply(self.conversation, self.lin, [*text("看"), link], new_uuid())

    def failed_and_sent_again(self):
        self.answered()
        Delivery.objects.update(state="failed", errcode=45015)
        sending.send_again(Delivery.objects.get(), self.lin)

    def marked_as_delivered(self):
        self.answered()
        Delivery.objects.update(state="unconfirmed")
        sending.mark_delivered(Delivery.objects.get(), self.lin)


ACTS = sorted(name for name in vars(Scene) if name[0] != "_" and name != "conversation")


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
def test_what_goes_out_live_is_what_a_reload_draws(scene, act):
    before = live.head()
    getattr(scene, act)()
    events = list(LiveEvent.objects.filter(seq__gt=before).order_by("seq"))
    customer = scene.xiaoming.customer.pk
    frames = drawing.draw(events, LANGUAGES, {customer})
    assert frames, "nobody would notice"

    for language in LANGUAGES:
        pages = _pages(scene, language)
        for frame in frames:
            html = json.loads(frame.texts[language])["html"]
            assert _html_of(html) in _html_of(pages), html


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
def test_live_leaves_out_nothing_that_a_reload_shows(scene, act):
    """An old page with what came live since is the new page."""
    before = live.head()
    screen = _drawings(_pages(scene, "en"))
    getattr(scene, act)()
    events = list(LiveEvent.objects.filter(seq__gt=before).order_by("seq"))
    for frame in drawing.draw(events, ["en"], {scene.xiaoming.customer.pk}):
        drawn = _drawings(json.loads(frame.texts["en"])["html"])
        screen = _of_one_window(screen | drawn, drawn)

    assert screen == screen | _drawings(_pages(scene, "en"))


def _pages(scene: Scene, language: str) -> str:
    """All that shows Xiaoming's conversations: rows in every view, and each thread."""
    scene.lin.language = language
    scene.lin.save()
    browser = Client(headers={"HX-Request": "true"})
    browser.force_login(scene.lin)
    pages = [browser.get(f"/inbox/?view={v}").text for v in ("all", "closed")]
    for conversation in scene.xiaoming.customer.conversations.all():
        pages.append(browser.get(f"/conversations/{conversation.pk}/").text)
        pages.append(browser.get(f"/conversations/{conversation.pk}/panel/").text)
    return "\n".join(pages)


def _html_of(page: str) -> str:
    return re.sub(r"\s+", " ", page)


ROOT = re.compile(
    r'<(li|header) [^>]*id="(message-\d+|conversation-\d+-(?:row|header))".*?</\1>',
    re.DOTALL,
)


def _drawings(page: str) -> dict[str, str]:
    """Return {id: drawing} for each root of a fragment on a page."""
    return {found[2]: _html_of(found[0]) for found in ROOT.finditer(page)}


WINDOW = re.compile(r'data-customer="(\d+)" data-windows="[^"]*" data-refusal="[^"]*"')


def _of_one_window(screen: dict[str, str], drawn: dict[str, str]) -> dict[str, str]:
    """Do as the page does: what comes of a customer's reply window holds for all of
    their conversations on it."""
    news = {
        window[1]: window[0]
        for one in drawn.values()
        for window in WINDOW.finditer(one)
    }
    return {
        key: WINDOW.sub(lambda window: news.get(window[1], window[0]), one)
        for key, one in screen.items()
    }


@pytest.mark.django_db
def test_a_larger_batch_is_drawn_with_no_more_queries(
    mini_program, lin, django_assert_max_num_queries
):
    people = [Xiaoming(mini_program, f"o{n}") for n in range(30)]
    for one in people:
        one.enters("a")
        one.writes("在吗")
        sending.reply(one.conversation, lin, text("在的"), new_uuid())
    events = list(LiveEvent.objects.order_by("seq"))
    wanted = {one.customer.pk for one in people}
    with django_assert_max_num_queries(6):
        assert len(drawing.draw(events, LANGUAGES, wanted)) >= 90


@pytest.mark.django_db
def test_what_changed_twice_is_drawn_once_and_as_it_is_now(xiaoming):
    xiaoming.writes("在吗")
    xiaoming.writes("你好")
    events = list(LiveEvent.objects.order_by("seq"))
    rows = [
        json.loads(frame.texts["en"]) for frame in drawing.draw(events, ["en"], set())
    ]
    assert [frame["seq"] for frame in rows] == [live.head()]
    assert 'data-unread="2"' in rows[0]["html"]


@pytest.mark.django_db
def test_a_change_of_answers_says_only_that(wu):
    with live.recording():
        CannedAnswer.objects.create(title="您好", parts=text("您好"))
        live.answers()
    [frame] = drawing.draw(LiveEvent.objects.all(), LANGUAGES, set())
    assert json.loads(frame.texts["en"]) == {"seq": live.head(), "topic": "answers"}
