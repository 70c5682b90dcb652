"""What becomes of the words in the box, and when they are sent: once, and on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    APIResponse,
    Browser,
    BrowserContext,
    Locator,
    Page,
    Response,
    Route,
    expect,
)

from tests.browser.key_sequences import BEGINNING, CONFIRMED_BY_ENTER, PLAY
from tests.processes.driver import Console, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from django.utils import timezone
from agents.models import Agent
from conversations.models import CannedAnswer, Conversation, Customer, MiniProgram, Seat
from conversations.models.conversation import digest_of

Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
for number in range(40):
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
for title, shortcut, pinyin, text in (
    ("退款流程", "tk", "tuikuanliucheng tklc", "退款请在订单页申请。"),
    ("发票", "fp", "fapiao fp", "发票三天内开好。"),
):
    CannedAnswer.objects.create(
        title=title,
        shortcut=shortcut,
        pinyin=pinyin,
        parts=[{"kind": "text", "text": text}],
    )
CannedAnswer.objects.create(
    use="quick_reply", title="稍等", parts=[{"kind": "text", "text": "请稍等。"}]
)
"""
SOMETHING_ARRIVES = """
from django.utils import timezone
from conversations import live
from conversations.models import Conversation, Message

conversation = Conversation.objects.get(pk={pk})
with live.recording():
    message = Message.objects.create(
        conversation=conversation,
        customer=conversation.customer,
        author="customer",
        text="还在吗",
        said_at=timezone.now(),
        ordered_at=timezone.now(),
    )
    live.message(message)
    live.conversation(conversation)
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


class Desk:
    """Lin's page with one conversation open that nobody has written in yet."""

    _next = 0

    def __init__(self, context: BrowserContext) -> None:
        type(self)._next += 1
        self.pk = self._next
        self.page: Page = context.new_page()
        self.posts: list[str] = []
        self.page.on("request", self._note)
        self.page.goto(f"/conversations/{self.pk}/")
        expect(self.page.locator("live-socket")).to_have_attribute("data-state", "open")
        self.box.focus()

    def _note(self, request) -> None:  # type: ignore[no-untyped-def]
        if request.method == "POST" and request.url.endswith("/messages/"):
            self.posts.append(request.post_data)

    @property
    def box(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def ours(self) -> Locator:
        return self.page.locator(".message--agent .bubble")

    @property
    def picker(self) -> Locator:
        return self.page.locator("answer-picker")

    @property
    def notice(self) -> Locator:
        return self.page.locator(".composer__notice")

    @property
    def unsent(self) -> Locator:
        return self.page.locator(".unsent__line")

    def holds(self, path: str) -> list[Route]:
        """Keep back what is asked for there, until it is let go one by one."""
        held: list[Route] = []
        self.page.route(path, lambda route: held.append(route))
        return held

    def lets_go(self, held: list[Route]) -> None:
        wait_until(lambda: self.page.evaluate("true") and held)
        held.pop(0).continue_()

    def composes(self, text: str) -> None:
        """With an input method, as Chromium itself has it; the composition stays open."""
        self.box.focus()
        self._keys = self.page.context.new_cdp_session(self.page)
        end = len(text)
        caret = {"selectionStart": end, "selectionEnd": end}
        self._keys.send("Input.imeSetComposition", {"text": text, **caret})

    def commits(self, text: str) -> None:
        self._keys.send("Input.insertText", {"text": text})

    def presses_enter_into_the_composition(self) -> None:
        enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
        self._keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
        self._keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})

    @staticmethod
    def put(answer: Response) -> str:
        return answer.request.post_data or ""

    def uuids(self) -> set[str]:
        return set(re.findall(r"client_uuid=([0-9a-f-]{36})", " ".join(self.posts)))


@pytest.fixture
def desk(signed_in: BrowserContext) -> Iterator[Desk]:
    desk = Desk(signed_in)
    yield desk
    desk.page.close()


@pytest.mark.parametrize("keys", CONFIRMED_BY_ENTER.values(), ids=CONFIRMED_BY_ENTER)
def test_confirming_a_candidate_sends_nothing_and_the_next_enter_sends_once(desk, keys):
    desk.box.evaluate(PLAY, keys)
    expect(desk.box).to_have_value("你")
    assert desk.posts == []

    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["你"])
    expect(desk.box).to_have_value("")
    assert len(desk.posts) == 1


