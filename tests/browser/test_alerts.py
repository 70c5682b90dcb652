"""Who needs the agent is heard and seen: once, in one tab, and no more than asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_the_desk_holds_still import ARRIVES
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.notices, pytest.mark.processes]

CAST = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Customer, Message, MiniProgram, Seat
from conversations.models.conversation import digest_of

lin = Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
chen = Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
at = timezone.now() - timedelta(hours=1)
for number in range(1, 13):
    customer = Customer.objects.create(
        mini_program=shop,
        openid=f"oCustomer-{number:04}",
        message_granted_at=timezone.now(),
    )
    conversation = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        assignee=lin if number < 9 else chen,
        last_message_at=at,
    )
    conversation.last_message = Message.objects.create(
        conversation=conversation,
        customer=customer,
        author="customer",
        text="在吗",
        said_at=at,
        ordered_at=at,
    )
    conversation.save()
"""
WORLD = """
import time
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations import handling, live
from conversations.models import Conversation, Customer, LiveEvent, Message

lin, chen = (Agent.objects.get(username=name) for name in ("lin", "chen"))

def writes(pk, text="在吗"):
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

def becomes(pk, **fields):
    with live.recording():
        Conversation.objects.filter(pk=pk).update(**fields)
        live.conversation(Conversation.objects.get(pk=pk))

def is_answered(*pks):
    for pk in pks:
        holder = lin if pk < 9 else chen
        becomes(pk, unread=0, waiting_since=None, assignee=holder)
"""
# What the page tells of its alerts, from the very first.
LISTEN = """
window.alerts = []
for (const kind of ["tone", "notice"]) {
    document.addEventListener(`alert:${kind}`, ({ detail }) => alerts.push({ kind, ...detail }))
}
Object.defineProperty(document, "hidden", { get: () => window.isHidden ?? false })
const hasFocus = document.hasFocus.bind(document)
document.hasFocus = () => !(window.isHidden ?? false) && hasFocus()
"""
EVERYONE = "is_answered(*range(1, 13)); lin.availability = 'available'; lin.save()\n"


# A page that is told the server's time puts a clock that has been turned forward right.
ASKS_NO_TIME = """
const send = WebSocket.prototype.send
WebSocket.prototype.send = function (text) {
    if (!text.includes('"here"')) send.call(this, text)
}
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def world(console: Console):
    """What customers and colleagues do meanwhile."""

    def does(code: str) -> str:
        return console.shell(WORLD + code)

    does(EVERYONE)
    return does


@pytest.fixture
def context(console: Console, browser: Browser, world) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="zh-CN",
        base_url=console.url,
        permissions=["notifications"],
    )
    context.add_init_script(LISTEN)
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
def page(context: BrowserContext) -> Page:
    return desk(context)


def desk(context: BrowserContext, address: str = "/inbox/?view=mine") -> Page:
    """A tab in which somebody has pressed something."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.locator("body").press("Shift")
    knows_who_sounds(page)
    return page


def knows_who_sounds(page: Page) -> None:
    page.wait_for_function(
        """navigator.locks.query().then(({held, pending}) =>
            [...held, ...pending].some(lock => lock.name.includes("sound")))"""
    )


def hide(page: Page, is_hidden: bool = True) -> None:
    page.evaluate(
        """isHidden => {
            window.isHidden = isHidden
            document.dispatchEvent(new Event("visibilitychange"))
            window.dispatchEvent(new Event(isHidden ? "blur" : "focus"))
        }""",
        is_hidden,
    )


def heard(page: Page, kind: str = "tone") -> list[str]:
    """The tones that were played, or the notices shown, in order."""
    what = {"tone": "tone", "notice": "body"}[kind]
    return page.evaluate(
        "([kind, what]) => alerts.filter(one => one.kind === kind).map(one => one[what])",
        [kind, what],
    )


def wait_for(page: Page, kind: str, count: int = 1) -> None:
    page.wait_for_function(
        "([kind, n]) => alerts.filter(one => one.kind === kind).length >= n",
        arg=[kind, count],
    )


def row(page: Page, pk: int):
    return page.locator(f"#conversation-{pk}-row")


def test_a_message_in_another_conversation_sounds_softly(page, world):
    row(page, 1).click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")
    world("writes(2)")
    wait_for(page, "tone")
    assert heard(page) == ["message"]
    volume = page.evaluate("alerts[0].volume")
    assert 0 < volume < 60
    assert heard(page, "notice") == []


def test_the_conversation_before_ones_eyes_is_silent(page, world):
    row(page, 1).click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")
    world("writes(1, '看着呢'); writes(2, '别处')")
    expect(page.locator("#conversation .message").last).to_contain_text("看着呢")
    wait_for(page, "tone")
    assert heard(page) == ["message"]  # Of the other


