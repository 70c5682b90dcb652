"""What an agent has said and what has not gone yet: by their wish, for want of a network, or
because something came in between."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.key_sequences import CONFIRMED_BY_ENTER, PLAY
from tests.browser.test_writing import CAST, SOMETHING_ARRIVES
from tests.browser.test_writing import Desk as WritingDesk
from tests.processes.driver import Console, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

COLLEAGUE = """
Agent.objects.create_user("chen", password="chen-password", display_name="Chen")
"""
LONG_LOG = """
from datetime import timedelta
from django.utils import timezone
from conversations.models import Conversation, Message

conversation = Conversation.objects.get(pk={pk})
for number in range(30):
    at = timezone.now() - timedelta(minutes=60 - number)
    Message.objects.create(
        conversation=conversation, customer=conversation.customer, author="customer",
        text=f"第{{number}}句", said_at=at, ordered_at=at,
    )
Conversation.objects.filter(pk=conversation.pk).update(unread=0)
"""
CLOSED = """
from datetime import timedelta
from django.utils import timezone
from conversations.models import Conversation, Customer
pk = Conversation.objects.get(pk={pk}).customer_id
Customer.objects.filter(pk=pk).update(message_granted_at=timezone.now() - timedelta(3))
"""

A_COLLEAGUE_REPLIES = SOMETHING_ARRIVES.replace(
    'author="customer",', 'author="agent", agent=Agent.objects.get(username="chen"),'
).replace("from django.utils", "from agents.models import Agent\nfrom django.utils")
# The message last: whoever shows it has heard of all the others.
EVERYTHING_HAPPENS = """
from django.utils import timezone
from agents.models import Agent
from conversations import live
from conversations.models import Conversation, LiveEvent, Message

conversation = Conversation.objects.select_related("customer").get(pk={pk})
lin = Agent.objects.get(username="lin")
with live.recording():
    live.conversation(conversation)
    live.answers()
    live.mini_programs()
    live.attention(conversation.pk)
    live.customer(conversation.customer)
    live.agent(lin.pk)
    live.agent(lin.pk, conversation)
    live.pause(conversation.customer.mini_program_id)
    live.message(
        Message.objects.create(
            conversation=conversation, customer=conversation.customer,
            author="customer", text="都来了", said_at=timezone.now(),
            ordered_at=timezone.now(),
        )
    )
told = set(LiveEvent.objects.filter(seq__gt=live.head() - 9).values_list("kind", flat=True))
assert told == set(LiveEvent.Kind.values), told
"""
PINNED = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import Conversation, Pin

now = timezone.now()
Conversation.objects.filter(pk={longest}).update(waiting_since=now - timedelta(hours=9))
Conversation.objects.filter(pk={pinned}).update(waiting_since=now - timedelta(hours=1))
Pin.objects.create(
    agent=Agent.objects.get(username="lin"), conversation_id={pinned}
)
"""


class Desk(WritingDesk):
    _next = 0

    @property
    def notes(self) -> Locator:
        return self.page.locator(".message--note")

    def prefers(self, **settings: str) -> None:
        self.page.evaluate(
            "given => Object.assign(document.body.dataset, given)", settings
        )

    def mode(self, name: str) -> Locator:
        return self.page.locator(f"[data-mode={name}]")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST.replace("shop =", COLLEAGUE + "shop =", 1))
        yield console


def sign_in(console: Console, browser: Browser, name: str) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", f"{name}-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    page.close()
    return context


@pytest.fixture(scope="module")
def lin(console: Console, browser: Browser) -> Iterator[BrowserContext]:
    context = sign_in(console, browser, "lin")
    yield context
    context.close()


@pytest.fixture
def desk(lin: BrowserContext) -> Iterator[Desk]:
    desk = Desk(lin)
    yield desk
    lin.set_offline(False)
    desk.page.close()