def test_chromiums_own_input_method_is_left_alone(desk):
    desk.composes("nihao")
    desk.presses_enter_into_the_composition()
    desk.commits("你好")
    expect(desk.box).to_have_value("你好")
    assert desk.posts == []

    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["你好"])


@pytest.mark.parametrize("name", ["Enter", "ArrowDown", "Escape", " ", "1"])
def test_the_picker_leaves_an_input_method_its_keys(desk, name):
    desk.box.press_sequentially("/")
    expect(desk.picker.locator("[role=option]")).to_have_count(2)
    chosen = desk.box.get_attribute("aria-activedescendant")
    taken = {"key": name, "keyCode": 229, "isComposing": True}
    desk.box.evaluate(PLAY, [*BEGINNING, ["keydown", taken]])
    expect(desk.picker).to_be_visible()
    expect(desk.picker.locator("[role=option]")).to_have_count(2)
    assert desk.box.get_attribute("aria-activedescendant") == chosen
    assert desk.posts == []


def test_a_picker_called_before_the_answers_are_there_shows_them_when_they_are(
    signed_in,
):
    held: list[Route] = []
    page = signed_in.new_page()
    page.route("**/answers/", lambda route: held.append(route))
    page.goto("/conversations/1/")
    page.locator("#composer-text").press_sequentially("/")
    options = page.locator("answer-picker [role=option]")
    expect(options).to_have_count(0)
    held[0].continue_()
    expect(options).to_have_count(2)
    page.close()


def test_a_key_held_down_sends_once(desk):
    desk.box.fill("在的")
    repeat = {"key": "Enter", "code": "Enter", "keyCode": 13}
    desk.box.evaluate(
        PLAY, [["keydown", repeat], *[["keydown", {**repeat, "repeat": True}]] * 5]
    )
    expect(desk.ours).to_have_text(["在的"])
    assert len(desk.posts) == 1


def test_shift_enter_breaks_the_line(desk):
    desk.box.press_sequentially("一")
    desk.box.press("Shift+Enter")
    desk.box.press_sequentially("二")
    assert desk.posts == []
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["一\n二"])


def test_blank_text_is_not_sent(desk):
    desk.box.press_sequentially("  ")
    desk.box.press("Enter")
    expect(desk.box).to_have_value("  ")
    assert desk.posts == []


def test_a_double_click_on_a_quick_reply_sends_it_once(desk):
    desk.page.locator("[data-answer]").dblclick()
    expect(desk.ours).to_have_text(["请稍等。"])
    assert len(desk.posts) == 1


def test_a_common_answer_is_found_by_initials_and_put_in_at_the_caret(desk):
    desk.box.press_sequentially("您好， 谢谢")
    for _ in "谢谢":
        desk.box.press("ArrowLeft")
    desk.box.press_sequentially("／tk")
    expect(desk.picker.locator("[role=option]")).to_have_text([re.compile("退款流程")])
    desk.box.press("Enter")
    expect(desk.box).to_have_value("您好， 退款请在订单页申请。谢谢")
    assert desk.posts == []

    desk.box.press("Control+z")
    expect(desk.box).to_have_value("您好， ／tk谢谢")


def test_escape_closes_the_picker_and_leaves_the_text(desk):
    desk.box.press_sequentially("、fa")
    expect(desk.picker).to_be_visible()
    desk.box.press("Escape")
    expect(desk.picker).to_be_hidden()
    expect(desk.box).to_have_value("、fa")


def test_control_enter_sends_an_answer_at_once(desk):
    desk.box.press_sequentially("/fp")
    desk.box.press("Control+Enter")
    expect(desk.ours).to_have_text(["发票三天内开好。"])
    expect(desk.box).to_have_value("")


def test_an_address_in_the_text_calls_no_picker(desk):
    desk.box.press_sequentially("https://example.com/tk 1/2")
    expect(desk.picker).to_be_hidden()


def test_a_send_leaves_the_box_at_once_and_stands_under_the_log(desk):
    held = desk.holds("**/messages/")
    left, shown = desk.box.evaluate(
        """box => {
            box.value = "在的"
            box.dispatchEvent(new InputEvent("input", {bubbles: true}))
            const enter = {key: "Enter", keyCode: 13, bubbles: true, cancelable: true}
            box.dispatchEvent(new KeyboardEvent("keydown", enter))
            return [box.value, document.querySelector(".unsent__text")?.textContent]
        }"""
    )
    assert (left, shown) == ("", "在的")
    desk.lets_go(held)
    expect(desk.ours).to_have_text(["在的"])
    expect(desk.unsent).to_have_count(0)


