"""More than words: each kind of message from the box to the customer's phone."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.key_sequences import CONFIRMED_BY_ENTER, PLAY
from tests.pictures import painting, saved
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PAGES = """
from conversations import media
from conversations.models import AutoReplyRule, MiniProgram, Page
from tests.pictures import painting

shop = MiniProgram.objects.order_by("pk").first()
Page.objects.create(
    mini_program=shop,
    path="pages/course/course?id=7",
    title="课程大纲",
    cover=media.keep_cover(painting(800, 600, colour="green")),
)
AutoReplyRule.objects.all().delete()  # They would take of what may be sent
print(shop.appid)
"""
# A paste or a drop of two pictures, as a browser tells of it.
GIVE = """
(target, [type, files, text]) => {
  const transfer = new DataTransfer()
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0))
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }))
  }
  if (text) transfer.setData("text/plain", text)
  const options = { bubbles: true, cancelable: true }
  const event = type === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent(type, { ...options, dataTransfer: transfer })
  target.dispatchEvent(event)
}
"""
# Whether so many pictures are kept in the browser.
KEPT = """number => new Promise((done) => {
  indexedDB.open("kefu.pictures").onsuccess = ({ target: { result } }) => {
    const asked = result.transaction("pictures").objectStore("pictures").count()
    asked.onsuccess = () => (result.close(), done(asked.result === number))
  }
})"""
EMPTY = """() => new Promise((done) => {
  indexedDB.open("kefu.pictures").onsuccess = ({ target: { result } }) => {
    const emptying = result.transaction("pictures", "readwrite")
    emptying.objectStore("pictures").clear()
    emptying.oncomplete = done
  }
})"""
COUNT_URLS = """() => {
  window.urls = Object.assign(new Set(), { made: 0 })
  const { createObjectURL, revokeObjectURL } = URL
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob)
    urls.add(url).made += 1
    return url
  }
  URL.revokeObjectURL = (url) => (urls.delete(url), revokeObjectURL(url))
}"""
CLOSE = """
from conversations import live
from conversations.models import Conversation
one = Conversation.objects.get(pk={number})
with live.recording():
    type(one.customer).objects.filter(pk=one.customer_id).update(
        message_granted_at=None, entry_granted_at=None
    )
    live.conversation(one)