def scroll_up(page: Page) -> None:
    page.locator(".thread").evaluate("log => (log.scrollTop = 0)")
    expect(page.locator(".thread__pill")).to_be_visible()


@pytest.mark.parametrize("send", ["Enter", "quick reply"])
def test_what_came_unseen_stops_a_send_once_and_is_shown(desk, console, send):
    console.shell(LONG_LOG.format(pk=desk.pk))
    desk.page.reload()
    expect(desk.page.locator("live-socket")).to_have_attribute("data-state", "open")
    desk.box.fill("好的")
    scroll_up(desk.page)
    console.shell(SOMETHING_ARRIVES.format(pk=desk.pk))
    expect(desk.page.locator(".message--customer").last).to_contain_text("还在吗")

    def send_it() -> None:
        if send == "Enter":
            desk.box.press("Enter")
        else:
            desk.page.locator("[data-answer]").click()

    send_it()
    expect(desk.notice).to_contain_text("刚有新消息，再按一次发送")
    unseen = desk.page.locator(".message--seen-now")
    expect(unseen).to_contain_text("还在吗")
    expect(unseen).to_be_in_viewport()
    expect(desk.box).to_have_value("好的")
    assert desk.posts == []

    send_it()
    expect(desk.ours).to_have_text(["好的" if send == "Enter" else "请稍等。"])
    assert len(desk.posts) == 1


def test_a_colleagues_reply_unseen_stops_a_send_once(desk, console):
    console.shell(LONG_LOG.format(pk=desk.pk))
    desk.page.reload()
    expect(desk.page.locator("live-socket")).to_have_attribute("data-state", "open")
    desk.box.fill("好的")
    scroll_up(desk.page)
    console.shell(A_COLLEAGUE_REPLIES.format(pk=desk.pk))
    expect(desk.ours).to_have_text(["还在吗"])

    desk.box.press("Enter")
    expect(desk.notice).to_contain_text("刚有新消息，再按一次发送")
    expect(desk.page.locator(".message--seen-now")).to_be_in_viewport()
    expect(desk.box).to_have_value("好的")
    assert desk.posts == []
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["还在吗", "好的"])


def test_nothing_that_happens_changes_what_is_being_written(desk, console):
    desk.box.press_sequentially("正在写")
    desk.composes("nihao")
    expect(desk.box).to_have_value("正在写nihao")
    # All is drawn anew, after a new mini program, and the quick replies again.
    with (
        desk.page.expect_response(f"**/conversations/{desk.pk}/"),
        desk.page.expect_response("**/quick-replies/"),
    ):
        console.shell(EVERYTHING_HAPPENS.format(pk=desk.pk))
    expect(desk.page.locator(".message--customer")).to_have_text([re.compile("都来了")])
    expect(desk.box).to_have_value("正在写nihao")
    expect(desk.box).to_be_focused()
    desk.commits("你好")
    expect(desk.box).to_have_value("正在写你好")


def test_a_note_looks_unlike_a_reply_and_another_conversation_begins_with_one(desk):
    ground = """form => getComputedStyle(form).backgroundColor"""
    form = desk.page.locator("form.composer")
    reply = form.evaluate(ground)
    desk.mode("note").click()
    assert form.evaluate(ground) != reply
    desk.page.locator(".row__link:not([aria-current])").last.click()
    expect(desk.page.locator("message-composer")).not_to_have_attribute(
        "data-conversation", str(desk.pk)
    )
    expect(desk.mode("reply")).to_have_attribute("aria-selected", "true")
    assert form.evaluate(ground) == reply