def test_what_is_sent_during_a_send_goes_next_as_it_was_and_only_that(desk):
    held = desk.holds("**/messages/")
    for text in ("第一句", "第二句"):
        desk.box.press_sequentially(text)
        desk.box.press("Enter")
        expect(desk.box).to_have_value("")
    expect(desk.unsent).to_have_count(2)
    desk.box.press_sequentially("第三句还没")
    desk.page.locator("[data-mode=note]").click()
    desk.box.press_sequentially("给同事的")
    assert len(desk.posts) == 1

    desk.lets_go(held)
    expect(desk.ours).to_have_text(["第一句"])
    desk.lets_go(held)
    expect(desk.ours).to_have_text(["第一句", "第二句"])
    expect(desk.unsent).to_have_count(0)
    expect(desk.page.locator(".message--note")).to_have_count(0)
    expect(desk.box).to_have_value("给同事的")
    desk.page.locator("[data-mode=reply]").click()
    expect(desk.box).to_have_value("第三句还没")
    assert (len(desk.posts), len(desk.uuids())) == (2, 2)


def test_an_answer_to_a_send_leaves_an_open_composition_alone(desk):
    held = desk.holds("**/messages/")
    desk.box.press_sequentially("第一句")
    desk.box.press("Enter")
    desk.composes("nihao")
    desk.lets_go(held)
    expect(desk.ours).to_have_text(["第一句"])
    expect(desk.unsent).to_have_count(0)
    desk.commits("你好")
    expect(desk.box).to_have_value("你好")


def test_what_the_network_lost_on_its_way_back_is_said_once(desk):
    def lose_the_answer(route: Route) -> None:
        route.fetch()  # The server has it; the browser never hears so
        route.abort()

    desk.page.route("**/messages/", lose_the_answer)
    desk.box.fill("在的")
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["在的"])
    expect(desk.unsent).to_have_count(0)
    expect(desk.box).to_have_value("")
    assert len(desk.uuids()) == 1


@pytest.mark.parametrize("trouble", ["网络", "服务器"])
def test_what_did_not_arrive_waits_under_the_log_and_goes_by_itself(desk, trouble):
    if trouble == "网络":
        desk.page.route("**/messages/", lambda route: route.abort())
    else:
        desk.page.route("**/messages/", lambda route: route.fulfill(status=503))
    desk.box.fill("在的")
    desk.box.press("Enter")
    expect(desk.unsent).to_contain_text(trouble)
    desk.box.press_sequentially("还在写")

    desk.page.unroute("**/messages/")
    desk.page.evaluate("dispatchEvent(new Event('online'))")
    expect(desk.ours).to_have_text(["在的"])
    expect(desk.unsent).to_have_count(0)
    expect(desk.box).to_have_value("还在写")
    assert len(desk.uuids()) == 1


def test_a_reload_in_the_middle_of_a_send_says_it_once(desk):
    desk.page.route("**/messages/", lambda route: None)  # No answer ever comes
    desk.box.fill("在的")
    with desk.page.expect_request("**/messages/"):
        desk.box.press("Enter")
    desk.page.unroute("**/messages/")
    desk.page.reload()
    expect(desk.ours).to_have_text(["在的"])
    expect(desk.box).to_have_value("")
    expect(desk.unsent).to_have_count(0)
    assert len(desk.uuids()) == 1


def test_the_words_just_sent_begun_again_are_a_draft(desk):
    desk.box.press_sequentially("好的")
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["好的"])
    expect(desk.unsent).to_have_count(0)
    with desk.page.expect_response(
        lambda answer: "/draft/" in answer.url and "text=%E5" in desk.put(answer)
    ):
        desk.box.press_sequentially("好的")
    desk.page.evaluate(
        """() => Object.keys(localStorage).filter((key) => key.includes(".draft."))
            .forEach((key) => localStorage.removeItem(key))"""
    )
    desk.page.reload()
    expect(desk.box).to_have_value("好的")


def test_a_draft_survives_switching_and_a_reload(desk):
    desk.box.press_sequentially("还没写完")
    desk.page.locator(".row__link:not([aria-current])").last.click()
    expect(desk.page).not_to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    expect(desk.box).to_have_value("")
    desk.page.go_back()
    expect(desk.box).to_have_value("还没写完")
    desk.page.reload()
    expect(desk.box).to_have_value("还没写完")