"""
# Each customer begins with words of their own, so that their row is told from earlier ones.
GREETINGS = (f"第{number}位来问，请问在吗" for number in count(1))
# Once they are there: a picture still on its way has no width.
WIDTHS = """pictures => Promise.all(pictures.map((one) => one.decode()))
    .then(() => pictures.map(({ naturalWidth }) => naturalWidth))"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder, {"IMAGE_MAX_BYTES": "65536"}, demo=True) as console:
        console.open_demo()
        console.appid = console.shell(PAGES).split()[-1]  # type: ignore[attr-defined]
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.fixture(scope="module")
def signed_in(console: Console, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=console.url
    )
    page = context.new_page()
    page.goto("/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "kefu-demo-lin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    page.close()
    yield context
    context.close()


@pytest.fixture
def phone(phone: Page) -> Page:
    """It has written."""
    phone.locator("[data-session-from='首页客服']").click()
    phone.fill("#words", next(GREETINGS))
    phone.press("#words", "Enter")
    expect(phone.locator(".line--me, .line--customer").last).to_contain_text("请问在吗")
    return phone


class Desk:
    """Lin's page with the conversation open whose last words are these."""

    def __init__(self, context: BrowserContext, words: str) -> None:
        self.page: Page = context.new_page()
        self.page.goto("/inbox/?view=all")
        rows = self.page.locator("inbox-list li[id$=-row]")
        rows.filter(has_text=words).click()
        expect(self.page.locator("message-thread")).to_contain_text(words)
        expect(self.box).to_be_focused()
        shown = self.page.locator("#conversation")
        self.number = str(shown.get_attribute("data-conversation"))

    @property
    def box(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def tray(self) -> Locator:
        return self.page.locator(".tray__picture")

    @property
    def said(self) -> Locator:
        """What stands on the screen of this conversation, whichever is open."""
        number = self.number
        return self.page.locator(f"message-thread [data-conversation='{number}']")

    @property
    def cost(self) -> Locator:
        return self.page.locator(".composer__cost")

    def open_sheet(self, name: str) -> Locator:
        self.page.locator(f"[data-sheet={name}]").click()
        sheet = self.page.locator(f"{name} dialog")
        expect(sheet).to_be_visible()
        return sheet

    def give(self, how: str, *sizes: int, text: str = "") -> None:
        self.box.evaluate(GIVE, [how, files(*sizes), text])

    def open_another(self) -> None:
        others = f"inbox-list .row:not([data-conversation='{self.number}'])"
        self.page.locator(others).first.click()
        shown = self.page.locator("#conversation")
        expect(shown).not_to_have_attribute("data-conversation", self.number)


class Late:
    """What is asked of these addresses waits until it may go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._held: list[Route] | None = []
        page.route(pattern, self._hold)

    def _hold(self, route: Route) -> None:
        if self._held is None:
            route.continue_()
        else:
            self._held.append(route)

    def go(self) -> None:
        held, self._held = self._held, None
        for route in held or []:
            route.continue_()


def files(*sizes: int) -> list[tuple[str, str]]:
    return [
        (f"{size}.jpg", base64.b64encode(painting(size, size)).decode())
        for size in sizes
    ]


@pytest.fixture
def desk(signed_in: BrowserContext, phone: Page) -> Iterator[Desk]:
    words = phone.locator(".line--me, .line--customer").last.locator(".bubble")
    desk = Desk(signed_in, words.inner_text().strip())
    yield desk
    signed_in.set_offline(False)
    desk.page.evaluate(EMPTY)
    desk.page.close()


def heard(phone: Page) -> Locator:
    return phone.locator(".line--service")


def test_what_looks_like_markup_reaches_the_phone_as_words(desk, phone):
    desk.box.fill('1 < 2, <a href="https://example.com/">点这里</a>')
    desk.box.press("Enter")
    bubble = heard(phone).last.locator(".bubble")
    expect(bubble).to_contain_text("点这里")
    expect(bubble.locator("a, button")).to_have_count(1)  # The bare address alone
    expect(bubble).to_contain_text("1 < 2")
    expect(bubble).to_contain_text("</a>".replace("<", "<\u200b"))


def test_a_jump_link_is_made_of_selected_words_and_opens_its_page(desk, phone, console):
    desk.box.fill("您好，请看课程大纲。")
    desk.box.evaluate("box => box.setSelectionRange(5, 9)")
    sheet = desk.open_sheet("jump-sheet")
    expect(sheet.locator("[name=label]")).to_have_value("课程大纲")
    expect(sheet.locator("[name=appid]")).to_have_value(console.appid)
    expect(sheet.locator("[data-other-appid]")).to_be_hidden()
    sheet.locator("[name=appid]").fill("wxother")
    expect(sheet.locator("[data-other-appid]")).to_be_visible()
    sheet.locator("[name=appid]").fill(console.appid)
    sheet.locator("[data-pages]").select_option(label="课程大纲")
    sheet.locator("[type=submit]").click()
    expect(sheet).to_be_hidden()
    token = "⟦课程大纲|pages/course/course?id=7⟧"
    expect(desk.box).to_have_value(f"您好，请看{token}。")
    expect(desk.page.locator(".composer__preview")).to_contain_text(
        "您好，请看课程大纲。"
    )
    expect(desk.box).to_be_focused()

    desk.page.keyboard.press("Control+z")
    expect(desk.box).to_have_value("您好，请看课程大纲。")
    desk.page.keyboard.press("Control+y")
    expect(desk.box).to_have_value(f"您好，请看{token}。")
    desk.box.press("Enter")
    jump = heard(phone).last.locator(".jump")
    expect(jump).to_have_text("课程大纲")
    expect(jump).to_have_attribute("data-path", "pages/course/course?id=7")


def test_two_pictures_pasted_are_sent_after_the_text_in_order(desk, phone):
    desk.give("paste", 60, 90)
    expect(desk.tray).to_have_count(2)
    desk.box.fill("两张图：")
    expect(desk.cost).to_contain_text("3")
    desk.box.press("Enter")
    expect(heard(phone).locator(".bubble, img").first).to_be_visible()
    pictures = desk.page.locator("message-thread .message--image img")
    expect(pictures).to_have_count(2)
    expect(desk.tray).to_have_count(0)
    expect(desk.box).to_have_value("")
    ours = desk.page.locator("message-thread .message--agent")
    expect(ours).to_have_count(3)
    expect(ours.first).to_contain_text("两张图")
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(2)
    assert shown.evaluate_all(WIDTHS) == [60, 90]


def test_dropped_pictures_can_be_taken_out_again(desk, phone):
    desk.give("drop", 60, 90)
    expect(desk.tray).to_have_count(2)
    desk.tray.first.locator("[data-drop]").click()
    expect(desk.tray).to_have_count(1)
    desk.page.locator(".composer__send").click()
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(1)
    assert shown.evaluate_all(WIDTHS) == [90]


def test_words_copied_with_a_picture_of_them_are_words(desk):
    desk.give("paste", 60, text="表格")
    expect(desk.tray).to_have_count(0)


def test_a_picture_too_large_is_made_smaller_unless_the_original_is_wanted(desk):
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    content = saved(noise, "PNG")
    assert len(content) > 65536
    file = {"name": "noise.png", "mimeType": "image/png", "buffer": content}
    desk.page.locator("picture-tray input[type=file]").set_input_files([file])
    expect(desk.tray.locator(".tray__size")).to_contain_text("→")
    desk.tray.locator("[data-original]").click()
    expect(desk.tray.locator(".tray__size")).not_to_contain_text("→")


def test_pictures_stay_with_their_conversation(desk, phone):
    desk.give("paste", 60)
    expect(desk.tray).to_have_count(1)
    desk.open_another()
    expect(desk.page.locator("picture-tray")).to_be_hidden()
    desk.page.locator(f"#conversation-{desk.number}-row").click()
    expect(desk.tray).to_have_count(1)
    expect(desk.tray.locator("img")).to_be_visible()


def test_pictures_outlive_a_reload_until_they_are_sent(desk, phone):
    desk.give("paste", 60, 90)
    row = desk.page.locator(f"#conversation-{desk.number}-row")
    expect(row).to_have_class(re.compile("row--draft"))
    desk.page.wait_for_function(KEPT, arg=2)
    desk.page.goto("/inbox/?view=all")
    expect(row).to_have_class(re.compile("row--draft"))
    row.click()
    expect(desk.tray).to_have_count(2)
    assert desk.tray.locator("img").evaluate_all(WIDTHS) == [60, 90]
    desk.box.press("Enter")
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(2)
    assert shown.evaluate_all(WIDTHS) == [60, 90]
    expect(row).not_to_have_class(re.compile("row--draft"))
    desk.page.wait_for_function(KEPT, arg=0)


def test_whoever_signs_in_next_finds_no_pictures(desk, console, browser):
    context = browser.new_context(base_url=console.url, locale="zh-CN")
    page = context.new_page()
    for turn in (1, 2):
        page.goto("/login/")
        page.fill("[name=username]", "lin")
        page.fill("[name=password]", "kefu-demo-lin")
        page.keyboard.press("Enter")
        page.wait_for_url("**/inbox/**")
        page.goto(urlsplit(desk.page.url).path)
        expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
        if turn == 1:
            page.locator("#composer-text").evaluate(GIVE, ["paste", files(60), ""])
            page.wait_for_function(KEPT, arg=1)
            page.locator("#sign-out button").click()
            page.locator("#sign-out-anyway [data-leave]").click()
            page.wait_for_url("**/login/**")
    page.wait_for_function(KEPT, arg=0)
    expect(page.locator(".tray__picture")).to_have_count(0)
    context.close()


def test_notes_carry_no_pictures(desk, phone):
    desk.page.locator("[data-mode=note]").click()
    for how in ("paste", "drop"):
        desk.give(how, 60)
        notice = desk.page.locator(".composer__notice")
        expect(notice).to_contain_text("备注不带图片")
        desk.page.locator("[data-mode=reply]").click()
        expect(notice).to_be_hidden()
        expect(desk.tray).to_have_count(0)
        desk.page.locator("[data-mode=note]").click()


def test_a_closed_window_takes_no_pictures(desk, console):
    console.shell(CLOSE.format(number=desk.number))
    expect(desk.box).not_to_be_editable()
    desk.give("paste", 60)
    expect(desk.page.locator(".composer__notice")).to_contain_text("图片未添加")
    expect(desk.tray).to_have_count(0)


def test_pictures_follow_their_text_while_another_conversation_is_open(desk, phone):
    late = Late(desk.page, "**/messages/")
    desk.give("paste", 60, 90)
    desk.box.fill("两张图：")
    with desk.page.expect_request("**/messages/"):
        desk.box.press("Enter")
    desk.open_another()
    late.go()
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(2)
    assert shown.evaluate_all(WIDTHS) == [60, 90]
    expect(desk.said).to_have_count(0)


def test_pictures_follow_a_text_that_waited_for_the_network(desk, phone):
    desk.page.context.set_offline(True)
    expect(desk.page.locator(".composer__send")).to_have_text("加入待发")
    desk.give("paste", 60)
    desk.box.fill("断网时写的")
    desk.box.press("Enter")
    expect(desk.tray.locator(".tray__size")).to_have_text("文字发出后发送")
    late = Late(desk.page, "**/messages/**")
    with desk.page.expect_request("**/messages/**"):
        desk.page.context.set_offline(False)
    desk.open_another()
    late.go()
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(1)
    expect(heard(phone).nth(-2)).to_contain_text("断网时写的")


def test_a_picture_goes_to_whom_it_was_chosen_for(desk, phone):
    late = Late(desk.page, "**/images/")
    desk.give("paste", 60)
    with desk.page.expect_request("**/images/"):
        desk.page.locator(".composer__send").click()
    desk.open_another()
    late.go()
    expect(heard(phone).locator("img")).to_have_count(1)
    expect(desk.said).to_have_count(0)
    desk.page.locator(f"#conversation-{desk.number}-row").click()
    expect(desk.said.and_(desk.page.locator(".message--image"))).to_have_count(1)
    expect(desk.tray).to_have_count(0)


def test_three_pictures_with_two_messages_left(desk, phone):
    left = desk.page.locator("reply-window")
    for number in "432":
        desk.box.fill("在的")
        desk.box.press("Enter")
        expect(left).to_have_attribute("data-left", number)
    desk.give("paste", 60, 70, 80)
    over = "将使用 3 条，只剩 2 条"
    expect(desk.page.locator(".composer__cost--over")).to_contain_text(over)
    desk.page.locator(".composer__send").click()
    expect(desk.page.locator(".composer__notice")).to_contain_text(over)
    desk.tray.nth(1).locator("[data-drop]").click()
    expect(desk.page.locator(".composer__cost--over")).to_have_count(0)
    expect(desk.page.locator(".composer__cost")).to_contain_text(
        "将使用 2 条，剩余 0 条"
    )
    desk.page.locator(".composer__send").click()
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(2)
    assert shown.evaluate_all(WIDTHS) == [60, 80]


def test_three_pasted_pictures_show_their_size_and_one_that_fails_why(desk, phone):
    """The middle one is no picture, which only the server finds out."""
    pictures = files(60, 90)
    pictures.insert(1, ("broken.jpg", base64.b64encode(b"no picture").decode()))
    desk.box.evaluate(GIVE, ["paste", pictures, ""])
    expect(desk.tray).to_have_count(3)
    expect(desk.tray.locator(".tray__size")).to_have_text(["1 KB"] * 3)
    expect(desk.tray.locator("[data-drop]")).to_have_count(3)
    desk.page.locator(".composer__send").click()
    reason = desk.tray.locator(".tray__error:visible")
    expect(reason).to_have_text(re.compile("图片"))
    expect(desk.tray).to_have_count(2)
    expect(heard(phone).locator("img")).to_have_count(1)
    desk.tray.first.locator("[data-drop]").click()
    desk.page.locator(".composer__send").click()
    shown = heard(phone).locator("img")
    expect(shown).to_have_count(2)
    assert shown.evaluate_all(WIDTHS) == [60, 90]


def test_two_hundred_pastes_leave_nothing_behind(desk):
    desk.page.evaluate(COUNT_URLS)
    for _ in range(10):
        desk.give("paste", *[60] * 20)
        expect(desk.tray).to_have_count(20)
        assert desk.page.evaluate("urls.size") == 20
        desk.page.evaluate(
            "document.querySelectorAll('.tray [data-drop]').forEach(one => one.click())"
        )
        expect(desk.tray).to_have_count(0)
    assert desk.page.evaluate("[urls.size, urls.made]") == [0, 200]
    desk.give("paste", 60)
    desk.open_another()
    assert desk.page.evaluate("urls.size") == 0
    desk.page.wait_for_function(KEPT, arg=1)


def test_a_picture_that_fails_is_kept_and_sent_once_tried_again(desk, phone):
    desk.page.route("**/images/", lambda route: route.abort())
    desk.give("paste", 60)
    desk.page.locator(".composer__send").click()
    expect(desk.tray.locator("[data-retry]")).to_be_visible()
    expect(desk.tray.locator(".tray__error")).to_have_text("未发送。")
    desk.page.unroute("**/images/")
    desk.tray.locator("[data-retry]").click()
    expect(desk.tray).to_have_count(0)
    expect(heard(phone).locator("img")).to_have_count(1)


def test_a_link_is_checked_kept_and_sent(desk, phone):
    sheet = desk.open_sheet("link-sheet")
    sheet.locator("[name=title]").fill("训练营")
    sheet.locator("[name=description]").fill("十天学会")
    sheet.locator("[name=url]").fill("http://example.com/")
    sheet.locator("[name=thumb_url]").fill("https://example.com/a.png")
    expect(sheet.locator(".phone__title")).to_have_text("训练营")
    sheet.locator("[type=submit]").click()
    expect(sheet.locator("[data-error=url]")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(desk.page.locator("[data-sheet=link-sheet]")).to_be_focused()

    sheet = desk.open_sheet("link-sheet")
    expect(sheet.locator("[name=title]")).to_have_value("训练营")
    sheet.locator("[name=url]").fill("https://example.com/")
    sheet.locator("[type=submit]").click()
    expect(sheet).to_be_hidden()
    expect(heard(phone).last).to_contain_text("训练营")
    expect(heard(phone).last).to_contain_text("十天学会")
    desk.open_sheet("link-sheet")
    expect(sheet.locator("[name=title]")).to_have_value("")


def test_a_card_of_the_list_is_sent_with_its_parameters(desk, phone):
    sheet = desk.open_sheet("card-sheet")
    sheet.locator("[data-pages]").select_option(label="课程大纲")
    expect(sheet.locator("[name=path]")).to_have_value("pages/course/course")
    expect(sheet.locator("[name=title]")).to_have_value("课程大纲")
    sheet.locator("[data-add-row]").click()
    desk.page.keyboard.type("from")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("a&b")
    expect(sheet.locator(".phone__cover img")).to_be_visible()
    sheet.locator("[type=submit]").click()
    expect(sheet).to_be_hidden()
    card = heard(phone).last.locator("[data-path]")
    expect(card).to_have_attribute("data-path", "pages/course/course?id=7&from=a%26b")
    expect(heard(phone).last).to_contain_text("课程大纲")


def test_a_card_with_a_chosen_cover_survives_a_dead_network(desk, phone):
    sheet = desk.open_sheet("card-sheet")
    sheet.locator("[name=path]").fill("pages/order/order")
    sheet.locator("[name=title]").fill("您的订单")
    sheet.locator("[type=submit]").click()
    expect(sheet.locator("[data-error=cover]")).to_be_visible()
    with desk.page.expect_file_chooser() as chooser:
        sheet.locator("[data-choose-cover]").click()
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": painting(900, 900)}
    chooser.value.set_files([file])
    desk.page.route("**/cards/", lambda route: route.abort())
    sheet.locator("[type=submit]").click()
    expect(sheet.locator(".sheet__error")).to_be_visible()
    desk.page.unroute("**/cards/")
    sheet.locator("[type=submit]").click()
    expect(sheet).to_be_hidden()
    expect(heard(phone).last).to_contain_text("您的订单")
    expect(desk.page.locator("message-thread .message--card")).to_have_count(1)


@pytest.mark.parametrize("keys", CONFIRMED_BY_ENTER.values(), ids=CONFIRMED_BY_ENTER)
def test_confirming_a_candidate_in_a_sheet_sends_and_closes_nothing(desk, keys):
    sheet = desk.open_sheet("link-sheet")
    sheet.locator("[name=title]").evaluate(PLAY, keys)
    expect(sheet).to_be_visible()
    expect(sheet.locator("[data-error=description]")).to_be_hidden()


def test_chromiums_own_input_method_confirms_in_a_sheet(desk):
    sheet = desk.open_sheet("jump-sheet")
    sheet.locator("[name=label]").focus()
    session = desk.page.context.new_cdp_session(desk.page)
    session.send(
        "Input.imeSetComposition",
        {"text": "ni", "selectionStart": 2, "selectionEnd": 2},
    )
    for kind in ("rawKeyDown", "keyUp"):
        session.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": "Process", "windowsVirtualKeyCode": 229},
        )
    session.send("Input.insertText", {"text": "你"})
    expect(sheet).to_be_visible()
    expect(sheet.locator("[name=label]")).to_have_value("你")
    expect(sheet.locator("[data-error=path]")).to_be_hidden()
