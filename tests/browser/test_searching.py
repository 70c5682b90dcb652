"""Two characters find what was said, and a click leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations import search_index
from conversations.models import CannedAnswer, Conversation, Customer, Message
from conversations.models import MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
CannedAnswer.objects.create(
    title="退款说明", parts=[{"kind": "text", "text": "三个工作日内原路退回"}]
)
noon = timezone.now() - timedelta(hours=5)
for number in range(1, 13):
    customer = Customer.objects.create(
        mini_program=shop, openid=f"oCustomer-{number:04}", message_granted_at=noon
    )
    conversation = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=noon + timedelta(seconds=number),
        last_message_at=noon,
    )
    said = ["在吗"] if number > 1 else [f"第 {count} 句" for count in range(300)]
    if number == 1:
        said[20] = "我的iPhone坏了，要退款"
    messages = Message.objects.bulk_create(
        Message(
            conversation=conversation,
            customer=customer,
            author="customer",
            text=text,
            said_at=noon + timedelta(seconds=count),
            ordered_at=noon + timedelta(seconds=count),
        )
        for count, text in enumerate(said)
    )
    search_index.add(messages)
    search_index.add_customers([customer])
    conversation.last_message = messages[-1]
    conversation.save()
"""
WRITES = """
import json
from django.utils import timezone
from conversations.models import MiniProgram
from conversations.receiving import Arrival, receive
from conversations.wechat import pushes

shop = MiniProgram.objects.get()
fields = {{
    "ToUserName": "gh_1", "FromUserName": "oCustomer-0002", "MsgType": "text",
    "CreateTime": int(timezone.now().timestamp()), "Content": {words!r}, "MsgId": {number},
}}
push = pushes.parse(fields, shop.appid, timezone.now())
receive([Arrival(shop.pk, push, json.dumps(fields), "msg_signature")])
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture
def page(console: Console, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "lin-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    yield page
    context.close()


def test_a_hit_leads_to_its_message_and_escape_back_to_the_list(page):
    page.locator(".row").first.hover()
    page.keyboard.press("/")
    field = page.locator("[data-search]")
    expect(field).to_be_focused()
    field.press_sequentially("iphone 退款")
    hit = page.locator(".hit[data-message]")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text(["iPhone", "退款"])
    expect(page.locator(".row").first).to_be_hidden()

    hit.click()
    expect(page).to_have_url(re.compile("/conversations/1/"))
    message = page.locator(".message", has_text="我的iPhone坏了")
    expect(message).to_be_in_viewport()
    expect(message).to_have_class(re.compile("message--seen-now"))
    expect(hit).to_be_visible()  # The next hit is one click away

    page.locator(".thread").evaluate("thread => thread.scrollTop = 0")
    expect(page.locator(".message", has_text="第 0 句")).to_be_attached()
    page.locator(".thread").evaluate("t => t.scrollTop = t.scrollHeight")
    expect(page.locator(".message", has_text="第 80 句")).to_be_attached()

    field.focus()
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(page.locator(".hit")).to_have_count(0)
    expect(page.locator(".row").first).to_be_visible()


def test_while_an_input_method_composes_nothing_is_asked(page):
    asked = []
    page.on("request", lambda one: "/search/" in one.url and asked.append(one.url))
    page.locator("[data-search]").focus()
    keyboard = page.context.new_cdp_session(page)
    for letters in ("t", "tu", "tui'k", "tui'kuan"):
        end = len(letters)
        keyboard.send(
            "Input.imeSetComposition",
            {"text": letters, "selectionStart": end, "selectionEnd": end},
        )
        page.wait_for_function("new Promise((done) => setTimeout(done, 300, true))")
    assert asked == []
    keyboard.send("Input.insertText", {"text": "退款"})
    expect(page.locator(".hit[data-message]")).to_have_count(1)
    assert len(asked) == 1


def test_what_has_just_come_is_found(page, console):
    console.shell(WRITES.format(words="单号202409309988的发票呢", number=71))
    for words in ("发票", "2024093099", "9988"):
        page.locator("[data-search]").fill(words)
        expect(page.locator(".hit mark")).to_have_text([words])


def test_arrows_walk_from_hit_to_hit_and_an_answer_goes_into_the_box(page):
    page.goto("/conversations/2/")
    page.locator("[data-search]").fill("退款")
    answer = page.locator(".hit--answer")
    expect(answer).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(answer).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value("三个工作日内原路退回")


def test_one_kind_can_be_chosen_by_keys(page):
    page.locator("[data-search]").fill("退款")
    expect(page.locator(".found__group")).to_have_count(2)
    page.locator("[name=kind]:checked").focus()
    for kind in ("conversations", "messages"):
        page.keyboard.press("ArrowRight")
        choice = page.locator(f"[name=kind][value={kind}]")
        expect(choice).to_be_checked()
        expect(choice).to_be_focused()
    expect(page.locator(".found__group")).to_have_count(1)
    expect(page.locator(".hit[data-message]")).to_have_count(1)


def test_what_cannot_be_found_is_said(page):
    page.locator("[data-search]").fill("麒麟")
    expect(page.locator(".found__note")).to_contain_text("麒麟")
    expect(page.locator("#news")).not_to_be_empty()


def test_one_conversation_alone_can_be_looked_through(page):
    page.goto("/conversations/1/")
    page.locator("[data-search]").fill("句")
    expect(page.locator(".found__note")).not_to_be_empty()  # One character: the latest
    page.get_by_label("仅在此会话中").check()
    expect(page.locator(".hit[data-message]")).to_have_count(20)
    page.get_by_role("button", name="显示更多").click()
    expect(page.locator(".hit[data-message]")).to_have_count(40)
    page.locator("[data-search]").fill("iphone")
    hit = page.locator(".hit[data-message]")
    expect(hit).to_have_count(1)
    hit.click()
    expect(page.locator(".message", has_text="我的iPhone坏了")).to_be_in_viewport()
