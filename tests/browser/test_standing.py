"""What the desk says of the house: the line, the worker, a newer version (UP-01, 04, 05)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Customer, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
Conversation.objects.create(
    customer=Customer.objects.create(
        mini_program=shop, openid="oXiaoming", message_granted_at=timezone.now()
    ),
    session_from_digest=digest_of(""),
    waiting_since=timezone.now(),
    last_message_at=timezone.now(),
)
"""
HIDE = """isHidden => {
    for (const [name, value] of [["hidden", isHidden], ["visibilityState", isHidden ? "hidden" : "visible"]])
        Object.defineProperty(document, name, { configurable: true, get: () => value })
    document.dispatchEvent(new Event("visibilitychange"))
}"""
LISTEN = """
window.alerts = []
document.addEventListener("alert:tone", ({ detail }) => alerts.push(detail.tone))
"""
# Whatever says for a moment that the line is gone.
WATCH = """() => {
    window.falseAlarms = []
    const look = () => {
        const said = document.querySelector(".line:not(.line--back, [hidden])")?.textContent
        const state = document.querySelector("live-socket").dataset.state
        if (said || state !== "open") falseAlarms.push(said ?? state)
    }
    const everything = { subtree: true, attributes: true, childList: true }
    new MutationObserver(look).observe(document.body, everything)
}"""
COMES = """
from django.utils import timezone
from conversations import live
from conversations.models import Conversation, Customer, MiniProgram
from conversations.models.conversation import digest_of

with live.recording():
    live.conversation(
        Conversation.objects.create(
            customer=Customer.objects.create(
                mini_program=MiniProgram.objects.get(),
                openid="oXiaohong",
                message_granted_at=timezone.now(),
            ),
            session_from_digest=digest_of(""),
            waiting_since=timezone.now(),
            last_message_at=timezone.now(),
            unread=1,
        )
    )
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web", "worker")
        console.shell(CAST)
        yield console


@pytest.fixture
def context(console: Console, browser: Browser) -> Iterator[BrowserContext]:
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


def desk(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/conversations/1/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    return page


def test_a_stopped_worker_is_told_and_its_return_too(console, context):
    page = desk(context)
    line = page.locator("#worker-silent")
    expect(line).to_be_hidden()
    console.kill("worker")
    expect(line).to_be_visible(timeout=60_000)
    expect(line).to_have_text("发送将排队：消息暂时发不出去", use_inner_text=True)
    page.evaluate("document.body.dataset.supervisor = ''")
    expect(line).to_have_text("后台任务停止，发送将排队", use_inner_text=True)
    console.start("worker")
    expect(line).to_be_hidden(timeout=30_000)


def test_another_version_is_told_and_reloads_nothing(console, context):
    page = desk(context)
    page.evaluate("document.body.dataset.version = 'drawn by an older one'")
    page.locator("#composer-text").fill("写到一半")
    console.kill("web")
    console.start("web")
    expect(page.locator("#new-version")).to_be_visible(timeout=40_000)
    expect(page.locator("#composer-text")).to_have_value("写到一半")
    page.locator("[data-reload]").click()
    expect(page.locator("#new-version")).to_be_hidden()
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    expect(page.locator("#composer-text")).to_have_value("写到一半")


def test_a_page_that_comes_back_to_the_front_raises_no_false_alarm(context):
    page = context.new_page()
    page.clock.install()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/conversations/1/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.evaluate(HIDE, True)
    page.clock.fast_forward("15:00")
    page.evaluate(HIDE, False)
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    expect(page.locator(".line:not(.line--back)")).to_be_hidden()
    assert len(sockets) <= 2


def test_a_page_hidden_for_long_still_tells_what_comes(console, context):
    page = context.new_page()
    page.clock.install()
    page.add_init_script(LISTEN)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/conversations/1/?view=all")
    line = page.locator("live-socket")
    expect(line).to_have_attribute("data-state", "open")
    page.locator("body").press("Shift")  # Pages may sound once somebody was there
    page.evaluate(WATCH)
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.evaluate(HIDE, True)
    page.clock.fast_forward("15:00")
    console.shell(COMES)
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    page.wait_for_function("alerts.length")
    assert page.evaluate("alerts") == ["waiting"]
    assert page.evaluate("falseAlarms") == []
    assert len(sockets) <= 2


def test_a_list_that_cannot_be_had_keeps_the_old_one(context):
    page = desk(context)
    page.route("**/inbox/?*", lambda route: route.abort())
    page.locator('[data-tab="waiting"]').click()
    failed = page.locator("#list-failed")
    expect(failed).to_be_visible()
    expect(page.locator("#conversation-1-row")).to_be_visible()
    page.unroute_all()
    failed.get_by_role("button").click()
    expect(failed).to_be_hidden()
    expect(page.locator("#inbox")).to_have_attribute("data-view", "waiting")


def test_a_conversation_that_takes_long_shows_shapes_and_takes_no_keys(context):
    page = context.new_page()
    page.goto("/inbox/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    held = []
    page.route("**/conversations/1/", lambda route: held.append(route))
    page.locator("#conversation-1-row .row__link").click()
    expect(page.locator(".pane-loading")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#composer-text")).to_be_focused()
    expect(page.locator(".pane-loading")).to_have_count(0)


def test_the_page_can_be_installed(context):
    page = context.new_page()
    page.goto("/inbox/?view=all")
    address = page.locator("link[rel=manifest]").get_attribute("href")
    manifest = page.request.get(address)
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    for icon in manifest.json()["icons"]:
        src = address.rsplit("/", 1)[0] + "/" + icon["src"]
        assert page.request.get(src).headers["content-type"] == "image/png"
