"""The desk by its keys alone: UP-43's promises, the sheet, and the command palette."""

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
from conversations.models import CannedAnswer, Conversation, Customer, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
for number in range(1, 10):
    at = timezone.now() - timedelta(minutes=30 - number)
    customer = Customer.objects.create(
        mini_program=shop,
        openid=f"oCustomer-{number:04}",
        remark="退款王先生" if number == 3 else "",
        message_granted_at=timezone.now(),
    )
    Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=at,
        last_message_at=at,
    )
CannedAnswer.objects.create(
    title="退款流程",
    shortcut="tk",
    pinyin="tuikuanliucheng tklc",
    parts=[{"kind": "text", "text": "退款请在订单页申请。"}],
)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture(scope="module")
def signed_in(console: Console, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "lin-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(signed_in: BrowserContext) -> Iterator[Page]:
    page = signed_in.new_page()
    page.goto("/inbox/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    yield page
    page.close()


def opened(page: Page) -> str | None:
    return page.locator("#conversation").get_attribute("data-conversation")


def focused_row(page: Page) -> str:
    return page.evaluate(
        "document.activeElement.closest('.row')?.dataset.conversation ?? null"
    )


def open_conversation(page: Page, pk: int) -> None:
    page.goto(f"/conversations/{pk}/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


def leave_the_box(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


def test_no_key_is_the_browsers_or_an_input_methods(page):
    lines = page.locator("#keys [data-keys]").evaluate_all(
        "all => all.map(one => [one.dataset.keys, !!one.closest('[data-outside]')])"
    )
    assert len(lines) > 25
    theirs = re.compile(
        r"alt\+\w$|mod\+(tab|w|t|n|\d|space|\.)$|mod\+shift$|shift( |\+space)?$"
    )
    for keys, is_single in lines:
        for stroke in keys.split():
            assert not theirs.search(stroke), keys
            if is_single:
                assert "+" not in stroke or stroke == "+", keys


def test_no_two_lines_of_a_table_have_one_key(page):
    for section in ("[data-everywhere] ul:first-of-type", "[data-outside]"):
        keys = page.locator(f"#keys {section} [data-does]:not([data-does=''])")
        found = keys.evaluate_all("all => all.map(one => one.dataset.keys)")
        assert len(found) == len(set(found))


def test_rows_are_walked_and_opened_by_keys(page):
    page.keyboard.press("j")
    first = focused_row(page)
    page.keyboard.press("j")
    second = focused_row(page)
    assert first
    assert second
    assert first != second
    page.keyboard.press("k")
    assert focused_row(page) == first
    page.keyboard.press("Enter")
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", first)


def test_single_keys_are_letters_in_a_field(page):
    open_conversation(page, 1)
    page.locator("#composer-text").press_sequentially("jknecr?")
    expect(page.locator("#composer-text")).to_have_value("jknecr?")
    expect(page.locator("#keys")).to_be_hidden()
    assert opened(page) == "1"
    page.locator("#composer-text").fill("")


def test_an_input_methods_keys_do_nothing_outside_fields_either(page):
    box = page.locator("body")
    for keys in CONFIRMED_BY_ENTER.values():
        box.evaluate(PLAY, [one for one in keys if one[0].startswith("key")][:3])
    taken = {"key": "j", "keyCode": 229, "isComposing": True}
    box.evaluate(PLAY, [["keydown", taken]])
    assert focused_row(page) is None


def test_alt_and_an_arrow_change_conversations_but_not_beside_text(page):
    open_conversation(page, 5)
    box = page.locator("#composer-text")
    box.fill("写到一半")
    box.press("Alt+ArrowDown")
    assert opened(page) == "5"
    box.fill("")
    box.press("Alt+ArrowDown")
    expect(page.locator("#conversation")).not_to_have_attribute(
        "data-conversation", "5"
    )
    expect(box).to_be_focused()
    box.press("Alt+ArrowUp")
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "5")


def test_a_key_held_down_walks_and_opens_where_it_is_let_go(page):
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    page.keyboard.down("Alt")
    for _ in range(8):
        page.keyboard.down("ArrowDown")
    wanted = focused_row(page)
    page.keyboard.up("ArrowDown")
    page.keyboard.up("Alt")
    rows = page.locator(".row").evaluate_all(
        "rows => rows.map(row => row.dataset.conversation)"
    )
    assert rows.index(wanted) >= 6  # The box of the first took the focus once
    expect(page.locator(".header")).to_have_attribute("data-conversation", wanted)
    panes = [one for one in asked if re.search(r"/conversations/\d+/$", one)]
    assert len(panes) <= 2


def test_what_a_key_gives_away_is_the_row_it_is_on(page):
    open_conversation(page, 5)
    page.locator("#composer-text").fill("只说给五号听")
    row = page.locator("#conversation-8-row")
    row.locator(".row__link").focus()
    page.keyboard.press("t")
    name = row.locator(".row__name").inner_text()
    expect(page.locator("#transfer")).to_be_visible()
    expect(page.locator("#transfer-title")).to_have_text(f"将 {name} 转接给…")
    expect(page.locator(".transfer__draft")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(row.locator(".row__link")).to_be_focused()
    row.click(button="right")
    page.locator("#row-menu [data-do=transfer]").click()
    expect(page.locator("#transfer-title")).to_have_text(f"将 {name} 转接给…")
    page.keyboard.press("Escape")
    page.locator("#composer-text").fill("")


def test_f8_opens_the_longest_wait_also_from_a_field(page):
    open_conversation(page, 9)
    page.locator("#composer-text").press("F8")
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")


def test_single_keys_can_be_switched_off(page):
    page.evaluate("document.body.dataset.singleKeys = 'off'")
    page.keyboard.press("j")
    assert focused_row(page) is None
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator(".palette")).to_be_visible()


def test_going_to_a_view_takes_two_keys(page):
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator("#inbox")).to_have_attribute("data-view", "waiting")
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.locator("#inbox")).to_have_attribute("data-view", "mine")


def test_closing_can_be_taken_back_for_a_while(page):
    open_conversation(page, 6)
    leave_the_box(page)
    page.keyboard.press("c")
    expect(page.locator(".header [data-action=release]")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator(".header [data-action=reopen]")).to_be_visible()
    page.locator("#notice button").click()
    expect(page.locator(".header [data-action=release]")).to_be_visible()
    # As it was: still unanswered, still Lin's.
    row = page.locator("#conversation-6-row")
    expect(row).not_to_have_attribute("data-waiting-since", "")


def test_rows_are_pinned_marked_and_put_off_by_keys(page):
    open_conversation(page, 7)
    leave_the_box(page)
    row = page.locator("#conversation-7-row")
    page.keyboard.press("p")
    expect(row).to_have_class(re.compile("row--pinned"))
    page.keyboard.press("p")
    expect(row).not_to_have_class(re.compile("row--pinned"))
    page.keyboard.press("s")
    later = page.locator("#row-menu [data-do=snooze]").first
    expect(later).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#row-menu")).to_be_hidden()


def test_the_sheet_shows_the_keys_and_gives_focus_back(page):
    open_conversation(page, 2)
    leave_the_box(page)
    page.locator('[data-tab="all"]').focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    assert focused_row(page) is None
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator('[data-tab="all"]')).to_be_focused()