def test_a_note_is_for_colleagues_and_keeps_its_own_draft(desk):
    desk.box.press_sequentially("给客户的")
    desk.mode("note").click()
    expect(desk.box).to_have_value("")
    expect(desk.page.locator(".composer__send")).to_have_text("保存备注")
    expect(desk.page.locator("[data-answer]")).to_be_hidden()
    desk.box.press_sequentially("客户很急 @")
    colleague = desk.page.locator("mention-picker [role=option]")
    expect(colleague).to_have_text(["Chen"])
    desk.box.press("Enter")
    expect(desk.box).to_have_value("客户很急 @Chen ")
    desk.mode("reply").click()
    expect(desk.box).to_have_value("给客户的")
    desk.mode("note").click()
    desk.box.press("Enter")
    expect(desk.notes).to_contain_text("客户很急")
    expect(desk.box).to_have_value("")
    assert desk.posts == []
    desk.mode("reply").click()
    expect(desk.box).to_have_value("给客户的")


def test_both_drafts_are_there_after_a_reload_and_the_box_is_for_a_reply(desk):
    desk.box.press_sequentially("给客户的")
    desk.mode("note").click()
    desk.box.press_sequentially("给同事的")
    desk.page.reload()
    expect(desk.box).to_have_value("给客户的")
    desk.mode("note").click()
    expect(desk.box).to_have_value("给同事的")


def test_a_draft_is_on_another_computer_within_five_seconds(desk, console, browser):
    with desk.page.expect_response("**/draft/", timeout=5000):
        desk.box.press_sequentially("还没写完")
    elsewhere = sign_in(console, browser, "lin")
    page = elsewhere.new_page()
    page.goto(f"/conversations/{desk.pk}/")
    expect(page.locator("#composer-text")).to_have_value("还没写完")
    elsewhere.close()


def test_writing_a_note_is_not_typing(desk):
    frames: list[str] = []
    desk.page.on(
        "websocket", lambda line: line.on("framesent", lambda f: frames.append(str(f)))
    )
    desk.page.reload()
    expect(desk.page.locator("live-socket")).to_have_attribute("data-state", "open")
    desk.mode("note").click()
    desk.box.press_sequentially("给同事的")
    desk.mode("reply").click()
    desk.box.press_sequentially("给客户的")
    wait_until(lambda: desk.page.evaluate("1") and [f for f in frames if "typing" in f])
    assert sum('"typing"' in f for f in frames) == 1


def test_a_note_can_be_written_when_no_reply_can(desk, console):
    console.shell(CLOSED.format(pk=desk.pk))
    desk.page.reload()
    expect(desk.page.locator(".window-closed")).to_be_visible()
    desk.mode("note").click()
    desk.box.fill("明天再联系")
    desk.box.press("Enter")
    expect(desk.notes).to_contain_text("明天再联系")


def test_control_enter_sends_where_an_agent_wants_it_so(desk):
    desk.prefers(sendKey="ctrl_enter")
    desk.box.press_sequentially("一")
    desk.box.press("Enter")
    desk.box.press_sequentially("二")
    assert desk.posts == []
    desk.box.press("Control+Enter")
    expect(desk.ours).to_have_text(["一\n二"])


@pytest.mark.parametrize("keys", CONFIRMED_BY_ENTER.values(), ids=CONFIRMED_BY_ENTER)
def test_with_control_enter_confirming_a_candidate_does_nothing_else(desk, keys):
    desk.prefers(sendKey="ctrl_enter")
    desk.box.evaluate(PLAY, keys)
    expect(desk.box).to_have_value("你")
    desk.box.press("Control+Enter")
    expect(desk.ours).to_have_text(["你"])
    assert len(desk.posts) == 1


def test_with_control_enter_chromiums_own_input_method_breaks_no_line(desk):
    desk.prefers(sendKey="ctrl_enter")
    desk.composes("nihao")
    desk.presses_enter_into_the_composition()
    desk.commits("你好")
    expect(desk.box).to_have_value("你好")
    assert desk.posts == []


def test_f8_opens_the_longest_wait_and_not_what_is_pinned(desk, console):
    pinned, longest = 39, 40
    console.shell(PINNED.format(pinned=pinned, longest=longest))
    desk.page.keyboard.press("F8")
    expect(desk.page.locator("message-composer")).to_have_attribute(
        "data-conversation", str(longest)
    )


