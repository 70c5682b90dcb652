"""The thread: where it opens, how it holds still, and what it says of what is new."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.processes.driver import Console, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

MANY = 20_000

CAST = f"""
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Customer, Message, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
now = timezone.now()
for number, count in enumerate([60, {MANY}, 12, 12, 12, 12, 12, 1, 30], 1):
    customer = Customer.objects.create(
        mini_program=shop, openid=f"oCustomer-{{number:04}}", message_granted_at=now
    )
    conversation = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=now,
        last_message_at=now,
    )
    begin = now - timedelta(hours=1, seconds=count)
    Message.objects.bulk_create(
        [
            Message(
                conversation=conversation,
                customer=customer,
                author="customer",
                text=f"第 {{n}} 句",
                said_at=begin + timedelta(seconds=n),
                ordered_at=begin + timedelta(seconds=n),
            )
            for n in range(count)
        ],
        batch_size=1000,
    )
    conversation.last_message = Message.objects.latest("pk")
    conversation.save()
"""
WORLD = """
import time
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations import live, reading, sending
from conversations.models import Conversation, Customer, Delivery, Message

lin, chen = (Agent.objects.get(username=name) for name in ("lin", "chen"))

def says(pk, text, ago=0, **fields):
    with live.recording():
        conversation = Conversation.objects.select_related("customer").get(pk=pk)
        at = timezone.now() - timedelta(seconds=ago)
        message = Message.objects.create(**{
            "conversation": conversation,
            "customer": conversation.customer,
            "author": "customer",
            "text": text,
            "said_at": at,
            "ordered_at": at,
            **fields,
        })
        if message.author == "customer" and message.kind != "event":
            conversation.unread += 1
        conversation.last_message = message
        conversation.save()
        live.message(message)
        live.conversation(conversation)
    return message

def fails(message, errcode):
    with live.recording():
        Delivery.objects.update_or_create(
            message=message,
            defaults={
                "customer": message.customer,
                "state": "failed",
                "errcode": errcode,
                "rid": "5f1c-2a3b-4c5d",
                "not_before": timezone.now(),
                "settled_at": timezone.now(),
            },
        )
        live.message(Message.objects.get(pk=message.pk))

def stands(message, state):
    with live.recording():
        Delivery.objects.update_or_create(
            message=message,
            defaults={
                "customer": message.customer,
                "state": state,
                "errcode": None,
                "rid": "",
                "not_before": timezone.now() + timedelta(days=1),
                "settled_at": timezone.now() if state == "sent" else None,
            },
        )
        live.message(Message.objects.get(pk=message.pk))

def unread(pk):
    print("unread", Conversation.objects.get(pk=pk).unread)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture
def does(console: Console):
    return lambda code: console.shell(WORLD + code)


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
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "lin-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    return page