def test_a_hidden_tab_sounds_and_shows_a_notice(page, world):
    row(page, 1).click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")
    hide(page)
    world(f"writes(1, '{'很长的话' * 30}')")
    wait_for(page, "notice")
    assert heard(page) == ["message"]
    assert page.evaluate("alerts[0].volume") == 60
    [body] = heard(page, "notice")
    assert len(body) == 60
    assert body.startswith("很长的话")
    # And it counts as unread, though it is the open one.
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    hide(page, False)
    expect(page).not_to_have_title(re.compile(r"^\("))


def test_two_tabs_sound_once(context, world):
    first, second = desk(context), desk(context)
    hide(first)
    hide(second)
    world("writes(2)")
    expect(row(second, 2)).to_have_attribute("data-unread", "1")
    first.wait_for_function("alerts.length >= 2")
    assert heard(first) == ["message"]
    assert len(heard(first, "notice")) == 1
    assert second.evaluate("alerts") == []

    # The other takes over when the first is closed.
    first.close()
    second.wait_for_function(
        "navigator.locks.query().then(l => !l.pending.some(p => p.name.includes('sound')))"
    )
    world("writes(3)")
    wait_for(second, "tone")


def test_a_tab_knows_what_another_shows(context, world):
    leading = desk(context)
    looking = desk(context, "/conversations/1/?view=mine")
    hide(leading)
    leading.wait_for_function(
        """navigator.locks.query().then(({held}) =>
            held.filter(l => l.name.includes("here")).length === 1)"""
    )
    world("writes(1); writes(2)")
    wait_for(leading, "tone")
    assert heard(leading) == ["message"]
    assert leading.evaluate("alerts[0].volume") < 60  # Somebody is at the desk
    assert looking.evaluate("alerts") == []
    assert heard(leading, "notice") == []


def test_a_reload_tells_nothing_again(page, world):
    world("writes(2); becomes(9, assignee=None, waiting_since=timezone.now())")
    wait_for(page, "tone", 2)
    assert sorted(heard(page)) == ["message", "waiting"]
    page.reload()
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.locator("body").press("Shift")
    # A change that is none of the customer's, and then one that is.
    world("becomes(2, snoozed_until=None); becomes(9, unread=0); writes(5)")
    wait_for(page, "tone")
    expect(row(page, 5)).to_have_attribute("data-unread", "1")
    assert heard(page) == ["message"]


def test_a_customer_who_begins_to_wait_sounds_otherwise(page, world):
    world("becomes(9, assignee=None); writes(9, '有人吗')")
    wait_for(page, "notice")
    wait_for(page, "tone")
    assert heard(page) == ["waiting"]
    assert heard(page, "notice") == ["有人吗"]
    # What they write while they wait is no more than a number.
    world("writes(9); writes(2)")
    wait_for(page, "tone", 2)
    assert heard(page) == ["waiting", "message"]


@pytest.mark.parametrize(
    ("deed", "shows"),
    [
        ("handling.close(Conversation.objects.get(pk=9), chen)", "closed"),
        ("becomes(9, assignee=None, snoozed_until=hour)", "later"),
    ],
    ids=["closed", "put off"],
)
def test_what_comes_back_as_the_customer_writes_rings_like_a_new_one(
    context, world, deed, shows
):
    page = desk(context, "/inbox/?view=all")
    world(f"hour = timezone.now() + timedelta(hours=1)\n{deed}")
    if shows == "closed":
        expect(page.locator("#conversation-9-row:not(.row--gone)")).to_have_count(0)
    else:
        expect(row(page, 9).locator(".row__snoozed")).to_be_visible()
    assert heard(page) == []
    world(ARRIVES + "arrives(9, '还有一个问题')")
    wait_for(page, "notice")
    wait_for(page, "tone")
    assert heard(page) == ["waiting"]
    assert heard(page, "notice") == ["还有一个问题"]


def test_who_waits_too_long_is_called_three_times(context, world):
    page = context.new_page()
    page.add_init_script(ASKS_NO_TIME)
    page.clock.install()
    page.goto("/inbox/?view=mine")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.locator("body").press("Shift")
    knows_who_sounds(page)
    world(
        "for pk in (9, 10, 11):\n    becomes(pk, assignee=None, waiting_since=timezone.now())"
    )
    late = page.locator("#late")
    expect(page.locator("[data-count=waiting]")).to_have_text("3")
    wait_for(page, "tone")
    expect(late).to_be_hidden()
    before = len(heard(page))
    for times in (1, 2, 3):
        page.clock.fast_forward(62_000 if times == 1 else 30_000)
        page.clock.run_for(1000)
        wait_for(page, "tone", before + times)
    expect(late).to_contain_text("3")
    page.clock.fast_forward(60_000)
    page.clock.run_for(1000)
    assert heard(page)[before:] == ["waiting"] * 3

    late.click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "9")
    world("is_answered(9, 10, 11)")
    expect(late).to_be_hidden()


