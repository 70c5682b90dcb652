"""The list: it holds still, and what is done with it is done to what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_the_desk_holds_still import (
    ARRIVES,
    CAST,
    World,
    go,
    order,
    sign_in,
)
from tests.processes.driver import Console, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

MORE = """
from datetime import timedelta
from conversations.models import Tag
now = timezone.now()
Customer.objects.update(
    message_granted_at=now, window_closes_at=now + timedelta(hours=48)
)
Tag.objects.create(name="贵宾", colour="amber")
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST + MORE)
        yield console


@pytest.fixture
def world(console: Console) -> World:
    return World(console, ARRIVES)


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
    sign_in(page)
    return page


def row(page: Page, pk: int | str):
    return page.locator(f"#conversation-{pk}-row")


def open_row(page: Page, pk: str):
    return page.locator(f"#conversation-{pk}-row[data-status=open]")


def as_reloaded(page: Page) -> None:
    """What stands there live is what a reload would draw, in the same order."""
    page.mouse.move(900, 400)
    # Badges are counted half a second after what they count; the list waits for the hand.
    same = """async () => {
        const told = (root) => ({
            rows: [...root.querySelectorAll(".row")].map((row) => row.id),
            badges: [...root.querySelectorAll(".badge")].map((one) => one.textContent),
        })
        const answer = await fetch(location, { headers: { Accept: "text/html" } })
        const drawn = new DOMParser().parseFromString(await answer.text(), "text/html")
        return JSON.stringify(told(document)) === JSON.stringify(told(drawn))
    }"""
    wait_until(lambda: page.evaluate(same), what="live is what a reload draws")


def test_twenty_updates_a_second_and_each_press_opens_what_it_was_on(page, world):
    go(page, "/inbox/?view=all")
    burst = (
        "for n in range(160):\n    writes(n % 12 + 1, f'更新 {n}'); time.sleep(0.05)"
    )
    storm = world.begins_to(burst)
    expect(page.locator(".rows")).to_contain_text("更新 2")
    page.evaluate(
        """() => addEventListener("pointerdown", ({ target }) => {
            window.pressed = target.closest(".row")?.dataset.conversation
        }, true)"""
    )
    for number in (3, 6, 1, 5):
        page.locator(".row").nth(number).hover(position={"x": 150, "y": 30})
        page.mouse.down()
        pressed = page.evaluate("window.pressed")
        under = "document.querySelector('.row:hover').dataset.conversation"
        assert page.evaluate(under) == pressed
        page.mouse.up()
        expect(page).to_have_url(re.compile(f"/conversations/{pressed}/"))
    storm.join()
    as_reloaded(page)


def test_the_order_is_let_go_five_seconds_after_the_last_move(page, world):
    go(page, "/inbox/?view=all")
    before = order(page)
    page.locator(".row").nth(3).hover()
    oldest = before[-1].split("-")[1]
    writing = world.begins_to(f"writes({oldest}, '五秒')")
    while "五秒" not in row(page, oldest).inner_text():  # The hand is there till then
        page.mouse.move(300, 400)
        page.mouse.move(301, 400)
    writing.join()
    assert order(page) == before
    # Without another move
    expect(page.locator(".row").first).to_contain_text("五秒", timeout=9_000)


def test_a_new_waiting_row_is_never_held_back(page, world):
    go(page, "/inbox/?view=waiting")
    before = order(page)
    page.locator(".row").nth(1).hover()
    world.does(
        "from conversations.models import MiniProgram\n"
        "from conversations.models.conversation import digest_of\n"
        "new = Customer.objects.create(mini_program=MiniProgram.objects.get(), openid='oNew-9999')\n"
        "made = Conversation.objects.create(customer=new, session_from_digest=digest_of(''), last_message_at=timezone.now())\n"
        "writes(made.pk, '新来的')"
    )
    expect(page.locator(".row").last).to_contain_text("新来的")
    assert order(page)[:-1] == before
    as_reloaded(page)


def test_nothing_moves_under_a_hand_at_the_keys(page, world):
    go(page, "/inbox/?view=all")
    before = order(page)
    page.mouse.move(900, 400)
    page.locator(".row__link").nth(3).focus()
    oldest = before[-1].split("-")[1]
    writing = world.begins_to(f"writes({oldest}, '键盘')")
    while "键盘" not in row(page, oldest).inner_text():  # The hand is there till then
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
    writing.join()
    assert order(page) == before
    expect(page.locator(".rows-release")).to_be_visible()
    page.keyboard.press(".")
    expect(page.locator(".row").first).to_contain_text("键盘")