def test_a_draft_survives_a_page_drawn_before_it_was_saved(desk):
    saving: list[Route] = []
    drawn: list[tuple[Route, APIResponse]] = []
    pane = f"**/conversations/{desk.pk}/"
    desk.page.route("**/draft/", lambda route: saving.append(route))
    desk.box.press_sequentially("还没写完")
    desk.page.locator(".row__link:not([aria-current])").last.click()
    expect(desk.page).not_to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    expect(desk.box).to_have_value("")

    desk.page.route(pane, lambda route: drawn.append((route, route.fetch())))
    desk.page.go_back()
    wait_until(lambda: desk.page.evaluate("true") and drawn)
    with desk.page.expect_response("**/draft/"):
        saving[0].continue_()
    route, answer = drawn[0]
    route.fulfill(response=answer)
    expect(desk.page).to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    expect(desk.box).to_have_value("还没写完")


def test_a_send_goes_to_whom_it_was_written(desk):
    waiting: list[Route] = []
    desk.page.route("**/messages/", lambda route: waiting.append(route))
    desk.box.fill("只给一个人")
    with desk.page.expect_request("**/messages/"):
        desk.box.press("Enter")
    desk.page.locator(".row__link:not([aria-current])").last.click()
    expect(desk.page).not_to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    with desk.page.expect_response("**/messages/"):
        waiting[0].continue_()
    expect(desk.ours).to_have_count(0)
    desk.page.go_back()
    expect(desk.ours).to_have_text(["只给一个人"])
    expect(desk.box).to_have_value("")


def test_a_send_and_a_switch_in_one_breath_go_nowhere_else(desk):
    posted: list[str] = []
    desk.page.on("request", lambda one: one.method == "POST" and posted.append(one.url))
    desk.box.fill("只给一个人")
    desk.box.evaluate(
        """box => {
            const enter = {key: "Enter", keyCode: 13, bubbles: true, cancelable: true}
            box.dispatchEvent(new KeyboardEvent("keydown", enter))
            const other = ".row__link:not([aria-current])"
            document.querySelector(other).click()
        }"""
    )
    expect(desk.page).not_to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    expect(desk.page.locator("message-composer")).not_to_have_attribute(
        "data-conversation", str(desk.pk)
    )
    desk.page.go_back()
    expect(desk.ours).to_have_text(["只给一个人"])
    said = [url for url in posted if url.endswith("/messages/")]
    assert [url.split("/")[-3] for url in said] == [str(desk.pk)]


def test_a_conversation_that_cannot_be_opened_leaves_the_one_on_show_alive(
    desk, console
):
    other = desk.page.locator(".row__link:not([aria-current])").last
    number = other.get_attribute("href").split("/")[2]
    desk.page.route(f"**/conversations/{number}/", lambda route: route.abort())
    other.click()
    expect(desk.page.locator("#notice")).to_be_visible()
    expect(desk.page).to_have_url(re.compile(f"/conversations/{desk.pk}/"))
    expect(desk.page.locator(".row [aria-current]")).to_have_attribute(
        "href", re.compile(f"/{desk.pk}/")
    )
    console.shell(SOMETHING_ARRIVES.format(pk=desk.pk))
    expect(desk.page.locator(".message--customer")).to_have_text([re.compile("还在吗")])


def test_the_list_can_be_turned_while_a_conversation_comes(desk):
    other = desk.page.locator(".row__link:not([aria-current])").last
    number = other.get_attribute("href").split("/")[2]
    held = desk.holds(f"**/conversations/{number}/")
    other.click()
    desk.page.locator("[data-tab=all]").click()
    expect(desk.page.locator("#inbox")).to_have_attribute("data-view", "all")
    desk.lets_go(held)
    expect(desk.page.locator("message-composer")).to_have_attribute(
        "data-conversation", number
    )
    expect(desk.page).to_have_url(re.compile(f"/conversations/{number}/.*view=all"))


def test_what_arrives_leaves_the_box_alone(desk, console):
    desk.box.press_sequentially("正在写")
    console.shell(SOMETHING_ARRIVES.format(pk=desk.pk))
    expect(desk.page.locator(".message--customer")).to_have_count(1)
    expect(desk.box).to_have_value("正在写")
    expect(desk.box).to_be_focused()