def test_the_end_of_the_time_to_reply_is_told_once(context, world):
    page = context.new_page()
    page.add_init_script(ASKS_NO_TIME)
    page.clock.install()
    page.goto("/inbox/?view=mine")
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
    page.locator("body").press("Shift")
    ends = "timezone.now() - timedelta(hours=46, minutes=59)"
    world(
        f"Customer.objects.filter(conversations__pk=6).update(message_granted_at={ends})\n"
        "becomes(6, waiting_since=timezone.now())"
    )
    expect(row(page, 6)).not_to_have_attribute("data-waiting-since", "")
    assert heard(page) == []
    page.clock.fast_forward(62_000)
    page.clock.run_for(3000)
    wait_for(page, "tone")
    assert heard(page) == ["closing"]
    # One line for all of them leads to whose time ends first.
    line = page.locator("#closing")
    expect(line).to_contain_text("1 个会话")
    line.click()
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "6")
    world("is_answered(6)")
    expect(line).to_be_hidden()
    world("Customer.objects.update(message_granted_at=timezone.now())")


def test_busy_is_silent_but_for_what_is_handed_over(page, world):
    page.evaluate("document.body.dataset.availability = 'busy'")
    world("writes(2)")
    expect(row(page, 2)).to_have_attribute("data-unread", "1")
    page.evaluate(
        """document.dispatchEvent(new CustomEvent("live:agent", { detail: {
            about: "transfer", conversation: 2, message: 1, text: "Chen 转给你" } }))"""
    )
    wait_for(page, "notice")
    assert heard(page) == ["called"]
    assert heard(page, "notice") == ["Chen 转给你"]


def test_a_blocked_customer_is_not_heard(page, world):
    blocked = "blocked_until=timezone.now() + timedelta(days=1)"
    world(f"Customer.objects.filter(conversations__pk=7).update({blocked})\nwrites(7)")
    expect(row(page, 7)).to_have_attribute("data-unread", "1")
    world("writes(2)")
    wait_for(page, "tone")
    expect(row(page, 2)).to_have_attribute("data-unread", "1")
    assert heard(page) == ["message"]
    world("Customer.objects.update(blocked_until=None)")


def test_a_lost_line_says_so_in_the_title_and_tells_what_came_once(
    page, console, world
):
    title = page.title()
    hide(page)
    console.kill("web")
    world("for n in range(3): writes(2, f'断线 {n}')")
    expect(page).to_have_title(re.compile(r"^\[离线\] "), timeout=30_000)
    wait_for(page, "notice")
    console.start("web")
    expect(page).to_have_title(f"(1) {title}", timeout=30_000)
    wait_for(page, "tone")
    assert heard(page) == ["message"]
    notices = page.evaluate("alerts.filter(a => a.kind === 'notice').map(a => a.tag)")
    assert notices == ["connection", "conversation-2"]


def test_the_title_and_the_icon_count_what_the_server_counts(context, world):
    first, second = desk(context), desk(context)
    icon = first.locator("#icon")
    plain = icon.get_attribute("href")
    hide(first)
    world(
        "writes(1); writes(2); becomes(3, assignee=None, waiting_since=timezone.now())"
    )
    for tab in (first, second):
        expect(tab).to_have_title(re.compile(r"^\(3\) "))
    # Read in one, given to a colleague, claimed by one.
    row(second, 1).click()
    for tab in (first, second):
        expect(tab).to_have_title(re.compile(r"^\(2\) "))
    assert icon.get_attribute("href") != plain
    world("becomes(2, assignee=chen); becomes(3, assignee=chen)")
    for tab in (first, second):
        expect(tab).not_to_have_title(re.compile(r"^\("))
        expect(tab.locator("#icon")).to_have_attribute("href", plain)
    live = first.title()
    first.reload()
    assert first.title() == live


def test_a_page_nobody_pressed_offers_to_turn_sound_on(context, world):
    page = context.new_page()
    page.goto("/inbox/?view=mine")
    bar = page.locator("#sound-locked")
    bar.click()
    expect(bar).to_be_hidden()
    world("writes(2)")
    wait_for(page, "tone")
