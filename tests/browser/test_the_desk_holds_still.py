"""The screen never lies and never moves under the hand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.wire import Wire
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Customer, Message, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
noon = timezone.now() - timedelta(hours=1)
for number in range(1, 13):
    at = noon + timedelta(seconds=number)
    customer = Customer.objects.create(
        mini_program=shop,
        openid=f"oCustomer-{number:04}",
        message_granted_at=timezone.now(),
    )
    conversation = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=at,
        last_message_at=at,
    )
    for count in range(120 if number == 1 else 1):
        said_at = at + timedelta(seconds=count)
        conversation.last_message = Message.objects.create(
            conversation=conversation,
            customer=customer,
            author="customer",
            text=f"第 {count} 句",
            said_at=said_at,
            ordered_at=said_at,
        )
    conversation.save()
"""
WORLD = """
import time
from django.utils import timezone
from agents.models import Agent
from conversations import handling, live, sending
from conversations.models import Conversation, Customer, Message

lin, chen = (Agent.objects.get(username=name) for name in ("lin", "chen"))

def writes(pk, text):
    with live.recording():
        conversation = Conversation.objects.select_related("customer").get(pk=pk)
        now = timezone.now()
        message = Message.objects.create(
            conversation=conversation,
            customer=conversation.customer,
            author="customer",
            text=text,
            said_at=now,
            ordered_at=now,
        )
        conversation.unread += 1
        conversation.waiting_since = conversation.waiting_since or now
        conversation.last_message, conversation.last_message_at = message, now
        conversation.save()
        live.message(message)
        live.conversation(conversation)

def claims(pk, agent):
    handling.claim(Conversation.objects.get(pk=pk), agent)

def releases(pk, agent):
    handling.release(Conversation.objects.get(pk=pk), agent)
"""
# A computer whose clock is wrong by so many ms, from the very first.
CLOCK_OFF = """by => {
    const Right = Date
    window.Date = class extends Right {
        constructor(...given) {
            given.length ? super(...given) : super(Right.now() + by)
        }
        static now() {
            return Right.now() + by
        }
    }
}"""
# Customers as WeChat tells of them.
ARRIVES = """
import json
from conversations.receiving import Arrival, receive
from conversations.wechat import pushes

def arrives(pk, text):
    customer = Conversation.objects.get(pk=pk).customer
    shop = customer.mini_program
    fields = {
        "ToUserName": shop.original_id,
        "FromUserName": customer.openid,
        "CreateTime": int(time.time()),
        "MsgType": "text",
        "Content": text,
        "MsgId": time.time_ns(),
    }
    push = pushes.parse(fields, shop.appid, timezone.now())
    receive([
        Arrival(
            mini_program_id=shop.pk,
            push=push,
            body=json.dumps(fields),
            authenticated_by="msg_signature",
        )
    ])
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder) as console, Wire(console.port) as wire:
        console.wire = wire  # type: ignore[attr-defined]
        console.environment["CSRF_TRUSTED_ORIGINS"] = wire.url
        console.start("broker", "web")
        console.shell(CAST)
        yield console


class World:
    """What customers and colleagues do meanwhile."""

    def __init__(self, console: Console, more: str = "") -> None:
        self._console = console
        self._world = WORLD + more

    def does(self, code: str) -> None:
        self._console.shell(self._world + code)

    def begins_to(self, code: str) -> threading.Thread:
        thread = threading.Thread(target=self.does, args=[code])
        thread.start()
        return thread


@pytest.fixture
def world(console: Console) -> World:
    return World(console)


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


def sign_in(page: Page) -> None:
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "lin-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")


def go(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


def order(page: Page) -> list[str]:
    return page.locator(".row").evaluate_all("rows => rows.map(row => row.id)")


def badge(page: Page, view: str) -> str:
    return page.locator(f"[data-count={view}]").text_content().strip()


@contextmanager
def hand_at(page: Page, row: int) -> Iterator[None]:
    """Keep a hand at a row: it trembles, or the list would take it to be at rest."""
    page.locator(".row").nth(row).hover()
    trembles = """list => {
        const tremble = () => list.dispatchEvent(new PointerEvent("pointermove"))
        window.trembling = setInterval(tremble, 200)
    }"""
    page.locator("inbox-list").evaluate(trembles)
    yield
    page.evaluate("clearInterval(window.trembling)")


def test_the_list_waits_for_the_hand(page, world):
    go(page, "/inbox/?view=all")
    before = order(page)
    oldest = before[-1].split("-")[1]
    with hand_at(page, row=3):
        world.does(f"writes({oldest}, '我还在等')")

        row = page.locator(f"#conversation-{oldest}-row")
        expect(row).to_contain_text("我还在等")
        assert order(page) == before
        expect(page.locator(".rows-release")).to_be_visible()

    page.mouse.move(900, 400)
    expect(page.locator(".row").first).to_contain_text("我还在等")
    expect(page.locator(".rows-release")).to_be_hidden()
    live = order(page)
    page.reload()
    assert order(page) == live


def test_what_was_pressed_is_what_opens(page, world):
    go(page, "/inbox/?view=all")
    row = page.locator(".row").nth(4)
    pressed = row.get_attribute("data-conversation")
    row.hover()
    page.mouse.down()
    # Twenty updates a second, of this row and of all others.
    burst = "for n in range(40):\n    writes(n % 12 + 1, f'更新 {n}'); time.sleep(0.05)"
    storm = world.begins_to(burst)
    expect(page.locator(".rows")).to_contain_text("更新 2")
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"/conversations/{pressed}/"))
    storm.join()


def test_a_row_that_left_the_view_is_dimmed_and_then_goes(page, world):
    go(page, "/inbox/?view=waiting")
    first = page.locator(".row").first
    claimed = first.get_attribute("data-conversation")
    waiting = int(badge(page, "waiting"))
    with hand_at(page, row=2):
        world.does(f"claims({claimed}, chen)")

        gone = page.locator(f"#conversation-{claimed}-row")
        expect(gone).to_have_class(re.compile("row--gone"))
    page.mouse.move(900, 400)
    expect(gone).to_have_count(0)
    expect(page.locator("[data-count=waiting]")).to_have_text(str(waiting - 1))


def test_a_thread_stays_to_the_pixel_and_says_what_is_new(page, world):
    go(page, "/conversations/1/")
    scroller = page.locator(".thread")
    scroller.evaluate("thread => thread.scrollTop = 900")
    anchor = page.locator(".message", has_text="第 90 句")
    expect(anchor).to_be_attached()
    before = anchor.bounding_box()
    world.does("writes(1, '一'); writes(1, '二')")

    pill = page.locator(".thread__pill")
    expect(pill).to_contain_text("2")
    assert anchor.bounding_box() == before
    pill.click()
    expect(pill).to_be_hidden()
    expect(page.locator(".message").last).to_be_in_viewport()

    # At the end it follows.
    world.does("writes(1, '三')")
    expect(page.locator(".message", has_text="三").last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_older_messages_come_without_a_jump(page):
    go(page, "/conversations/1/")
    messages = page.locator(".message")
    expect(messages).to_have_count(50)
    moved = page.locator(".thread").evaluate(
        """async thread => {
            thread.scrollTop = 200
            const shown = [...thread.querySelectorAll(".message")]
            const top = thread.getBoundingClientRect().top
            const one = shown.find(each => each.getBoundingClientRect().bottom > top)
            const before = one.getBoundingClientRect().top
            const arrived = () => thread.querySelectorAll(".message").length > shown.length
            while (!arrived()) await new Promise(requestAnimationFrame)
            return one.getBoundingClientRect().top - before
        }"""
    )
    assert abs(moved) < 1
    expect(messages).to_have_count(100)


@pytest.mark.parametrize("minutes", [0, 10, -10])
def test_a_broken_line_catches_up(console, browser, world, minutes):
    """Whatever the clock of this computer says."""
    pk, first = {0: (1, 7), 10: (2, 4), -10: (6, 10)}[minutes]
    wire: Wire = console.wire
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=wire.url
    )
    context.add_init_script(f"({CLOCK_OFF})({minutes * 60_000})")
    page = context.new_page()
    sign_in(page)
    go(page, f"/conversations/{pk}/?view=all")
    page.locator("#composer-text").press_sequentially("写到一半")
    page.evaluate("window.isTheSame = true")
    wire.cut()
    claimed = range(first, first + 3)
    world.does(
        f"for n in range(25): writes({pk}, f'断线 {{n}}')\n"
        f"for pk in {[*claimed]}: claims(pk, chen)"
    )
    expect(page.locator(".line:not(.line--back)")).to_be_visible()
    expect(page.locator(".message", has_text="断线")).to_have_count(0)

    wire.mend()
    expect(page.locator(".line--back")).to_have_text("已恢复，补齐 28 条更新")
    texts = page.locator(".message", has_text="断线").locator(".bubble")
    assert texts.all_text_contents() == [f"断线 {n}" for n in range(25)]
    for one in claimed:
        holder = page.locator(f"#conversation-{one}-row .row__assignee")
        expect(holder).to_have_text("Chen")
    expect(page.locator("#composer-text")).to_have_value("写到一半")
    assert page.evaluate("window.isTheSame")

    live = page.locator("message-thread ol").inner_text()
    page.reload()
    assert page.locator("message-thread ol").inner_text().endswith(live[-200:])
    context.close()


def test_an_ended_session_asks_over_the_page_and_keeps_the_text(page, context):
    go(page, "/conversations/5/")
    page.locator("#composer-text").fill("别丢")
    other = context.new_page()
    other.goto("/inbox/")
    other.locator("#sign-out button").click()

    expect(page.locator("#signed-out")).to_be_visible(timeout=15_000)
    sign_in(other)
    page.locator("[data-check]").click()
    expect(page.locator("#signed-out")).to_be_hidden()
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.locator("#composer-text").press("Enter")
    expect(page.locator(".message--agent .bubble").last).to_have_text("别丢")


def test_a_phone_shows_one_pane_at_a_time(page):
    page.set_viewport_size({"width": 390, "height": 844})
    go(page, "/inbox/?view=all")
    expect(page.locator("#conversation")).to_be_hidden()
    page.locator(".row").nth(1).click()
    expect(page.locator("#composer-text")).to_be_visible()
    expect(page.locator("#inbox")).to_be_hidden()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.locator("[data-back]").click()
    expect(page.locator("#inbox")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/inbox/\?view=all"))


def test_each_agent_sees_whose_a_conversation_is(page, world):
    world.does("for pk in (11, 12): releases(pk, chen)")
    go(page, "/conversations/11/?view=waiting")
    page.locator("[data-action=claim]").click()
    expect(page.locator("[data-action=release]")).to_be_visible()
    go(page, "/conversations/12/?view=waiting")
    world.does("claims(12, chen)")
    expect(page.locator(".header__holder")).to_contain_text("Chen")
    expect(page.locator("[data-action=release]")).to_be_hidden()


def test_without_a_socket_the_page_asks_now_and_then(context, world):
    context.route_web_socket("**/live/", lambda socket: socket.close())
    page = context.new_page()
    sign_in(page)
    page.goto("/conversations/3/")
    expect(page.locator(".line")).to_be_visible()
    world.does("writes(3, '没有连接也要到')")
    arrived = page.locator(".message", has_text="没有连接也要到")
    expect(arrived).to_be_in_viewport(timeout=20_000)
    expect(page.locator("#conversation-3-row")).to_contain_text("没有连接也要到")


def test_a_new_quick_reply_appears_without_a_reload(page, world):
    go(page, "/conversations/4/")
    expect(page.locator("#quick-replies")).to_be_hidden()
    world.does(
        "from conversations.models import CannedAnswer\n"
        "parts = [{'kind': 'text', 'text': '马上就来。'}]\n"
        "with live.recording():\n"
        "    CannedAnswer.objects.create(use='quick_reply', title='马上', parts=parts)\n"
        "    live.answers()"
    )
    page.get_by_role("button", name="马上").click()
    expect(page.locator(".message--agent .bubble").last).to_have_text("马上就来。")
