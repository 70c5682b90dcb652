from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import drawing, handling, live, sending
from conversations.models import Delivery, LiveEvent, Message
from conversations.views import pages
from tests.conftest import new_uuid, text
from tests.conversations.views.conftest import NOON, say


def messages(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="message-(\d+)"', html)]


def after_key(html: str) -> str:
    [key] = re.findall(r'<ol class="messages"[^>]* data-after="([^"]*)"', html)
    return key


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


def test_later_pages_neither_repeat_nor_skip(desk, converse, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 3)
    conversation = converse(at=-1)
    for number in range(10):
        say(conversation, number // 4, f"{number}")
    url = f"/conversations/{conversation.pk}/messages/"
    ours = list(
        Message.objects.filter(customer=conversation.customer)
        .in_order()
        .values_list("pk", flat=True)
    )

    html = desk.get(url, {"around": ours[0]}).text
    assert before_key(html) == ""
    seen = messages(html)
    while key := after_key(html):
        html = desk.get(url, {"after": key}).text
        seen += messages(html)
    assert seen == ours

    # What lies above a page that came from below joins on as well.
    middle = desk.get(url, {"around": ours[5]}).text
    assert ours[5] in messages(middle)
    above = desk.get(url, {"before": before_key(middle)}).text
    below = desk.get(url, {"after": after_key(middle)}).text
    joined = messages(above) + messages(middle) + messages(below)
    assert joined == ours[ours.index(joined[0]) : ours.index(joined[-1]) + 1]


def test_another_customers_message_is_not_found_around_here(desk, converse):
    conversation, other = converse(), converse()
    url = f"/conversations/{conversation.pk}/messages/"
    assert desk.get(url, {"around": other.last_message_id}).status_code == 404
    assert desk.get(url, {"around": "x"}).status_code == 404


def test_a_thread_of_twenty_thousand_opens_as_one_of_fifty(desk, converse):
    def queries(url: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert len(messages(desk.get(url).text)) >= 50
        return [query["sql"] for query in captured]

    conversation = converse()
    url = f"/conversations/{conversation.pk}/"
    add_messages(conversation, 60)
    desk.get(url)
    short = queries(url)
    add_messages(conversation, 20_000)
    assert len(queries(url)) <= len(short)


def add_messages(conversation, count: int) -> None:
    last = conversation.messages.count()
    Message.objects.bulk_create(
        [
            Message(
                conversation=conversation,
                customer=conversation.customer,
                author="customer",
                text=f"{number}",
                said_at=NOON + timedelta(seconds=number),
                ordered_at=NOON + timedelta(seconds=number),
            )
            for number in range(last, last + count)
        ],
        batch_size=1000,
    )


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
    ("errcode", "again", "rewrite"),
    [
        (-1, True, False),
        (None, True, False),
        (45047, True, False),
        (48001, True, False),
        (45002, False, True),
        (87014, False, True),
        (40003, False, False),
        (99999, True, True),
    ],
)
def test_a_failed_message_offers_only_what_can_help(
    desk, converse, lin, errcode, again, rewrite
):
    conversation = converse()
    message = say(conversation, 1, "在的", author="agent", agent=lin)
    Delivery.objects.create(
        message=message,
        customer=conversation.customer,
        state="failed",
        errcode=errcode,
        rid="5f1c-2a3b-4c5d",
        not_before=timezone.now(),
    )
    html = desk.get(f"/conversations/{conversation.pk}/messages/").text
    assert ("settlement/" in html, 'data-rewrite="在的"' in html) == (again, rewrite)
    [diagnosis] = re.findall(r'data-copy-text="([^"]*)"', html)
    assert "5f1c-2a3b-4c5d" in diagnosis
    assert conversation.customer.openid not in diagnosis


def test_what_was_tried_is_told_attempt_by_attempt(desk, converse, lin, chen):
    conversation = converse()
    message = say(conversation, 1, "在的", author="agent", agent=lin)
    delivery = Delivery.objects.create(
        message=message,
        customer=conversation.customer,
        state="sent",
        not_before=timezone.now(),
    )
    for fields in (
        {"outcome": "refused", "errcode": -1, "rid": "5f1c-2a3b-4c5d"},
        {"outcome": "sent_again", "agent": chen},
        {"outcome": "sent", "errcode": 0},
    ):
        delivery.attempts.create(began_at=timezone.now(), **fields)
    url = f"/conversations/{conversation.pk}/messages/{message.pk}/attempts/"
    html = desk.get(url).text
    assert html.count("<li>") == 3
    assert all(word in html for word in ("errcode -1", "5f1c-2a3b-4c5d", "Chen"))
    other = converse()
    url = f"/conversations/{other.pk}/messages/{message.pk}/attempts/"
    assert desk.get(url).status_code == 404


@pytest.mark.parametrize(
    ("late_by", "words"),
    [(60, "1 minute"), (200, "3 minutes"), (7300, "2 hours"), (3 * 86_400, "3 days")],
)
def test_a_late_message_says_by_how_much(desk, converse, lin, late_by, words):
    lin.language = "en"
    lin.save()
    conversation = converse()
    say(conversation, 1, "来晚了", late=True, late_by=late_by)
    url = f"/conversations/{conversation.pk}/messages/"
    html = desk.get(url).text
    assert f"Arrived {words} late" in html


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


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("看https://a.example/订单", "https://a.example/"),
        ("在这里（HTTP://a.example/x?a=1&b=2#c）。", "HTTP://a.example/x?a=1&b=2#c"),
        ("(see https://a.example/x_(y)).", "https://a.example/x_(y)"),
        ("https://a.example/<b>", "https://a.example/"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("ftp://a.example/", None),
        ("http://[", None),
    ],
)
def test_web_addresses_are_links_and_nothing_else_is(desk, converse, text, address):
    conversation = converse(text=text)
    page = desk.get(f"/conversations/{conversation.pk}/messages/").text
    bubble = page.partition('bubble--text" dir="auto">')[2].partition("</div>")[0]
    links = re.findall(r'<a class="bubble__link" href="([^"]*)"([^>]*)>', bubble)
    if address is None:
        assert (links, "<a" in bubble) == ([], False)
    else:
        [(href, more)] = links
        assert unescape(href) == address
        assert 'target="_blank" rel="noopener noreferrer"' in more
    assert unescape(re.sub(r"<[^>]*>", "", bubble)) == text


def test_a_key_we_never_made_finds_nothing(desk, converse):
    url = f"/conversations/{converse().pk}/messages/"
    assert desk.get(url, {"before": "yesterday"}).status_code == 404
    assert desk.get("/conversations/999999/").status_code == 404
