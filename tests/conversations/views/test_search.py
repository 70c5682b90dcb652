"""What a browser gets that looks for words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import search_index, sending
from conversations.models import CannedAnswer, Customer, Message
from tests.conftest import Xiaoming, new_uuid, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, lin):
    """Lin's browser, in English."""
    lin.language = "en"
    lin.save()
    client.force_login(lin)
    return client


def found(desk, **query):
    response = desk.get("/search/", query)
    assert response.status_code == 200
    return response.text


def hits(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-message="(\d+)"', html)]


def kinds(html: str) -> list[str]:
    return re.findall(r'class="found__group" data-kind="(\w+)"', html)


@pytest.fixture
def everything(xiaoming, lin):
    """退款 in a customer's name, an answer, a note and two messages."""
    xiaoming.writes("要退款")
    sending.reply(xiaoming.conversation, lin, text("退款三天到账"), new_uuid())
    now = timezone.now()
    note = Message.objects.create(
        conversation=xiaoming.conversation, customer=xiaoming.customer,
        author="agent", agent=lin, kind="note", text="退款要主管同意",
        said_at=now, ordered_at=now,
    )  # fmt: skip
    search_index.add([note])
    Customer.objects.update(remark="退款的老王")
    search_index.add_customers(Customer.objects.all())
    CannedAnswer.objects.create(title="退款说明", parts=text("三天"))


def test_hits_stand_in_groups(desk, everything):
    html = found(desk, q="退款")
    assert kinds(html) == ["conversations", "answers", "notes", "messages"]
    assert html.count("<mark>退款</mark>") == 4  # An answer's title isn't marked
    assert 'data-said="5 ' in html


@pytest.mark.parametrize("kind", ["conversations", "answers", "notes", "messages"])
def test_one_kind_stands_alone(desk, everything, kind):
    assert kinds(found(desk, q="退款", kind=kind)) == [kind]


def test_what_only_messages_have_leaves_only_messages(desk, everything, lin):
    html = found(desk, q="退款", agent=lin.pk)
    assert kinds(html) == ["notes", "messages"]
    assert len(hits(html)) == 2


def test_a_hit_leads_to_its_message(desk, xiaoming):
    xiaoming.writes("我的iPhone坏了")
    message, conversation = Message.objects.get(), xiaoming.conversation
    html = found(desk, q="iphone")
    assert f'href="/conversations/{conversation.pk}/#message-{message.pk}"' in html


def test_what_people_wrote_is_no_markup(desk, xiaoming):
    xiaoming.writes("<b>退款</b><script>alert(1)</script>")
    html = found(desk, q="<b>退款")
    assert "<mark>&lt;b&gt;退款</mark>&lt;/b&gt;&lt;script&gt;" in html
    html = found(desk, q='"><img src=x onerror=alert(1)>')
    assert "<img" not in html


def test_pages_go_on_where_the_last_ended(desk, xiaoming):
    for number in range(45):
        xiaoming.writes(f"退款{number}")
    html = found(desk, q="退款")
    seen = hits(html)
    for _ in range(3):
        [key] = re.findall(
            r'data-next="(\d*)">\s*<ul|<ul class="hits" data-next="(\d*)"', html
        )[-1:]
        key = "".join(key)
        if not key:
            break
        html = found(desk, q="退款", kind="messages", after=key)
        assert "found__body" not in html
        seen += hits(html)
    assert seen == sorted(Message.objects.values_list("pk", flat=True), reverse=True)


def test_inside_one_conversation_all_its_customer_said_is_looked_through(
    desk, xiaoming, mini_program
):
    xiaoming.enters("a")
    xiaoming.writes("好评")
    xiaoming.enters("b")
    xiaoming.writes("好的")
    Xiaoming(mini_program, "oSomebodyElse").writes("好")
    html = found(desk, q="好", **{"in": xiaoming.conversation.pk})
    assert len(hits(html)) == 2
    assert "single character" not in html
    assert "kinds" not in html


def test_no_conversation_without_a_seat_is_looked_through(client, zhao, xiaoming):
    xiaoming.writes("要退款")
    client.force_login(zhao)
    conversation = xiaoming.conversation.pk
    response = client.get("/search/", {"q": "退款", "in": conversation})
    assert response.status_code == 404
    assert hits(found(client, q="退款")) == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"q": "退" * 101}, "at most 100 characters"),
        ({"q": "退款", "from": "yesterday"}, "Give a day"),
        ({"q": "退款", "from": "2025-02-02", "to": "2025-02-01"}, "before the first"),
        ({"q": "退款", "to": "0001-01-01"}, "too far away"),
        ({"q": "退款", "to": "9999-12-31"}, "too far away"),
        ({"q": "退\x00款"}, "cannot be looked for"),
        ({"q": "退款", "kind": "secrets"}, "cannot be looked for"),
        ({"q": "退款", "after": "9" * 30}, "cannot be looked for"),
        ({"q": "退款", "agent": "-1"}, "cannot be looked for"),
    ],
)
def test_what_cannot_be_looked_for_is_said(desk, query, says):
    response = desk.get("/search/", query)
    assert response.status_code == 422
    assert says in response.text


def test_nothing_typed_finds_nothing_and_is_no_error(desk):
    for words in ("", "   ", "\u200b"):
        assert kinds(found(desk, q=words)) == []


def test_nothing_found_is_said(desk, xiaoming):
    xiaoming.writes("在吗")
    assert "Nothing found for “退款”" in found(desk, q="退款")


def test_days_are_the_offices(desk, xiaoming):
    xiaoming.writes("要退款")
    today = timezone.localdate()
    assert hits(found(desk, **{"q": "退款", "from": today, "to": today}))
    yesterday = today - timedelta(days=1)
    assert not hits(found(desk, q="退款", to=yesterday))


def test_many_hits_take_no_more_queries_than_one(desk, xiaoming, mini_program):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            found(desk, q="退款")
        return len(captured)

    def says(number: int) -> None:
        somebody = Xiaoming(mini_program, f"oSomebody-{number}")
        somebody.writes(f"退款{number}")
        customer = somebody.customer
        customer.remark = f"退款{number}"
        customer.save()
        search_index.add_customers([customer])

    says(0)
    few = queries()
    for number in range(1, 30):
        says(number)
    assert queries() <= few