def test_the_palette_finds_a_customer_by_pinyin(page):
    page.keyboard.press("Control+k")
    query = page.locator(".palette__query")
    expect(query).to_be_focused()
    query.press_sequentially("tkwxs")
    option = page.locator(".palette [role=option]")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("退款王先生")
    assert query.get_attribute("aria-activedescendant") == option.get_attribute("id")
    query.press("Enter")
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "3")


def test_the_palette_puts_an_answer_in_and_focus_back(page):
    open_conversation(page, 4)
    box = page.locator("#composer-text")
    box.press("Control+k")
    page.locator(".palette__query").press_sequentially("tklc")
    expect(page.locator(".palette [role=option]").first).to_contain_text("退款流程")
    page.keyboard.press("Enter")
    expect(box).to_have_value("退款请在订单页申请。")
    expect(box).to_be_focused()
    box.fill("")


@pytest.mark.parametrize("keys", CONFIRMED_BY_ENTER.values(), ids=CONFIRMED_BY_ENTER)
def test_confirming_a_candidate_chooses_nothing_in_the_palette(page, keys):
    page.keyboard.press("Control+k")
    page.locator(".palette__query").evaluate(PLAY, keys)
    expect(page.locator(".palette__query")).to_have_value("你")
    expect(page.locator(".palette")).to_be_visible()


def test_the_palette_does_what_keys_do(page):
    page.keyboard.press("Control+k")
    page.locator(".palette__query").press_sequentially("全部快捷键")
    page.keyboard.press("Enter")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator(".palette")).to_be_hidden()