def test_signing_out_asks_before_it_throws_away_what_was_not_sent(
    desk, console, browser
):
    own = sign_in(console, browser, "lin")
    page = own.new_page()
    page.goto(f"/conversations/{desk.pk}/")
    box, line = page.locator("#composer-text"), page.locator(".unsent__line")
    page.route("**/messages/", lambda route: route.abort())
    box.fill("还没发出")
    box.press("Enter")
    expect(line).to_contain_text("等待网络")
    leave, dialog = page.locator("#sign-out button"), page.locator("#sign-out-anyway")
    leave.click()
    expect(dialog).to_contain_text("还有 1 条回复没有发出")
    dialog.get_by_role("button", name="留下").click()
    expect(dialog).to_be_hidden()
    expect(line).to_contain_text("还没发出")

    leave.click()
    dialog.get_by_role("button", name="仍要退出").click()
    expect(page).to_have_url(re.compile("/login/"))
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"
    own.close()


def test_a_sign_out_that_fails_forgets_nothing(desk, console, browser):
    own = sign_in(console, browser, "lin")
    page = own.new_page()
    page.goto(f"/conversations/{desk.pk}/")
    page.route("**/draft/", lambda route: route.abort())
    page.route("**/logout/", lambda route: route.abort())
    page.locator("#composer-text").press_sequentially("只在这里")
    page.locator("#sign-out button").click()
    dialog = page.locator("#sign-out-anyway")
    expect(dialog).to_contain_text("还有 1 条")
    dialog.get_by_role("button", name="仍要退出").click()
    expect(page.locator("#notice")).to_be_visible()
    page.reload()
    expect(page.locator("#composer-text")).to_have_value("只在这里")
    own.close()


def test_a_clock_set_wrong_later_moves_no_time_to_reply(desk):
    meter = desk.page.locator("reply-window")
    expect(meter).to_contain_text("47:")
    desk.page.evaluate(
        """{
            const { send } = WebSocket.prototype
            WebSocket.prototype.send = function (said) {
                if (window.mayAsk) send.call(this, said)
            }
            const now = Date.now
            Date.now = () => now() + 5 * 3_600_000
        }"""
    )
    expect(meter).to_contain_text("42:")  # It is believed, until the server is asked
    desk.page.evaluate("window.mayAsk = true, dispatchEvent(new Event('focus'))")
    expect(meter).to_contain_text("47:")


def test_send_and_next_opens_who_waits_longest(desk):
    desk.box.fill("在的")
    desk.box.press("Control+Shift+Enter")
    expect(desk.page).not_to_have_url(f"**/conversations/{desk.pk}/**")
    expect(desk.page.locator("message-composer")).not_to_have_attribute(
        "data-conversation", str(desk.pk)
    )
    desk.page.goto(f"/conversations/{desk.pk}/")
    expect(desk.ours).to_have_text(["在的"])


def test_undo_puts_a_text_back_and_sends_nothing(desk):
    desk.prefers(undoSeconds="5")
    desk.box.fill("写错了")
    desk.box.press("Enter")
    expect(desk.unsent).to_contain_text("秒后发送")
    expect(desk.box).to_have_value("")
    desk.unsent.get_by_role("button", name="撤销").click()
    expect(desk.box).to_have_value("写错了")
    expect(desk.unsent).to_have_count(0)
    assert desk.posts == []


def test_undo_of_a_quick_reply_leaves_its_words_to_be_written_on(desk):
    desk.prefers(undoSeconds="5")
    desk.page.locator("[data-answer]").click()
    expect(desk.unsent).to_contain_text("秒后发送")
    desk.unsent.get_by_role("button", name="撤销").click()
    expect(desk.box).to_have_value("请稍等。")
    expect(desk.unsent).to_have_count(0)
    assert desk.posts == []


