"""An answer that comes late takes nothing back that the page already knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Customer, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
for number in range(10):
    customer = Customer.objects.create(
        mini_program=shop,
        openid=f"oCustomer-{number:04}",
        message_granted_at=timezone.now(),
    )
    Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=timezone.now(),
        last_message_at=timezone.now(),
    )
"""
WORLD = """
import uuid
from agents.models import Agent
from conversations import handling, live, sending
from conversations.models import Conversation, Delivery, Message

lin, chen = (Agent.objects.get(username=name) for name in ("lin", "chen"))

def conversation(pk):
    return Conversation.objects.get(pk=pk)

def comes_to(pk, state, **more):
    with live.recording():
        message = Message.objects.filter(conversation=pk, author="agent").last()
        Delivery.objects.filter(message=message).update(state=state, **more)
        live.message(message)
        live.conversation(conversation(pk))
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture
def world(console: Console):
    """Let something happen meanwhile: world("handling.claim(conversation(1), chen)")."""
    return lambda code: console.shell(WORLD + code)


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
    yield page
    context.close()


def go(page: Page, pk: int) -> None:
    page.goto(f"/conversations/{pk}/?view=all")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


class Late:
    """Answers from these addresses are held back until `come` is called."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._held: list[tuple[Route, object]] = []
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        self._held.append((route, route.fetch()))

    def come(self) -> None:
        for route, response in self._held:
            route.fulfill(response=response)


def test_a_message_that_was_handed_over_stays_so_when_its_answer_comes_late(
    page, world
):
    go(page, 1)
    late = Late(page, "**/messages/")
    page.fill("#composer-text", "在的")
    page.press("#composer-text", "Enter")
    expect(page.locator(".delivery--queued")).to_be_visible()  # It came live
    world("comes_to(1, 'sent')")
    expect(page.locator(".delivery--sent")).to_be_visible()
    late.come()
    expect(page.locator("#composer-text")).to_have_value("")
    expect(page.locator(".message--agent")).to_have_count(1)
    expect(page.locator(".delivery--sent")).to_be_visible()


def test_a_message_sent_again_stays_as_it_came_live(page, world):
    world(
        "sending.reply(conversation(2), lin, [{'kind': 'text', 'text': '好的'}], "
        "uuid.uuid4()); comes_to(2, 'failed', errcode=45015)"
    )
    go(page, 2)
    late = Late(page, "**/settlement/")
    with page.expect_request("**/settlement/"):
        page.locator(".delivery__choice [hx-post]").click()
    row = page.locator("#conversation-2-row .row__failed")
    expect(row).to_have_count(0)
    world("comes_to(2, 'unconfirmed')")
    expect(row).to_have_count(1)
    world("comes_to(2, 'sent')")
    expect(row).to_have_count(0)
    late.come()
    expect(page.locator(".delivery--sent")).to_be_visible()


def test_a_lost_claim_is_told_although_the_colleague_shows_already(page, world):
    go(page, 3)
    held: list[Route] = []
    page.route("**/assignment/", lambda route: held.append(route))
    with page.expect_request("**/assignment/"):
        page.locator("[data-action=claim]").click()
    world("handling.claim(conversation(3), chen)")
    expect(page.locator("#conversation-3-row")).to_contain_text("Chen")
    held[0].continue_()
    expect(page.locator("#notice")).to_contain_text("Chen")
    expect(page.locator(".header__holder")).to_contain_text("Chen")


def test_a_header_stays_as_it_came_live(page, world):
    go(page, 4)
    late = Late(page, "**/assignment/")
    with page.expect_request("**/assignment/"):
        page.locator("[data-action=claim]").click()
    expect(page.locator("#conversation-4-row .row__assignee")).to_have_text("Lin")
    world("handling.release(conversation(4), lin)")
    expect(page.locator("#conversation-4-row .row__assignee")).to_have_count(0)
    late.come()
    expect(page.locator("[data-action=claim]")).to_be_enabled()
    world("handling.claim(conversation(4), chen)")
    expect(page.locator(".header__holder")).to_contain_text("Chen")


