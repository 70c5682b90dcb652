"""Two agents at one desk: what each sees of the other, and what they hand each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_writing import CAST
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

COLLEAGUES = """
Agent.objects.create_user("chen", password="chen-password", display_name="小陈")
Agent.objects.filter(username="lin").update(display_name="小林")
Agent.objects.create_user("wang", password="wang-password", display_name="小王")
Seat.objects.give_everyone(shop)
"""
# As the box does, in its other mode.
NOTE = """async () => {
  const name = `${document.body.dataset.csrfCookie}=`
  const token = document.cookie.split("; ").find((one) => one.startsWith(name))
  const said = { text: "@小陈 请看订单", client_uuid: crypto.randomUUID() }
  await fetch("/conversations/5/note/", {
    method: "POST",
    headers: { "X-CSRFToken": token.slice(name.length) },
    body: new URLSearchParams(said),
  })
}"""
SOON = 3_000  # ms; a second, and a busy machine


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST + COLLEAGUES)
        yield console


@pytest.fixture
def desks(browser: Browser, console: Console) -> Iterator[tuple[Page, Page]]:
    contexts = [
        browser.new_context(base_url=console.url, locale="zh-CN") for _ in range(2)
    ]
    yield (_signs_in(contexts[0], "lin"), _signs_in(contexts[1], "chen"))
    for context in contexts:
        context.close()


def _signs_in(context: BrowserContext, name: str) -> Page:
    page = context.new_page()
    page.goto("/login/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(f"{name}-password")
    page.keyboard.press("Enter")
    expect(page.locator("inbox-list")).to_be_visible()
    expect(page.locator("[data-presence]")).to_have_class("presence presence--open")
    return page


def opens(page: Page, number: int) -> None:
    page.goto(f"/conversations/{number}/?view=all")
    expect(page.locator(".header")).to_be_visible()


def test_each_sees_the_other_and_nobody_themselves(desks: tuple[Page, Page]) -> None:
    lins, chens = desks
    opens(lins, 1)
    opens(chens, 1)
    face = lins.locator(".header .face:visible")
    expect(face).to_have_text("陈小陈 正在查看", timeout=SOON)
    chens.locator("#composer-text").press_sequentially("好")
    expect(face).to_have_text("陈小陈 正在输入…", timeout=SOON)
    row = lins.locator("#conversation-1-row .face:visible")
    expect(row).to_have_class("face face--typing")
    expect(chens.locator(".header .face:visible")).to_have_text("林小林 正在查看")
    before = lins.locator(".header .attention").evaluate("e => e.outerHTML")
    lins.reload()
    expect(face).to_be_visible()
    # Lin's own face went and came with the reload; each other one stands where it stood.
    after = lins.locator(".header .attention").evaluate("e => e.outerHTML")
    assert sorted(before) == sorted(after)
    opens(chens, 2)
    expect(face).to_have_count(0, timeout=SOON)
    expect(lins.locator("#conversation-2-row .face:visible")).to_have_count(1)


def test_a_conversation_is_given_on_with_its_draft(desks: tuple[Page, Page]) -> None:
    lins, chens = desks
    opens(lins, 3)
    opens(chens, 4)
    chens.locator("#composer-text").fill("别动")
    lins.locator("[data-action=claim]").click()
    lins.locator("#composer-text").fill("您的订单")
    lins.locator("[data-action=transfer]").click()
    dialog = lins.locator("#transfer")
    expect(dialog.get_by_text("小王")).to_be_visible()
    dialog.locator("[data-find]").fill("陈")
    expect(dialog.get_by_text("小王")).to_be_hidden()
    dialog.get_by_text("小陈").click()
    dialog.locator("textarea").fill("退款，请接手")
    dialog.locator("[data-give]").click()
    expect(dialog).to_be_hidden()
    expect(lins.locator(".header__holder")).to_contain_text("小陈")
    expect(lins.locator("#composer-text")).to_have_value("")
    notice = chens.locator("#notice")
    expect(notice).to_contain_text("退款，请接手", timeout=SOON)
    expect(chens.locator("#composer-text")).to_have_value("别动")  # Nothing moves it
    notice.get_by_role("button").click()
    expect(chens.locator("#composer-text")).to_have_value("您的订单")
    expect(chens.locator(".event").last).to_contain_text(
        "小林 将会话转接给 小陈：退款，请接手"
    )


def test_a_note_calls_a_colleague_until_they_look(desks: tuple[Page, Page]) -> None:
    lins, chens = desks
    opens(lins, 5)
    opens(chens, 6)
    lins.evaluate(NOTE)
    note = lins.locator(".message--note")
    expect(note).to_contain_text("请看订单", timeout=SOON)
    wide = note.locator(".bubble").bounding_box()
    thread = lins.locator(".messages").bounding_box()
    assert wide
    assert thread
    assert wide["width"] > thread["width"] * 0.95
    badge = chens.locator(".mentions__count")
    expect(badge).to_have_text("1", timeout=SOON)
    chens.reload()
    expect(badge).to_have_text("1")
    chens.locator(".mentions summary").click()
    chens.locator(".mention").click()
    expect(chens.locator(".message--note")).to_be_visible()
    expect(badge).to_have_count(0)


def test_what_one_says_of_oneself_shows_to_all(
    desks: tuple[Page, Page], console: Console
) -> None:
    lins, chens = desks
    opens(lins, 7)
    chens.locator("#availability summary").click()
    chens.locator("[data-choose=busy]").click()
    expect(chens.locator("#availability [data-chosen]")).to_have_text("忙碌")
    lins.locator("[data-action=transfer]").click()
    row = lins.locator("#transfer .colleague", has_text="小陈")
    expect(row).to_contain_text("忙碌")
    row.locator("input").check()
    row.locator("input").focus()
    second = chens.context.new_page()
    second.goto("/")
    second.locator("#availability summary").click()
    second.locator("[data-choose=available]").click()
    expect(row).to_contain_text("在线", timeout=SOON)
    # Whoever is choosing stays at whom they chose.
    expect(row.locator("input")).to_be_focused()
    expect(row.locator("input")).to_be_checked()
    expect(lins.locator("#transfer [data-give]")).to_be_enabled()
    expect(chens.locator("#availability [data-chosen]")).to_have_text("在线")
