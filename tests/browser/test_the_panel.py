"""The panel beside the conversation, with real processes and a colleague."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.key_sequences import CONFIRMED_BY_ENTER, PLAY
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import (
    CannedAnswer, Conversation, Customer, Entrance, Message, MiniProgram, Seat, Tag
)
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
order = Entrance.objects.create(
    mini_program=shop, match="prefix", pattern="order", label="订单详情页"
)
for name, colour in [("老客户", "blue"), ("退款中", "red"), ("待回访", "amber")]:
    Tag.objects.create(name=name, colour=colour)
noon = timezone.now() - timedelta(hours=1)
for number in range(1, 5):
    customer = Customer.objects.create(
        mini_program=shop, openid=f"oCustomer-{number:04}", message_granted_at=noon
    )
    for count, session_from in enumerate(["", f"order?id={number}&from=list"]):
        at = noon + timedelta(seconds=number * 10 + count)
        conversation = Conversation.objects.create(
            customer=customer,
            session_from=session_from,
            session_from_digest=digest_of(session_from),
            entrance=order if session_from else None,
            last_message_at=at,
            waiting_since=at,
        )
        said = dict(
            conversation=conversation,
            customer=customer,
            author="customer",
            said_at=at,
            ordered_at=at,
        )
        Message.objects.create(
            kind="event",
            data={"event": "entered", "session_from": session_from},
            **said,
        )
        conversation.last_message = Message.objects.create(text="在吗", **said)
        conversation.save()
for title, text, pinyin in [
    ("退款说明", "退款三天内到账。", "tuikuanshuoming tksm"),
    ("发货时间", "今天就发货。", "fahuoshijian fhsj"),
]:
    parts = [{"kind": "text", "text": text}]
    CannedAnswer.objects.create(title=title, pinyin=pinyin, parts=parts)
"""
CHEN = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations import customers
from conversations.models import Conversation, Tag

chen = Agent.objects.get(username="chen")

def of(pk):
    return Conversation.objects.select_related("customer").get(pk=pk)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def chen(console: Console):
    """What a colleague does meanwhile: chen("customers.rename(of(2).customer, '小明')")"""
    return lambda code: console.shell(CHEN + code)


@pytest.fixture
def context(console: Console, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "lin-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    return page


def go(page: Page, pk: int) -> None:
    page.goto(f"/conversations/{pk}/?view=waiting")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


def with_panel(page: Page, pk: int, tab: str = "customer") -> None:
    go(page, pk)
    if page.locator("#side-panel").is_hidden():
        page.locator("[data-panel-toggle]").click()
    page.locator(f"[data-side={tab}]").click()
    if tab == "customer":
        expect(page.locator(".known")).to_be_visible()


def name_on(page: Page, place: str) -> str:
    return page.locator(place).first.inner_text()


def test_the_panel_stays_as_it_was_left(page):
    go(page, 2)
    panel = page.locator("#side-panel")
    expect(panel).to_be_hidden()
    page.locator("[data-panel-toggle]").click()
    expect(panel).to_contain_text("订单详情页")
    expect(page.locator(".entry__said").first).to_contain_text("list")
    assert panel.bounding_box()["width"] == 320

    page.locator("[data-side=history]").click()
    expect(page.locator(".past")).to_have_count(2)
    page.locator("#conversation-4-row a").click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "4")
    expect(page.locator("#past-4")).to_be_visible()
    page.reload()
    expect(page.locator("#past-4")).to_be_visible()
    page.locator("[data-panel-close]").click()
    page.reload()
    expect(panel).to_be_hidden()


def test_an_earlier_conversation_opens_from_the_history(page):
    with_panel(page, 2, "history")
    page.locator("#past-1 a").click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")
    expect(page.locator("#past-1")).to_be_visible()


def test_a_remark_is_given_in_place(page):
    with_panel(page, 2)
    alias = name_on(page, ".header h1")
    page.locator("#composer-text").press("F2")
    field = page.locator("[name=remark]")
    expect(field).to_be_focused()
    field.fill("不要")
    field.press("Escape")
    expect(page.locator(".known__name")).to_contain_text(alias)

    page.keyboard.press("F2")
    field.fill("王老师")
    field.press("Enter")
    for place in (".known__name", ".header h1", "#conversation-2-row .row__name"):
        expect(page.locator(place)).to_contain_text("王老师")
    log = page.locator("message-thread [role=log]")
    expect(log).to_have_attribute("aria-label", re.compile("王老师"))

    page.keyboard.press("F2")
    field.fill("")
    field.press("Enter")
    expect(page.locator(".header h1")).to_have_text(alias)


@pytest.mark.parametrize("keys", CONFIRMED_BY_ENTER.values(), ids=CONFIRMED_BY_ENTER)
def test_enter_that_confirms_a_candidate_saves_no_name(page, keys):
    with_panel(page, 4)
    alias = name_on(page, ".header h1")
    page.keyboard.press("F2")
    field = page.locator("[name=remark]")
    field.evaluate(PLAY, keys)
    expect(field).to_have_value("你")
    expect(field).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".header h1")).to_have_text(alias)


