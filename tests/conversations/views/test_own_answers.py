"""What agents keep for themselves."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations import answers, own_answers
from conversations.models import CannedAnswer, LiveEvent
from tests.conftest import text

pytestmark = pytest.mark.django_db

URL = "/answers/own/"
SHIPPING = {
    "use": "common_answer",
    "title": "发货时间",
    "shortcut": "/fh",
    "text": "今天就发货。",
}


def titles(agent) -> list[str]:
    return [answer["title"] for answer in answers.library(agent)]


@pytest.fixture
def kept(desk, lin):
    """Three of Lin's."""
    for title in ("甲", "乙", "丙"):
        desk.post(URL, SHIPPING | {"title": title, "shortcut": ""})
    return list(own_answers.of(lin))


def test_what_an_agent_keeps_only_they_find(desk, lin, chen):
    answer = desk.post(URL, SHIPPING)
    assert answer.status_code == 200
    assert "发货时间" in answer.text
    [found] = answers.find(answers.library(lin), "fhsj")
    assert (found["shortcut"], found["parts"]) == ("fh", text("今天就发货。"))
    assert titles(chen) == []
    assert LiveEvent.objects.filter(kind="answers").exists()


def test_a_quick_reply_of_ones_own_stands_above_the_box(desk, converse):
    desk.post(URL, SHIPPING | {"use": "quick_reply"})
    row = desk.get(f"/conversations/{converse().pk}/quick-replies/").text
    assert "发货时间" in row


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"title": ""}, "title"),
        ({"title": "长" * 41}, "title"),
        ({"text": "  "}, "text"),
        ({"text": "长" * 800}, "text"),
        ({"shortcut": "a b"}, "shortcut"),
        ({"shortcut": "ＴＫ"}, "shortcut"),
        ({"use": "other"}, "use"),
    ],
)
def test_what_cant_be_kept_is_refused_by_field(desk, lin, said, wrong):
    desk.post(URL, SHIPPING | {"shortcut": "tk"})
    answer = desk.post(URL, SHIPPING | {"shortcut": ""} | said)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [wrong]
    assert own_answers.of(lin).count() == 1


def test_a_change_of_words_is_a_new_version(desk, kept):
    first = kept[0]
    desk.post(f"{URL}{first.pk}/", SHIPPING | {"title": "甲二", "text": "明天发货。"})
    first.refresh_from_db()
    assert (first.title, first.version) == ("甲二", 2)
    desk.post(f"{URL}{first.pk}/", SHIPPING | {"title": "甲三", "text": "明天发货。"})
    first.refresh_from_db()
    assert (first.title, first.version) == ("甲三", 2)


def test_nobody_reaches_what_is_a_colleagues(kept, chen):
    other = Client()
    other.force_login(chen)
    path = f"{URL}{kept[0].pk}/"
    assert other.post(path, SHIPPING).status_code == 404
    assert other.delete(path).status_code == 404
    ids = ",".join(str(one.pk) for one in reversed(kept))
    assert other.post(f"{URL}order/", {"ids": ids}).status_code == 204
    assert [one.title for one in own_answers.of(kept[0].owner)] == ["甲", "乙", "丙"]


def test_nobody_reaches_what_is_everyones(desk):
    everyones = CannedAnswer.objects.create(title="您好", parts=text("您好"))
    assert desk.delete(f"{URL}{everyones.pk}/").status_code == 404


def test_they_stand_in_the_order_they_were_put(desk, lin, kept):
    one, two, three = kept
    desk.post(f"{URL}order/", {"ids": f"{three.pk},{one.pk},{two.pk}"})
    assert titles(lin) == ["丙", "甲", "乙"]
    # A page that doesn't know of the newest leaves it behind.
    desk.post(f"{URL}order/", {"ids": f"{two.pk},{one.pk}"})
    assert titles(lin) == ["乙", "甲", "丙"]
    assert desk.post(f"{URL}order/", {"ids": "x"}).status_code == 422


def test_what_is_deleted_is_gone(desk, lin, kept):
    assert desk.delete(f"{URL}{kept[1].pk}/").status_code == 204
    assert desk.delete(f"{URL}{kept[1].pk}/").status_code == 404
    assert titles(lin) == ["甲", "丙"]


def test_there_is_an_end_to_them(desk, lin, kept, monkeypatch):
    monkeypatch.setattr(own_answers, "MOST", 3)
    answer = desk.post(URL, SHIPPING)
    assert answer.status_code == 409
    assert "3" in answer.json()["error"]


def test_what_a_supervisor_made_of_several_parts_is_theirs_to_change(desk, lin):
    made = CannedAnswer.objects.create(
        scope="personal", owner=lin, title="两句", parts=[*text("一"), *text("二")]
    )
    assert "data-edit" not in desk.get(URL).text
    assert desk.post(f"{URL}{made.pk}/", SHIPPING).status_code == 409


def test_a_longer_list_takes_no_more_queries(desk, kept, django_assert_max_num_queries):
    desk.get(URL)
    with django_assert_max_num_queries(4):
        desk.get(URL)
