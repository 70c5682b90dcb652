"""What the desk tells the server of typing, and what it is told of a pause."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from tests.browser.test_writing import CAST
from tests.processes.driver import Console, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

WU = """
from agents.models import Agent
Agent.objects.create_user("wu", password="wu-password", is_staff=True)
"""
PAUSE = """
from conversations import pauses
from conversations.models import MiniProgram
from conversations.wechat.errors import refusal
pauses.begin(MiniProgram.objects.get().pk, refusal(40164, "invalid ip rid: 6-7-8"))
"""
GO_ON = """
from conversations import pauses
from conversations.models import MiniProgram
pauses.end(MiniProgram.objects.get().pk)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST + WU)
        yield console


@pytest.fixture
def context(browser: Browser, console: Console) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=console.url, locale="zh-CN")
    yield context
    context.close()


def signs_in(context: BrowserContext, name: str) -> Page:
    page = context.new_page()
    page.goto("/login/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(f"{name}-password")
    page.keyboard.press("Enter")
    expect(page.locator("inbox-list")).to_be_visible()
    return page


class Said:
    """What a page says of typing over its socket."""

    def __init__(self, page: Page) -> None:
        self.words: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._take)

    def _take(self, payload: str | bytes) -> None:
        frame = json.loads(payload)
        self.words += [word for word in ("typing", "not_typing") if word in frame]


@pytest.fixture
def lins(context: BrowserContext) -> tuple[Page, Said]:
    page = signs_in(context, "lin")
    said = Said(page)
    page.clock.install()
    page.goto(page.locator(".row__link").first.get_attribute("href") or "")
    expect(page.locator("[data-presence]")).to_have_class("presence presence--open")
    return page, said


def passes(page: Page, seconds: float) -> None:
    page.clock.run_for(int(seconds * 1000))


def until(page: Page, said: Said, words: list[str]) -> None:
    for _ in range(200):
        if said.words == words:
            return
        page.wait_for_timeout(20)
    assert said.words == words


def test_an_emptied_box_takes_it_back_at_once(lins: tuple[Page, Said]) -> None:
    page, said = lins
    box = page.locator("#composer-text")
    box.press_sequentially("您好")
    until(page, said, ["typing"])
    box.fill("")
    until(page, said, ["typing", "not_typing"])
    box.fill("再")
    until(page, said, ["typing", "not_typing", "typing"])
    box.fill("")


def test_who_types_on_is_shown_on_and_who_leaves_is_not(
    lins: tuple[Page, Said],
) -> None:
    page, said = lins
    box = page.locator("#composer-text")
    for _ in range(6):  # To the 15th second
        box.press_sequentially("好")
        passes(page, 3)
    until(page, said, ["typing", "typing"])
    passes(page, 8)
    until(page, said, ["typing", "typing", "not_typing"])
    passes(page, 60)
    assert said.words == ["typing", "typing", "not_typing"]


def test_a_pause_comes_and_goes_without_a_reload(
    console: Console, context: BrowserContext
) -> None:
    page = signs_in(context, "lin")
    page.evaluate("window.isTheSamePage = true")
    banner = page.locator(".pause")
    expect(page.locator("[data-presence]")).to_have_class("presence presence--open")
    expect(banner).to_have_count(0)
    console.shell(PAUSE)
    expect(banner).to_contain_text("IP 白名单")
    expect(banner).to_contain_text("40164")
    expect(banner.get_by_role("button")).to_be_hidden()
    box = page.locator(".inbox").bounding_box()
    above = banner.bounding_box()
    assert box
    assert above
    assert box["y"] >= above["y"] + above["height"]
    html = banner.evaluate("element => element.outerHTML.trim()")
    page.reload()
    assert banner.evaluate("element => element.outerHTML.trim()") == html
    console.shell(GO_ON)
    expect(banner).to_have_count(0)


def test_a_supervisor_has_it_tried_again(
    console: Console, context: BrowserContext
) -> None:
    page = signs_in(context, "wu")
    expect(page.locator("[data-presence]")).to_have_class("presence presence--open")
    console.shell(PAUSE)
    banner = page.locator(".pause")
    banner.get_by_role("button", name="重试").click()
    expect(page.locator("#notice")).to_contain_text("正在重新请求微信")
    expect(banner.get_by_role("link", name="设置")).to_be_visible()
    console.shell(GO_ON)
    wait_until(lambda: banner.count() == 0)