def test_what_a_colleague_changes_shows_at_once(page, chen):
    with_panel(page, 6)
    chen("customers.rename(of(6).customer, '赵女士')")
    expect(page.locator(".known__name")).to_contain_text("赵女士")
    chen("customers.tag(of(6).customer, Tag.objects.get(name='老客户'))")
    expect(page.locator(".known__tag")).to_contain_text("老客户")
    live = page.locator(".known").inner_text()
    page.reload()
    expect(page.locator(".known")).to_be_visible()
    assert page.locator(".known").inner_text() == live


def test_what_a_colleague_changes_waits_for_what_is_being_written(page, chen):
    with_panel(page, 8)
    page.keyboard.press("F2")
    field = page.locator("[name=remark]")
    field.press_sequentially("写到一")
    chen(
        "customers.rename(of(8).customer, '别人起的')\n"
        "customers.tag(of(8).customer, Tag.objects.get(name='待回访'))"
    )
    expect(page.locator(".known__tag")).to_contain_text("待回访")
    expect(field).to_have_value("写到一")
    field.press("Escape")
    expect(page.locator(".known__name")).to_contain_text("别人起的")


def test_a_tag_is_found_by_pinyin_and_taken_off_again(page):
    with_panel(page, 2)
    field = page.locator("tag-picker input")
    field.click()
    expect(page.locator(".tag-list__tag")).to_have_count(3)
    field.press_sequentially("tk")
    expect(page.locator(".tag-list__tag")).to_have_count(1)
    field.press("Enter")
    tag = page.locator(".known__tag")
    expect(tag).to_contain_text("退款中")
    expect(field).to_be_focused()
    tag.locator("[data-untag]").click()
    expect(tag).to_have_count(0)


def test_a_block_says_why_and_ends_by_itself(page):
    with_panel(page, 2)
    page.locator("[data-block]").click()
    dialog = page.locator("block-dialog dialog")
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[data-error=reason]")).to_be_visible()
    page.keyboard.press("Escape")

    page.locator("[data-block]").click()
    dialog.locator("[name=reason]").fill("广告")
    dialog.locator("[value='7']").check()
    dialog.locator("[type=submit]").click()
    expect(page.locator(".header__blocked")).to_contain_text("广告")
    expect(page.locator(".known__blocked")).to_contain_text("Lin")
    expect(page.locator(".message--blocked")).to_contain_text("广告")

    # A week later, without a reload.
    page.evaluate(
        "for (const one of document.querySelectorAll('[data-until]'))"
        " one.dataset.until = new Date(Date.now() + 300).toISOString();"
        "document.dispatchEvent(new CustomEvent('desk:header'))"
    )
    expect(page.locator(".header__blocked")).to_be_hidden()
    expect(page.locator("[data-block]")).to_be_visible()


def test_common_answers_are_put_in_or_sent_from_the_shelf(page):
    with_panel(page, 4, "answers")
    shelf = page.locator("#side-answers")
    expect(shelf.locator(".shelf__answer")).to_have_count(2)
    shelf.locator("input").fill("tksm")
    expect(shelf.locator(".shelf__answer")).to_have_count(1)
    page.locator("#composer-text").fill("您好，")
    shelf.locator("[data-insert]").click()
    expect(page.locator("#composer-text")).to_have_value("您好，退款三天内到账。")
    assert page.locator(".message--agent").count() == 0
    page.locator("#composer-text").fill("")

    shelf.locator("input").fill("fhsj")
    shelf.locator("[data-send]").click()
    expect(page.locator(".message--agent .bubble")).to_have_text("今天就发货。")


def test_narrow_screens_have_the_panel_over_the_log(page):
    page.set_viewport_size({"width": 1024, "height": 768})
    with_panel(page, 2)
    log = page.locator("#conversation").bounding_box()
    side = page.locator("#side-panel").bounding_box()
    assert side["x"] < log["x"] + log["width"]
    assert side["x"] + side["width"] == 1024
    page.locator("[data-side=customer]").press("Escape")
    expect(page.locator("#side-panel")).to_be_hidden()

    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("[data-panel-toggle]").click()
    box = page.locator("#side-panel").bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_agent_keeps_answers_of_their_own(page, context):
    go(page, 2)
    own = context.new_page()
    own.goto("/answers/own/")
    own.locator("[data-add]").click()
    own.fill("#own-text", "马上为您查。")
    own.locator("own-answers [type=submit]").click()
    expect(own.locator("[data-error=title]")).to_be_visible()
    own.keyboard.press("Escape")

    own.locator("[data-add]").click()
    expect(own.locator("#own-text")).to_have_value("马上为您查。")
    for title in ("马上查", "再见"):
        if title == "再见":
            own.locator("[data-add]").click()
            own.fill("#own-text", "再见，祝您愉快。")
        own.fill("#own-title", title)
        own.locator("own-answers [type=submit]").click()
        expect(own.locator(".own", has_text=title)).to_be_visible()

    # The open desk has them without a reload.
    page.locator("#composer-text").press_sequentially("/msc")
    expect(page.locator("#answer-list")).to_contain_text("马上查")
    page.keyboard.press("Escape")
    page.locator("#composer-text").fill("")

    with own.expect_response("**/order/"):
        own.locator("[data-grip]").nth(1).press("ArrowUp")
    own.reload()
    expect(own.locator(".own h2").first).to_contain_text("再见")

    own.locator("[data-delete]").first.click()
    expect(own.locator("[data-confirm] h2")).to_contain_text("再见")
    own.locator("[data-really]").click()
    expect(own.locator(".own")).to_have_count(1)