def test_a_row_is_called_by_a_sentence(page, world):
    go(page, "/inbox/?view=all")
    pk = page.locator(".row").nth(2).get_attribute("data-conversation")
    world.does(f"writes({pk}, '在吗')\nwrites({pk}, '有人吗')")
    link = row(page, pk).locator(".row__link")
    expect(link).to_have_accessible_description("有人吗")
    unread = row(page, pk).get_attribute("data-unread")
    expect(link).to_have_accessible_name(
        re.compile(
            rf"^\S+·\d+，{unread} 条未读，等待 \d+ (小时|分钟|秒).*，"
            r"还可发 5 条，剩余 4\d 小时"
        )
    )


def test_closing_is_taken_back_wherever_it_was_pressed(page):
    go(page, "/inbox/?view=all")
    first, second = [
        page.locator(".row").nth(n).get_attribute("data-conversation") for n in (0, 1)
    ]
    # From the menu of a row
    row(page, first).click(button="right")
    page.locator("#row-menu [data-do=close]").click()
    expect(open_row(page, first)).to_have_count(0)
    page.locator("#notice button").click()
    expect(open_row(page, first)).to_have_count(1)
    expect(page.locator("#notice")).to_have_text("已恢复原状")
    # From the bar of those that are chosen
    for pk in (first, second):
        row(page, pk).locator(".row__link").click(modifiers=["Control"])
    page.locator("#bulk [data-do=close]").click()
    expect(open_row(page, second)).to_have_count(0)
    page.locator("#notice button").click()
    for pk in (first, second):
        expect(open_row(page, pk)).to_have_count(1)
    as_reloaded(page)


def test_what_is_open_again_is_not_said_to_be_as_it_was(page, world):
    go(page, "/inbox/?view=all")
    pk = page.locator(".row").first.get_attribute("data-conversation")
    row(page, pk).click(button="right")
    page.locator("#row-menu [data-do=close]").click()
    button = page.locator("#notice button").element_handle()
    world.does(f"arrives({pk}, '等等')")
    expect(row(page, pk)).to_contain_text("等等")
    button.evaluate("button => button.click()")  # As late as that
    expect(page.locator("#notice")).to_contain_text("已不能撤销结束")


def test_several_are_chosen_and_closed_at_once(page):
    go(page, "/inbox/?view=all")
    rows = page.locator(".row__link")
    rows.nth(0).click(modifiers=["Control"])
    rows.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".bulk__count")).to_contain_text("3")
    rows.nth(1).click(modifiers=["Control"])
    expect(page.locator(".bulk__count")).to_contain_text("2")
    assert "/inbox/" in page.url
    chosen = page.locator(".row--chosen")
    pks = chosen.evaluate_all("rows => rows.map(row => row.dataset.conversation)")
    page.locator("#bulk [data-do=close]").click()
    expect(page.locator("#bulk")).to_be_hidden()
    page.mouse.move(900, 400)
    for pk in pks:
        expect(row(page, pk)).to_have_count(0)
    as_reloaded(page)


