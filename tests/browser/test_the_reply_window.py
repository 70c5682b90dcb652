"""The reply window on the screen: counted, closed, and opened by the customer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# The rules would spend some of it.
QUIET = """
from conversations.models import AutoReplyRule
AutoReplyRule.objects.update(active=False)
"""
# The customer's entering is forgotten, their message longer ago.
LONGER_AGO = """
from datetime import timedelta
from django.db.models import F
from conversations.models import Customer
Customer.objects.filter(pk={customer}).update(
    message_granted_at=F("message_granted_at") - timedelta(seconds={seconds}),
    entry_granted_at=None)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder, {"LANE_LEASE": "6"}, demo=True) as console:
        console.open_demo()
        console.shell(QUIET)
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def phone(phone: Page) -> Page:
    """It has entered."""
    phone.locator("[data-session-from='首页客服']").click()
    return phone


def says(phone: Page, words: str) -> None:
    phone.fill("#words", words)
    phone.press("#words", "Enter")


def opens(page: Page, words: str) -> None:
    rows = page.locator("inbox-list li[id$=-row]")
    rows.filter(has_text=words).click()
    expect(page.locator("message-thread")).to_contain_text(words)


def answers(page: Page, words: str) -> None:
    page.locator("#composer-text").fill(words)
    page.locator("#composer-text").press("Enter")
    expect(page.locator("#composer-text")).to_have_value("")


def test_five_are_sent_and_the_box_opens_again_when_the_customer_writes(desk, phone):
    says(phone, "窗口够用吗")
    lin, chen = desk("lin"), desk("chen")
    for page in (lin, chen):
        opens(page, "窗口够用吗")
        expect(page.locator("reply-window")).to_contain_text("5/5")

    answers(lin, "一")
    expect(lin.locator("reply-window")).to_contain_text("4/5")
    expect(chen.locator("reply-window")).to_contain_text("4/5")
    for words in "二三":
        answers(lin, words)
    for page in (lin, chen):
        expect(page.locator("reply-window")).to_have_attribute("data-tone", "near")
        row = page.locator(".row:has([aria-current])")
        expect(row.locator("window-meter")).to_contain_text("2/5")
    answers(lin, "四")
    expect(phone.locator(".line--service .bubble")).to_have_count(4)
    chen.locator("#composer-text").fill("陈的草稿")
    lin.locator("#composer-text").fill("五")
    lin.locator("#composer-text").press("Enter")

    # Nothing is left: both boxes are read-only, say why, and keep what was written.
    for page in (lin, chen):
        expect(page.locator("#composer-text")).not_to_be_editable()
        expect(page.locator(".window-closed")).to_be_visible()
        expect(page.locator("reply-window")).to_have_attribute("data-left", "0")
        expect(page.locator(".composer__send")).to_be_hidden()
    expect(chen.locator("#composer-text")).to_have_value("陈的草稿")
    chen.locator("#composer-text").press("Enter")
    expect(phone.locator(".line--service .bubble")).to_have_count(5)

    # The customer writes, and both open by themselves.
    says(phone, "还在吗")
    for page in (lin, chen):
        expect(page.locator("#composer-text")).to_be_editable()
        expect(page.locator(".window-closed")).to_have_count(0)
        expect(page.locator("reply-window")).to_contain_text("5/5")
    expect(chen.locator("#composer-text")).to_have_value("陈的草稿")

    # And a reload shows the same.
    shown = lin.locator("reply-window").get_attribute("data-windows")
    lin.reload()
    expect(lin.locator("reply-window")).to_have_attribute("data-windows", shown)


def test_a_refusal_we_had_not_counted_on_says_what_to_look_at(console, desk, phone):
    says(phone, "为什么发不出")
    lin = desk("lin")
    opens(lin, "为什么发不出")
    worth_a_look = lin.locator(".window-closed__check")
    refused = {"kind": "errcode", "path": "send", "errcode": 45047}
    httpx.post(f"{console.url}/simulator/api/_faults", json=refused)
    answers(lin, "在的")
    expect(worth_a_look).to_be_visible()
    expect(worth_a_look.locator("li")).to_have_count(3)
    expect(worth_a_look).to_contain_text("AppID")
    expect(lin.locator("#composer-text")).not_to_be_editable()
    expect(lin.locator(".delivery--failed")).to_contain_text("45047")

    says(phone, "还在吗")
    expect(lin.locator("#composer-text")).to_be_editable()
    expect(worth_a_look).to_have_count(0)


def test_a_page_left_open_sees_the_window_lapse_whatever_its_clock_says(
    console, desk, phone
):
    says(phone, "还有几秒")
    an_hour_slow = "{ const now = Date.now; Date.now = () => now() - 3_600_000 }"
    lin = desk("lin", an_hour_slow)
    opens(lin, "还有几秒")
    customer = lin.locator("#conversation").get_attribute("data-customer")
    nearly = 48 * 3600 - 20  # A busy machine takes its time to draw the page
    console.shell(LONGER_AGO.format(customer=customer, seconds=nearly))
    lin.reload()
    expect(lin.locator("reply-window")).to_have_attribute("data-tone", "late")
    expect(lin.locator("#composer-text")).to_be_editable()
    lapsed = expect(lin.locator("reply-window"))
    lapsed.to_have_attribute("data-tone", "closed", timeout=40_000)
    expect(lin.locator("#composer-text")).not_to_be_editable()