def go(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


def drawn(page: Page) -> list[tuple[str, str]]:
    """Each message with all that its place among the others makes of it."""
    return page.locator(".message").evaluate_all(
        """all => all.map(one => [one.id, [...one.classList].sort().join(" "),
            one.querySelector(".event__words")?.dataset.times ?? ""])"""
    )


def scroll(page: Page, top: str) -> None:
    page.locator(".thread").evaluate(f"thread => thread.scrollTop = {top}")


def shown(page: Page) -> list[int]:
    texts = page.locator(".message .bubble").all_text_contents()
    return [
        int(number) for text in texts for number in re.findall(r"^第 (\d+) 句", text)
    ]


def test_twenty_messages_arrive_and_not_a_pixel_moves(page, does):
    go(page, "/conversations/1/")
    scroll(page, "900")
    anchor = page.locator(".message", has_text="第 40 句")
    before = anchor.bounding_box()
    does("for n in range(20): says(1, f'新的 {n}')")
    expect(page.locator(".thread__pill")).to_contain_text("20")
    assert anchor.bounding_box() == before

    page.locator(".thread__pill").click()
    expect(page.locator(".message", has_text="新的 19")).to_be_in_viewport()
    expect(page.locator(".thread__pill")).to_be_hidden()


def test_it_opens_at_the_first_that_is_new_to_this_agent(page, does):
    does(
        "reading.seen(Conversation.objects.get(pk=3), lin,"
        " Message.objects.filter(conversation=3).latest('pk').pk)\n"
        "for n in range(30): says(3, f'没看过 {n}')\n"
        "reading.seen(Conversation.objects.get(pk=3), chen,"
        " Message.objects.latest('pk').pk)"
    )
    go(page, "/conversations/3/")
    line = page.locator(".bar--unread")
    expect(line).to_be_in_viewport()
    expect(page.locator(".bar--unread + .message")).to_contain_text("没看过 0")
    expect(page.locator(".message", has_text="没看过 29")).not_to_be_in_viewport()

    # Seen to the end: the next time it opens there, without a line.
    newest = page.locator(".message").last.get_attribute("data-message-id")
    with page.expect_response(lambda r: r.request.post_data == f"seen={newest}"):
        scroll(page, "thread.scrollHeight")
    page.reload()
    expect(page.locator(".message").last).to_be_in_viewport()
    expect(line).to_have_count(0)


def test_only_what_was_on_the_screen_is_read(page, does):
    page.add_init_script("document.hasFocus = () => window.isLooking !== false")
    go(page, "/conversations/4/")
    page.evaluate("window.isLooking = false")
    does("for n in range(3): says(4, f'有人吗 {n}')")
    expect(page.locator(".message", has_text="有人吗 2")).to_be_in_viewport()
    # The line stands above what came while nobody looked.
    expect(page.locator(".bar--unread + .message")).to_contain_text("有人吗 2")
    page.wait_for_timeout(800)  # Longer than the page waits before it tells
    assert "unread 3" in does("unread(4)")

    with page.expect_response("**/reading/"):
        page.evaluate(
            "window.isLooking = true; window.dispatchEvent(new Event('focus'))"
        )
    wait_until(lambda: "unread 0" in does("unread(4)"), timeout=10)


def test_twenty_thousand_open_at_the_end_and_stay_few(page, does):
    go(page, "/conversations/2/")
    expect(page.locator(".message", has_text=f"第 {MANY - 1} 句")).to_be_in_viewport()
    assert len(shown(page)) == 50

    for _ in range(9):
        oldest = shown(page)[0]
        scroll(page, "0")
        page.wait_for_function(
            "oldest => document.querySelector('.message .bubble').textContent !== oldest",
            arg=f"第 {oldest} 句",
        )
    numbers = shown(page)
    assert len(numbers) == 300
    assert numbers == list(range(MANY - 500, MANY - 200))
    expect(page.locator(".thread__pill")).to_be_visible()

    # Down again, by hand: nothing is skipped.
    for _ in range(4):
        newest = shown(page)[-1]
        scroll(page, "thread.scrollHeight")
        page.wait_for_function(
            "newest => [...document.querySelectorAll('.message .bubble')].at(-1)"
            ".textContent !== newest",
            arg=f"第 {newest} 句",
        )
    assert shown(page) == list(range(MANY - 300, MANY))
    scroll(page, "thread.scrollHeight")
    expect(page.locator(".thread__pill")).to_be_hidden()

    # What comes at the end pushes out what is far above, and that can be had again.
    does(f"for n in range({MANY}, {MANY} + 40): says(2, f'第 {{n}} 句')")
    last = page.locator(".message", has_text=f"第 {MANY + 39} 句")
    expect(last).to_be_in_viewport()
    assert shown(page) == list(range(MANY - 260, MANY + 40))
    scroll(page, "0")
    expect(page.locator(".message", has_text=f"第 {MANY - 300} 句")).to_be_attached()


def test_what_arrives_far_below_is_counted_and_gone_to(page, does):
    go(page, "/conversations/2/")
    for _ in range(7):
        oldest = shown(page)[0]
        scroll(page, "0")
        page.wait_for_function(
            "oldest => document.querySelector('.message .bubble').textContent !== oldest",
            arg=f"第 {oldest} 句",
        )
    does("says(2, '一'); says(2, '二')")
    expect(page.locator(".thread__pill")).to_contain_text("2")
    page.locator(".thread__pill").click()
    expect(page.locator(".message", has_text="二").last).to_be_in_viewport()
    expect(page.locator(".thread__pill")).to_be_hidden()


def test_what_comes_late_is_slotted_in_and_can_be_gone_to(page, does):
    go(page, "/conversations/9/")
    expect(page.locator(".message").last).to_be_in_viewport()
    does("says(9, '路上堵了', ago=10_000, late=True, late_by=200)")
    late = page.locator(".message", has_text="路上堵了")
    expect(late).to_be_attached()
    expect(late.locator(".message__late")).to_contain_text("3")
    expect(late).not_to_be_in_viewport()
    page.locator(".thread__late").click()
    expect(late).to_be_in_viewport()
    expect(page.locator(".thread__late")).to_be_hidden()
    live = drawn(page)
    page.reload()
    assert [one for one, *_ in live] == [one for one, *_ in drawn(page)]


def test_live_groups_days_and_folds_as_a_reload_does(page, does):
    does("Message.objects.filter(conversation=5).delete()")
    go(page, "/conversations/5/")
    enters = "kind='event', data={'event': 'entered', 'session_from': 'order'}"
    day = 86_400
    does(
        f"says(5, '', {3 * day}, {enters}); says(5, '', {3 * day - 5}, {enters})\n"
        f"says(5, '前天', {2 * day}); says(5, '昨天', {day})\n"
        f"says(5, '一', 600); says(5, '二', 590); says(5, '三', 100)\n"
        f"for n in range(3): says(5, '', 50 - n, {enters})\n"
        "says(5, '在', 30, author='agent', agent=chen)\n"
        "says(5, '的', 20, author='agent', agent=chen)\n"
        "says(5, '来晚了', 595, late=True, late_by=500)"
    )
    expect(page.locator(".message", has_text="来晚了")).to_be_attached()
    expect(page.locator(".message", has_text="的")).to_be_attached()
    live = drawn(page)
    page.reload()
    expect(page.locator(".message", has_text="的")).to_be_attached()
    assert drawn(page) == live
    assert [times for *_, times in live if times] == ["2", "3"]
    days = page.locator(".message--new-day long-day").all_inner_texts()
    assert days[-2:] == ["昨天", "今天"]
    assert re.fullmatch(r"(\d+年)?\d+月\d+日 周.", days[0])


def test_every_message_is_reached_by_keys(page):
    go(page, "/conversations/6/")
    box = page.locator("#composer-text")
    box.focus()
    page.locator(".thread").focus()
    page.keyboard.press("ArrowUp")
    focused = page.locator("article:focus")
    expect(focused).to_contain_text("第 11 句")
    page.keyboard.press("ArrowUp")
    expect(focused).to_contain_text("第 10 句")
    name = page.get_by_role("article").nth(10)
    expect(name).to_have_accessible_name(
        re.compile(r"·0006，\d\d:\d\d：|0006, \d\d:\d\d:")
    )
    page.keyboard.press("Enter")
    expect(page.locator("[data-tool=copy]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=details]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(focused).to_contain_text("第 10 句")
    page.keyboard.press("Escape")
    expect(box).to_be_focused()


def test_a_text_is_copied_with_where_its_links_lead(page, context, does):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    does("says(6, '看[微笑]⟦这里|pages/a?x=1⟧吧', author='agent', agent=chen)")
    go(page, "/conversations/6/")
    page.locator(".message--agent .bubble").last.hover()
    page.locator("[data-tool=copy]").click()
    expect(page.locator("#notice")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "看[微笑]这里 (pages/a?x=1)吧"


def test_a_refused_text_goes_back_into_the_box(page, does):
    go(page, "/conversations/7/")
    does("says(7, '太长的话', author='agent', agent=lin)")
    expect(page.locator(".message", has_text="太长的话")).to_be_attached()
    does("fails(Message.objects.get(text='太长的话'), 45002)")
    expect(page.locator("#alarm")).not_to_be_empty()
    failed = page.locator(".message", has_text="太长的话")
    expect(failed.locator("[hx-post]")).to_have_count(0)
    failed.locator("[data-rewrite]").click()
    expect(page.locator("#composer-text")).to_have_value("太长的话")


def test_what_becomes_of_a_message_moves_nothing_and_is_no_new_message(page, does):
    go(page, "/conversations/7/")
    does("says(7, '一会儿就到', author='agent', agent=lin)")
    message = page.locator(".message", has_text="一会儿就到")
    article = message.locator("article")
    does("stands(Message.objects.get(text='一会儿就到'), 'queued')")
    expect(message.locator(".delivery--queued")).to_be_visible()
    article.focus()
    page.evaluate(
        """() => {
            window.added = []
            new MutationObserver((all) => {
                for (const { addedNodes } of all)
                    for (const one of addedNodes)
                        if (one.nodeType === Node.ELEMENT_NODE) added.push(one.outerHTML)
            }).observe(document.querySelector("[role=log]"), { childList: true, subtree: true })
        }"""
    )
    for state in ("sending", "sent"):
        does(f"stands(Message.objects.get(text='一会儿就到'), '{state}')")
        expect(message.locator(f".delivery--{state}")).to_be_visible()
        expect(article).to_be_focused()
    assert page.evaluate("added") == []

    # A button that goes leaves its reader at the message.
    does("fails(Message.objects.get(text='一会儿就到'), 45015)")
    message.locator("[data-copy-text]").focus()
    does("stands(Message.objects.get(text='一会儿就到'), 'queued')")
    expect(article).to_be_focused()


def test_what_is_marked_as_unread_while_it_is_open_stays_so(page, does):
    page.clock.install()
    told = []
    page.on("request", lambda one: told.append(one.url) if "reading" in one.url else 0)
    go(page, "/conversations/6/?view=all")
    row = page.locator("#conversation-6-row")
    does("says(6, '看过了')")
    expect(page.locator(".message", has_text="看过了")).to_be_in_viewport()
    page.clock.run_for(2000)
    expect(row).to_have_attribute("data-unread", "0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    expect(row).to_have_attribute("data-unread", "1")
    before = len(told)
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.clock.run_for(2000)
    assert len(told) == before
    # What they write then is read, and with it the whole.
    does("says(6, '还有')")
    expect(page.locator(".message", has_text="还有").last).to_be_in_viewport()
    page.clock.run_for(2000)
    expect(row).to_have_attribute("data-unread", "0")


def test_others_are_summed_up_in_one_sentence(page, does):
    go(page, "/conversations/8/")
    does("says(6, '一'); says(6, '二'); says(7, '三')")
    heard = page.locator("#news")
    expect(heard).to_contain_text(re.compile(r"\d"), timeout=15_000)
    expect(heard).to_contain_text(re.compile("2"), timeout=15_000)


def test_the_first_frame_of_a_long_thread_comes_soon(page):
    """The server's part and the drawing, on a machine that does much else."""
    go(page, "/conversations/8/")
    page.locator("#conversation-2-row .row__link").click()
    expect(page.locator(".message", has_text=f"第 {MANY - 1} 句")).to_be_visible()
    took = page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter(one => one.name.endsWith("/conversations/2/")).at(-1).duration"""
    )
    assert took < 3000