def test_a_note_that_did_not_arrive_comes_back_as_a_note(desk, lin):
    lin.set_offline(True)
    expect(desk.page.locator(".composer__send")).to_have_text("加入待发")
    desk.mode("note").click()
    desk.box.fill("给同事的")
    desk.box.press("Enter")
    expect(desk.unsent).to_contain_text("等待网络")
    desk.mode("reply").click()
    desk.unsent.get_by_role("button", name="取消").click()
    expect(desk.mode("note")).to_have_attribute("aria-selected", "true")
    expect(desk.box).to_have_value("给同事的")
    desk.mode("reply").click()
    expect(desk.box).to_have_value("")


def test_a_picture_follows_its_words_whatever_is_on_show_by_then(desk):
    held = desk.holds("**/messages/")
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )
    file = {"name": "dot.png", "mimeType": "image/png", "buffer": png}
    desk.page.locator("picture-tray input[type=file]").set_input_files([file])
    expect(desk.page.locator(".tray__size")).to_have_count(1)
    desk.box.fill("看这张")
    desk.box.press("Enter")
    desk.page.locator(".row__link:not([aria-current])").last.click()
    expect(desk.page.locator("message-composer")).not_to_have_attribute(
        "data-conversation", str(desk.pk)
    )
    with desk.page.expect_response(f"**/conversations/{desk.pk}/images/"):
        desk.lets_go(held)
    desk.page.go_back()
    expect(desk.page.locator(".message--agent")).to_have_count(2)
    expect(desk.page.locator(".message--agent").first).to_contain_text("看这张")


def test_what_is_not_undone_is_sent_in_order(desk):
    desk.prefers(undoSeconds="1")
    for text in ("一", "二"):
        desk.box.fill(text)
        desk.box.press("Enter")
    expect(desk.ours).to_have_text(["一", "二"])
    expect(desk.unsent).to_have_count(0)
    assert len(desk.uuids()) == 2


def test_what_was_held_when_the_page_went_is_kept_and_asked_about(desk):
    desk.prefers(undoSeconds="2")
    desk.box.fill("还没发")
    desk.box.press("Enter")
    expect(desk.unsent).to_be_visible()
    desk.page.reload()
    expect(desk.unsent).to_contain_text("仍要发送")
    assert desk.posts == []
    desk.unsent.get_by_role("button", name="发送", exact=True).click()
    expect(desk.ours).to_have_text(["还没发"])
    expect(desk.unsent).to_have_count(0)


def test_without_a_network_replies_wait_and_go_in_order_when_it_is_back(desk, lin):
    lin.set_offline(True)
    send = desk.page.locator(".composer__send")
    expect(send).to_have_text("加入待发")
    for text in ("一", "二"):
        desk.box.fill(text)
        desk.box.press("Enter")
    expect(desk.unsent).to_have_count(2)
    expect(desk.unsent.first).to_contain_text("等待网络")
    expect(desk.box).to_have_value("")
    lin.set_offline(False)
    expect(desk.ours).to_have_text(["一", "二"])
    expect(desk.unsent).to_have_count(0)
    expect(send).to_have_text("发送")
    assert len(desk.uuids()) == 2


def test_what_waited_is_asked_about_when_something_new_came_meanwhile(
    desk, lin, console
):
    lin.set_offline(True)
    expect(desk.page.locator(".composer__send")).to_have_text("加入待发")
    desk.box.fill("在的")
    desk.box.press("Enter")
    expect(desk.unsent).to_contain_text("等待网络")
    console.shell(SOMETHING_ARRIVES.format(pk=desk.pk))
    lin.set_offline(False)
    expect(desk.unsent).to_contain_text("有新消息")
    assert desk.posts == []
    desk.unsent.get_by_role("button", name="改写").click()
    expect(desk.box).to_have_value("在的")
    expect(desk.unsent).to_have_count(0)
