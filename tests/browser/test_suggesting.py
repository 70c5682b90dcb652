"""Common answers at hand: the strip over the box, the list from an empty one, the picker."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.browser.test_holding_back import sign_in
from tests.browser.test_writing import CAST, SOMETHING_ARRIVES
from tests.browser.test_writing import Desk as WritingDesk
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]


class Desk(WritingDesk):
    _next = 0

    @property
    def suggestions(self) -> Locator:
        return self.page.locator(".suggestion")

    @property
    def options(self) -> Locator:
        return self.picker.locator("[role=option]")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture(scope="module")
def lin(console: Console, browser: Browser) -> Iterator[BrowserContext]:
    context = sign_in(console, browser, "lin")
    yield context
    context.close()


@pytest.fixture
def desk(console: Console, lin: BrowserContext) -> Iterator[Desk]:
    desk = Desk(lin)
    says(console, desk, "我想申请退款")
    expect(desk.suggestions.first).to_contain_text("退款流程")
    yield desk
    desk.page.close()


def says(console: Console, desk: Desk, text: str) -> None:
    console.shell(SOMETHING_ARRIVES.format(pk=desk.pk).replace("还在吗", text))
    expect(desk.page.locator(".message--customer").last).to_contain_text(text)


def test_a_click_on_a_suggestion_inserts_and_one_with_shift_sends(desk):
    name = re.compile("^插入：退款流程")
    suggestion = desk.page.get_by_role("button", name=name)
    desk.box.press_sequentially("您好，")
    suggestion.click()
    expect(desk.box).to_have_value("您好，退款请在订单页申请。")
    expect(desk.box).to_be_focused()
    assert desk.posts == []
    desk.box.press("Control+z")
    expect(desk.box).to_have_value("您好，")
    suggestion.click(modifiers=["Shift"])
    expect(desk.ours).to_have_text(["退款请在订单页申请。"])
    expect(desk.box).to_have_value("您好，")


def test_suggestions_stay_until_the_customer_says_something_else(desk, console):
    before = desk.suggestions.all_inner_texts()
    desk.box.fill("退款请稍等")
    desk.box.press("Enter")
    expect(desk.ours).to_have_count(1)
    assert desk.suggestions.all_inner_texts() == before
    says(console, desk, "发票什么时候开好")
    expect(desk.suggestions.first).to_contain_text("发票")


def test_suggestions_and_quick_replies_share_no_row(desk):
    quick = desk.page.locator("[data-answer]").first.bounding_box()
    suggestion = desk.suggestions.first.bounding_box()
    assert quick
    assert suggestion
    assert quick["y"] + quick["height"] <= suggestion["y"]


def test_from_an_empty_box_the_arrow_and_a_number_insert(desk):
    desk.box.press("ArrowDown")
    expect(desk.options.first).to_contain_text("退款流程")
    desk.box.press("1")
    expect(desk.box).to_have_value("退款请在订单页申请。")
    expect(desk.picker).to_be_hidden()
    desk.box.press("ArrowDown")  # Not empty any more
    expect(desk.picker).to_be_hidden()
    assert desk.posts == []


def test_the_list_from_an_empty_box_is_closed_by_escape_and_by_typing(desk):
    desk.box.press("ArrowDown")
    expect(desk.picker).to_be_visible()
    desk.box.press("Escape")
    expect(desk.picker).to_be_hidden()
    desk.box.press("ArrowDown")
    expect(desk.picker).to_be_visible()
    desk.box.press_sequentially("好")
    expect(desk.picker).to_be_hidden()
    expect(desk.box).to_have_value("好")


def test_tab_completes_a_shortcut_and_the_preview_says_what_it_costs(desk):
    desk.box.press_sequentially("/tui")
    preview = desk.page.locator(".picker__facts")
    expect(preview).to_have_text("全员 · 将使用 1 条")
    desk.box.press("Tab")
    expect(desk.box).to_have_value("/tk")
    expect(desk.picker).to_be_visible()
    expect(desk.box).to_be_focused()


def test_hovering_does_not_change_what_enter_takes(desk):
    desk.box.press_sequentially("/")
    expect(desk.options.nth(1)).to_be_visible()
    first = desk.options.first.inner_text()
    desk.options.nth(1).hover()
    expect(desk.options.first).to_have_attribute("aria-selected", "true")
    desk.box.press("Enter")
    taken = "退款请" if "退款" in first else "发票三天"
    expect(desk.box).to_have_value(re.compile(taken))