def test_the_menu_of_a_row_works_by_keyboard_and_gives_focus_back(page):
    go(page, "/inbox/?view=all")
    first = page.locator(".row").nth(2)
    pk = first.get_attribute("data-conversation")
    first.locator(".row__link").focus()
    page.keyboard.press("Shift+F10")
    menu = page.locator("#row-menu")
    expect(menu).to_be_visible()
    expect(menu.locator("[data-do=tag]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(first.locator(".row__link")).to_be_focused()

    page.keyboard.press("Shift+F10")
    menu.get_by_role("menuitem", name="贵宾").click()
    expect(row(page, pk).locator(".tag")).to_have_text("贵宾")
    as_reloaded(page)
    expect(row(page, pk).locator(".tag")).to_have_text("贵宾")


def test_what_is_put_off_leaves_and_comes_back_when_the_customer_writes(page, world):
    go(page, "/inbox/?view=waiting")
    pk = page.locator(".row").nth(1).get_attribute("data-conversation")
    row(page, pk).click(button="right")
    page.locator("#row-menu [data-until=hour]").click()
    page.mouse.move(900, 400)
    expect(row(page, pk)).to_have_count(0)
    as_reloaded(page)
    world.does(f"arrives({pk}, '我又来了')")
    expect(row(page, pk)).to_contain_text("我又来了")


def test_a_pinned_row_is_on_top_and_a_reload_agrees(page):
    go(page, "/inbox/?view=all")
    last = page.locator(".row").last
    pk = last.get_attribute("data-conversation")
    last.click(button="right")
    page.locator("#row-menu [data-do=pin]").click()
    expect(page.locator(".row").first).to_have_attribute("data-conversation", pk)
    expect(row(page, pk).locator(".row__pin")).to_be_visible()
    as_reloaded(page)
    row(page, pk).click(button="right")
    page.locator("#row-menu [data-do=unpin]").click()
    expect(row(page, pk).locator(".row__pin")).to_be_hidden()


def test_filters_stand_in_the_address_and_hold_for_what_comes_live(page, world):
    go(page, "/inbox/?view=all")
    page.locator(".narrow__open").click()
    page.locator("#choices select[name=assignee]").select_option("none")
    page.wait_for_url("**assignee=none**")
    expect(page.locator("#choices")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".narrow__chip")).to_be_visible()
    expect(page.locator(".tabs .badge").first).to_be_hidden()

    pk = page.locator(".row").nth(1).get_attribute("data-conversation")
    world.does(f"claims({pk}, chen)")
    expect(row(page, pk)).to_have_count(0)
    count = page.locator(".row").count()
    expect(page.locator("[data-found]")).to_have_text(str(count))
    as_reloaded(page)
    page.locator(".narrow__chip").click()
    expect(row(page, pk)).to_be_visible()


def test_a_view_is_kept_by_name_renamed_and_forgotten(page):
    go(page, "/inbox/?view=all&window=open")
    page.locator(".narrow__open").click()
    page.locator("#choices [name=name]").fill("可回复的")
    page.locator("#choices [type=submit]").click()
    saved = page.locator(".narrow__view")
    expect(saved).to_have_text("可回复的")
    page.locator("[data-rename]").fill("能回的")
    page.keyboard.press("Tab")
    expect(saved).to_have_text("能回的")
    page.keyboard.press("Escape")
    page.locator(".narrow__chip").click()
    page.wait_for_url(re.compile("view=all$"))
    saved.click()
    page.wait_for_url("**window=open**")
    page.locator(".narrow__open").click()
    page.locator("[data-forget]").click()
    expect(saved).to_have_count(0)


MANY = """
from conversations.models import MiniProgram
from conversations.models.conversation import digest_of
shop = MiniProgram.objects.get()
for number in range(60):
    customer = Customer.objects.create(
        mini_program=shop, openid=f"oMany-{number:04}", message_granted_at=timezone.now()
    )
    made = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        last_message_at=timezone.now(),
    )
    writes(made.pk, f"排队 {number}")
"""


def test_who_begins_to_wait_is_shown_however_many_wait_and_stands_there_once(
    page, world
):
    world.does(MANY)
    go(page, "/inbox/?view=waiting")
    expect(page.locator(".row")).to_have_count(50)
    page.locator(".row").nth(1).hover()
    world.does(
        "last = Conversation.objects.order_by('-pk').first()\n"
        "handling.close(last, chen); arrives(last.pk, '刚来')"
    )
    expect(page.locator(".row").last).to_contain_text("刚来")
    expect(page.locator(".row")).to_have_count(51)

    # The rest comes as one scrolls, and she stands behind it, once.
    rows = page.locator(".rows-scroll")
    rows.evaluate("scroller => scroller.scrollTop = scroller.scrollHeight")
    waiting = int(page.locator("[data-count=waiting]").inner_text())
    expect(page.locator(".row")).to_have_count(waiting)
    page.mouse.move(900, 400)
    expect(page.locator(".row").last).to_contain_text("刚来")
    assert len(set(order(page))) == waiting
    since = page.locator(".row").evaluate_all(
        "rows => rows.map(row => row.dataset.waitingSince)"
    )
    assert since == sorted(since)


def test_a_finger_reaches_all_that_a_pointer_does(console, browser, world):
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        base_url=console.url,
        has_touch=True,
        is_mobile=True,
    )
    page = context.new_page()
    sign_in(page)
    go(page, "/inbox/?view=all")
    first = page.locator(".row").first
    pk = first.get_attribute("data-conversation")
    dots = first.locator(".row__more")
    size = dots.bounding_box()
    assert size
    assert min(size["width"], size["height"]) >= 24
    dots.tap()
    menu = page.locator("#row-menu")
    expect(menu.locator("[data-do=snooze]").first).to_be_visible()
    menu.locator("[data-do=pin]").tap()
    expect(row(page, pk)).to_have_class(re.compile("row--pinned"))

    # With a conversation open: the same menu, and the search in it.
    world.does(f"arrives({pk}, '发票抬头写错了')")
    row(page, pk).locator(".row__link").tap()
    page.locator(".header [data-menu]").tap()
    expect(menu.locator("[data-do=unpin]")).to_be_visible()
    menu.locator("[data-do=search]").tap()
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("发票抬头")
    expect(page.locator("[data-inside]")).to_be_checked()
    page.locator(".hit").first.tap()
    expect(page.locator("#composer-text")).to_be_visible()
    expect(page.locator(".message", has_text="发票抬头")).to_be_in_viewport()
    context.close()