def test_too_much_missed_brings_the_header_too_and_asks_until_it_has_it(
    page, console, world
):
    go(page, 5)
    page.fill("#composer-text", "写到一半")
    console.kill("web")
    world(
        "handling.claim(conversation(5), chen)\n"
        "sending.reply(conversation(5), chen, [{'kind': 'text', 'text': '我来'}], "
        "uuid.uuid4())\n"
        "from conversations.models import LiveEvent\n"
        "LiveEvent.objects.all().delete()"  # As after two days
    )
    failed: set[str] = set()

    def fail_once(route: Route) -> None:
        asked = f"{route.request.method} {route.request.url}"
        if route.request.method != "GET" or asked in failed:
            return route.fallback()
        failed.add(asked)
        return route.abort()

    for address in ("**/conversations/5/", "**/messages/", "**/inbox/?view=all"):
        page.route(address, fail_once)
    console.start("web")
    expect(page.locator(".header__holder")).to_contain_text("Chen", timeout=20_000)
    expect(page.locator("[data-action=release]")).to_be_hidden()
    expect(page.locator(".message--agent")).to_contain_text("我来", timeout=10_000)
    expect(page.locator("#conversation-5-row")).to_contain_text("Chen", timeout=10_000)
    expect(page.locator("#composer-text")).to_have_value("写到一半")
    assert len(failed) == 3


def test_a_line_that_breaks_while_it_catches_up_loses_nothing(page, world):
    lines: list[WebSocketRoute] = []

    def join(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()
        # Of what was missed nothing comes over the second line; what is new does.
        server.on_message(lambda frame: passes(line, frame) and line.send(frame))

    def passes(line: WebSocketRoute, frame: str | bytes) -> bool:
        return len(lines) < 2 or line is not lines[1] or "第二句" in str(frame)

    def say(text: str) -> None:
        parts = [{"kind": "text", "text": text}]
        world(f"sending.reply(conversation(6), chen, {parts}, uuid.uuid4())")

    page.route_web_socket("**/live/", join)
    page.route("**/events/*", lambda route: route.abort())
    go(page, 6)
    with page.expect_websocket():
        lines[0].close()
    say("第一句")
    say("第二句")
    said = page.locator(".message--agent .bubble")
    expect(said).to_have_text(["第二句"])
    lines[1].close()
    expect(said).to_have_text(["第一句", "第二句"])


def test_the_reply_after_a_reply_is_typed_anew(page):
    typed: list[str] = []

    def note(frame: str | bytes) -> None:
        if "typing" in str(frame):
            typed.append(str(frame))

    page.on("websocket", lambda socket: socket.on("framesent", note))
    go(page, 7)
    for number, text in enumerate(("在的", "请讲"), 1):
        page.locator("#composer-text").press_sequentially(text)
        page.press("#composer-text", "Enter")
        expect(page.locator(".message--agent")).to_have_count(number)
        assert len(typed) == number


def test_the_windows_name_says_how_many_wait(page, world):
    go(page, 8)
    waiting = int(page.locator("[data-count=waiting]").inner_text())
    expect(page).to_have_title(re.compile(rf"^\({waiting}\) "))
    world("handling.claim(conversation(8), chen)")
    expect(page).to_have_title(re.compile(rf"^\({waiting - 1}\) "))


def test_giving_back_what_a_colleague_has_meanwhile_is_told(page, world):
    world("handling.claim(conversation(9), lin)")
    go(page, 9)
    held: list[Route] = []
    page.route("**/assignment/", lambda route: held.append(route))
    with page.expect_request("**/assignment/"):
        page.locator("[data-action=release]").click()
    world(
        "handling.release(conversation(9), lin); handling.claim(conversation(9), chen)"
    )
    expect(page.locator("#conversation-9-row")).to_contain_text("Chen")
    held[0].continue_()
    expect(page.locator("#notice")).to_contain_text("Chen")
    expect(page.locator(".header__holder")).to_contain_text("Chen")
    expect(page.locator("[data-action=release]")).to_be_hidden()
