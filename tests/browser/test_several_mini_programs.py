"""A second mini program: the desk tells them apart as soon as there are two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from conversations.management import demo
from tests.browser.conftest import take_new_phone
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console"), demo=True) as console:
        console.open_demo()
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def context(console: Console, browser: Browser):
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    yield context
    context.close()


@pytest.fixture
def desk(context) -> Page:
    page = context.new_page()
    page.goto("/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "kefu-demo-lin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    return page


def writes(context, appid: str, name: str, words: str) -> None:
    """Have a new customer of a mini program write from their phone."""
    phone = context.new_page()
    phone.goto(f"/simulator/?app={appid}")
    take_new_phone(phone, name)
    phone.locator("#shop button[data-session-from]").first.click()
    phone.fill("#words", words)
    phone.press("#words", "Enter")
    expect(phone.locator(".line").filter(has_text=words)).to_be_visible()
    phone.close()


def rows(page: Page):
    return page.locator("inbox-list .row")


def test_the_desk_tells_them_apart_once_there_are_two(console, context, desk):
    writes(context, demo.APPID, "小明", "书什么时候到")
    expect(rows(desk)).to_have_count(1)
    rows(desk).first.click()
    box = desk.locator("#composer-text")
    box.fill("我看一")
    expect(desk.locator(".program")).to_have_count(0)
    expect(desk.locator("[data-choose-program]")).to_have_count(0)

    # A second is added while Lin writes: nothing she does is disturbed.
    console.manage("demo", "--second")
    choice = desk.locator("[data-choose-program]")
    expect(choice).to_have_count(1)
    expect(desk.locator("#conversation .program")).to_have_text(demo.NAME)
    expect(box).to_have_value("我看一")

    writes(context, demo.SECOND_APPID, "小红", "有燕麦奶吗")
    expect(rows(desk)).to_have_count(2)
    expect(rows(desk).locator(".program")).to_have_text([demo.NAME, demo.SECOND_NAME])

    # What came live is what a reload shows.
    live = rows(desk).locator(".program").all_text_contents()
    desk.reload()
    expect(rows(desk).locator(".program")).to_have_text(live)

    # Narrowed to one, the list, its badges and its address keep to it.
    choice.select_option(label=demo.SECOND_NAME)
    expect(rows(desk)).to_have_count(1)
    expect(desk.locator("[data-count=waiting]")).to_have_text("1")
    assert "mini_program=" in desk.url
    writes(context, demo.APPID, "小华", "可以开发票吗")
    writes(context, demo.SECOND_APPID, "小丽", "几点关门")
    expect(rows(desk)).to_have_count(2)
    expect(desk.locator("[data-count=waiting]")).to_have_text("2")
    rows(desk).first.click()
    expect(desk.locator("#conversation .program")).to_have_text(demo.SECOND_NAME)
    desk.reload()
    expect(rows(desk)).to_have_count(2)
    desk.locator('[data-tab="all"]').click()
    expect(desk.locator('[data-tab="all"][aria-current]')).to_be_visible()
    expect(choice).to_have_value(desk.url.split("mini_program=")[1])
    desk.locator('[data-tab="waiting"]').click()
    choice.select_option("")
    expect(rows(desk)).to_have_count(4)
    expect(desk.locator("[data-count=waiting]")).to_have_text("4")

    # Only what fits the customer is offered.
    rows(desk).filter(has_text="有燕麦奶吗").click()
    expect(desk.locator("#conversation .header h1")).to_be_visible()
    expect(desk.get_by_role("button", name="马上做")).to_be_visible()
    rows(desk).filter(has_text="可以开发票吗").click()
    expect(desk.get_by_role("button", name="马上做")).to_have_count(0)
