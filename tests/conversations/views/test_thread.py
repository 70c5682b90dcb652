from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import drawing, handling, live, sending
from conversations.models import Delivery, LiveEvent, Message
from conversations.views import pages
from tests.conftest import new_uuid, text
from tests.conversations.views.conftest import say


def messages(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="message-(\d+)"', html)]


def before_key(html: str) -> str:
    [key] = re.findall(r'<ol class="messages" data-before="([^"]*)"', html)
    return key


def test_all_of_a_customers_entrances_are_one_log(desk, converse):
    orders = converse(at=0, text="我的订单", session_from="orders")
    refund = converse(
        at=60, text="想退款", session_from="refund", customer=orders.customer
    )
    converse(at=30, text="别人的")
    for conversation in (orders, refund):
        html = desk.get(f"/conversations/{conversation.pk}/").text
        assert messages(html) == [orders.last_message_id, refund.last_message_id]


def test_older_pages_neither_repeat_nor_skip(desk, converse, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 3)
    conversation = converse(at=-1)
    for number in range(10):
        say(conversation, number // 4, f"{number}")
    url = f"/conversations/{conversation.pk}/messages/"

    html = desk.get(url).text
    seen = messages(html)
    while key := before_key(html):
        html = desk.get(url, {"before": key}).text
        seen = messages(html) + seen
    ours = Message.objects.filter(customer=conversation.customer).in_order()
    assert seen == list(ours.values_list("pk", flat=True))


def test_a_longer_thread_takes_no_more_queries(desk, converse, lin):
    conversation = converse()
    url = f"/conversations/{conversation.pk}/"

    def add(count: int) -> None:
        for number in range(count):
            say(conversation, number, "在吗")
            ours = say(conversation, number, "在的", author="agent", agent=lin)
            Delivery.objects.create(
                message=ours,
                customer=conversation.customer,
                state="failed",
                errcode=45047,
                not_before=timezone.now(),
            )

    add(1)
    desk.get(url)
    with CaptureQueriesContext(connection) as short:
        desk.get(url)
    add(15)
    with CaptureQueriesContext(connection) as long:
        desk.get(url)
    assert len(long) <= len(short) <= 21


def test_what_goes_out_live_is_what_a_reload_draws(desk, converse, lin):
    conversation = converse()
    after = live.head()
    handling.claim(conversation, lin)
    sending.reply(conversation, lin, text("在的"), new_uuid())

    events = list(LiveEvent.objects.filter(seq__gt=after).order_by("seq"))
    frames = drawing.draw(events, {"zh-hans"}, {conversation.customer_id})
    page = desk.get(f"/conversations/{conversation.pk}/?view=mine").text
    drawn = [json.loads(frame.texts["zh-hans"])["html"] for frame in frames]
    assert len(drawn) >= 4  # The claim, the reply, the row and the header
    for html in drawn:
        assert html in page


def test_what_customers_write_is_text(desk, converse):
    evil = "<img src=x onerror=alert(1)> & \"'"
    conversation = converse(text=evil, session_from='"><b>')
    say(conversation, 1, "", kind="card", data={"title": evil, "page_path": evil})
    say(conversation, 2, "", kind="unknown", data={"kind": evil})
    link = {"title": evil, "description": evil, "url": "javascript:alert(1)"}
    say(conversation, 3, "", kind="link", data=link, author="agent")
    html = desk.get(f"/conversations/{conversation.pk}/").text
    assert "<img src=x" not in html
    assert "<b>" not in html
    assert 'href="javascript' not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 5


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", ["delivery--queued"]),
        ("sending", ["delivery--sending"]),
        ("sent", ["delivery--sent", "✓"]),
        ("failed", ["delivery--failed", "45047", "again"]),
        ("unconfirmed", ["delivery--unconfirmed", "delivered", "again"]),
    ],
)
def test_each_state_of_a_delivery_shows(desk, converse, lin, state, words):
    conversation = converse()
    message = say(conversation, 1, "在的", author="agent", agent=lin)
    Delivery.objects.create(
        message=message,
        customer=conversation.customer,
        state=state,
        errcode=45047 if state == "failed" else None,
        not_before=timezone.now(),
    )
    html = desk.get(f"/conversations/{conversation.pk}/messages/").text
    assert all(word in html for word in words)


def test_a_key_we_never_made_finds_nothing(desk, converse):
    url = f"/conversations/{converse().pk}/messages/"
    assert desk.get(url, {"before": "yesterday"}).status_code == 404
    assert desk.get("/conversations/999999/").status_code == 404