def test_a_text_too_long_for_one_message_is_counted_and_split_where_agreed(desk):
    counter = desk.page.locator(".composer__counter")
    desk.box.fill("字" * 400)
    expect(counter).to_be_empty()
    desk.box.fill("字" * 500)
    expect(counter).to_contain_text("1500/2048")
    desk.box.fill("这是一句话。" * 150)  # 2,700 bytes
    expect(counter).to_contain_text("2700/2048")
    send = desk.page.locator(".composer__send")
    expect(send).to_have_text("拆成 2 条（将用 2 条额度）")
    expect(send).to_be_enabled()
    expect(desk.page.locator(".composer__cost")).to_contain_text("3")  # What is left
    desk.box.press("Enter")
    expect(desk.ours).to_have_count(2)
    said = desk.ours.all_inner_texts()
    assert "".join(said) == "这是一句话。" * 150
    assert said[0].endswith("。")
    expect(desk.box).to_have_value("")


def test_a_text_for_more_than_one_round_is_not_sent(desk):
    desk.box.fill("这是一句话。" * 1000)
    expect(desk.page.locator(".composer__send")).to_be_disabled()
    desk.box.press("Enter")
    expect(desk.box).to_have_value("这是一句话。" * 1000)
    assert desk.posts == []


def test_an_answer_that_has_changed_is_exchanged_and_one_undo_takes_that_back(
    desk, console
):
    # Unannounced: the page has not heard of it yet.
    changed = """
from conversations.models import CannedAnswer
CannedAnswer.objects.filter(title="运费").delete()
answer = CannedAnswer.objects.create(
    title="运费", shortcut="yf", parts=[{"kind": "text", "text": "满 59 元包邮。"}]
)
"""
    console.shell(changed)
    with desk.page.expect_response("**/answers/") as answers:
        desk.page.reload()
    answers.value.finished()
    console.shell(
        "from conversations.models import CannedAnswer\n"
        "CannedAnswer.objects.filter(title='运费').update(version=7, "
        "parts=[{'kind': 'text', 'text': '满 99 元包邮。'}])"
    )
    held: list[Route] = []
    desk.page.route("**/picks/", lambda route: held.append(route))
    desk.box.press_sequentially("您好， /yf")
    expect(desk.page.locator("answer-picker [role=option]")).to_have_count(1)
    with desk.page.expect_request("**/picks/"):
        desk.box.press("Enter")
    expect(desk.box).to_have_value("您好， 满 59 元包邮。")  # At once
    desk.box.press_sequentially("谢谢")
    held[0].continue_()
    expect(desk.box).to_have_value("您好， 满 99 元包邮。谢谢")
    expect(desk.notice).to_contain_text("满 99 元包邮。")
    desk.box.press_sequentially("！")
    expect(desk.box).to_have_value("您好， 满 99 元包邮。谢谢！")
    desk.box.press("Control+z")
    desk.box.press("Control+z")
    expect(desk.box).to_have_value("您好， 满 59 元包邮。谢谢")


def test_an_answer_is_put_in_without_a_network_and_what_was_edited_stays(desk, console):
    desk.page.route("**/picks/", lambda route: route.abort())
    desk.box.press_sequentially("/fp")
    desk.box.press("Enter")
    expect(desk.box).to_have_value("发票三天内开好。")

    held: list[Route] = []
    desk.page.unroute("**/picks/")
    desk.page.route("**/picks/", lambda route: held.append(route))
    console.shell(
        "from conversations.models import CannedAnswer\n"
        "CannedAnswer.objects.filter(title='退款流程').update(version=9)"
    )
    desk.box.press_sequentially(" /tk")
    with desk.page.expect_request("**/picks/"):
        desk.box.press("Enter")
    for _ in range(3):
        desk.box.press("Backspace")
    edited = desk.box.input_value()
    held[0].continue_()
    expect(desk.notice).to_be_visible()
    expect(desk.box).to_have_value(edited)


def test_words_sent_under_a_used_number_are_kept_and_said_to_be(desk):
    desk.box.fill("第一句")
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["第一句"])
    [used] = desk.uuids()

    def confuse(route: Route) -> None:
        asked = route.request.post_data or ""
        route.continue_(
            post_data=re.sub(r"(?<=client_uuid=)[0-9a-f-]{36}", used, asked)
        )

    desk.page.route("**/messages/", confuse)
    desk.box.fill("第二句")
    desk.box.press("Enter")
    expect(desk.unsent).to_contain_text("内容不同")
    expect(desk.box).to_have_value("")
    desk.page.unroute("**/messages/")
    desk.unsent.get_by_role("button", name="改写").click()
    expect(desk.box).to_have_value("第二句")
    desk.box.press("Enter")
    expect(desk.ours).to_have_text(["第一句", "第二句"])
