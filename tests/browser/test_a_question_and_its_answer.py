"""The main job, from end to end: two agents' tabs, a phone, real processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

TYPING = "对方正在输入"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder, {"LANE_LEASE": "6"}, demo=True) as console:
        console.open_demo()
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


def says(phone: Page, words: str) -> None:
    phone.fill("#words", words)
    phone.press("#words", "Enter")


def rows(page: Page):
    return page.locator("inbox-list li[id$=-row]")


def test_a_question_and_its_answer(desk, phone):
    lin, chen = desk("lin"), desk("chen")

    # The customer enters and is welcomed.
    phone.locator("[data-session-from='训练营']").click()
    expect(phone.locator(".line--service .bubble").last).to_be_visible()

    # A keyword is answered by a rule, and the question is live in both tabs.
    says(phone, "我想退款")
    expect(phone.locator(".line--service .bubble").last).to_contain_text("退款")
    says(phone, "请问几点开课？")
    for page in (lin, chen):
        expect(rows(page).filter(has_text="请问几点开课？")).to_have_count(1)

    rows(lin).filter(has_text="请问几点开课？").click()
    rows(chen).filter(has_text="请问几点开课？").click()
    for page in (lin, chen):
        expect(page.locator("message-thread")).to_contain_text("请问几点开课？")

    # Lin claims and answers with a quick reply; the phone shows typing, then the text.
    lin.locator("[data-action=claim]").click()
    expect(chen.locator(".header__holder")).to_contain_text("林晓")
    quick = lin.locator("#quick-replies button").first
    phone.evaluate(
        """() => {
            window.titles = []
            const title = document.querySelector("#chat-title")
            const note = () => window.titles.push(title.textContent)
            const all = {subtree: true, childList: true, characterData: true}
            new MutationObserver(note).observe(title, all)
        }"""
    )
    words = quick.get_attribute("title")
    quick.click()
    expect(phone.locator(".line--service .bubble").last).to_have_text(words)
    assert any(TYPING in title for title in phone.evaluate("window.titles"))
    assert TYPING not in phone.locator("#chat-title").inner_text()
    expect(lin.locator("message-thread .message--agent").last).to_contain_text(words)

    # The other tab shows who answered, and a reload shows the same.
    answer = chen.locator("message-thread .message--agent").last
    expect(answer).to_contain_text("林晓")
    expect(answer.locator(".delivery--sent")).to_be_visible()
    expect(lin.locator(".delivery--sent").last).to_be_visible()
    for page in (lin, chen):
        live = page.locator("message-thread ol").inner_text()
        page.reload()
        expect(page.locator("message-thread .delivery--sent").last).to_be_visible()
        assert page.locator("message-thread ol").inner_text() == live


def test_the_phone_shows_that_an_agent_types(desk, phone):
    lin = desk("lin")
    phone.locator("[data-session-from='首页客服']").click()
    says(phone, "可以开发票吗")
    rows(lin).filter(has_text="可以开发票吗").click()
    lin.locator("#composer-text").click()
    lin.keyboard.type("可以")

    expect(phone.locator("#chat-title")).to_contain_text(TYPING)


def test_a_typed_answer_with_a_common_answer_in_it(desk, phone):
    lin = desk("lin")
    phone.locator("[data-session-from='首页客服']").click()
    says(phone, "发票怎么开")
    rows(lin).filter(has_text="发票怎么开").click()
    box = lin.locator("#composer-text")
    box.click()
    lin.keyboard.type("您好，")
    lin.keyboard.type(" /")
    lin.keyboard.type("fp")
    expect(lin.locator("answer-picker [role=option]").first).to_be_visible()
    lin.keyboard.press("Enter")
    text = box.input_value()
    assert text.startswith("您好，")
    assert "发票" in text
    lin.keyboard.press("Enter")
    expect(phone.locator(".line--service .bubble").last).to_contain_text("发票")
    expect(box).to_have_value("")


def test_a_note_reaches_no_customer_by_word_or_by_sign(desk, phone):
    lin = desk("lin")
    phone.locator("[data-session-from='首页客服']").click()
    says(phone, "能便宜点吗")
    rows(lin).filter(has_text="能便宜点吗").click()
    answers = phone.locator(".line--service .bubble")
    box = lin.locator("#composer-text")
    box.fill("在的")
    box.press("Enter")
    expect(answers.last).to_have_text("在的")
    before = answers.count()
    phone.evaluate(
        """() => {
            window.titles = []
            const title = document.querySelector("#chat-title")
            const note = () => window.titles.push(title.textContent)
            const all = {subtree: true, childList: true, characterData: true}
            new MutationObserver(note).observe(title, all)
        }"""
    )
    lin.locator("[data-mode=note]").click()
    box.press_sequentially("老客户，可以便宜")
    box.press("Enter")
    expect(lin.locator(".message--note")).to_contain_text("可以便宜")
    assert not any(TYPING in title for title in phone.evaluate("window.titles"))

    # What is said after it arrives, and it does not.
    lin.locator("[data-mode=reply]").click()
    lin.locator("#quick-replies button").first.click()
    expect(answers).to_have_count(before + 1)
    assert "可以便宜" not in phone.locator("body").inner_text()


def test_a_picture_comes_at_one_press_and_escape_leaves_the_box(desk, phone):
    lin = desk("lin")
    phone.locator("[data-session-from='首页客服']").click()
    phone.locator("[data-panel=more]").click()
    phone.locator("[data-more=samples]").click()
    phone.locator("[data-sample=hills]").click()
    rows(lin).filter(has_text="[图片]").click()
    expect(lin.locator("message-thread .message--image img")).to_be_visible()

    lin.locator("#composer-text").fill("您好，这张图")
    lin.keyboard.press("Escape")
    expect(lin.locator(".thread")).to_be_focused()
    expect(lin.locator("#composer-text")).to_have_value("您好，这张图")


def test_what_was_typed_survives_switching_reload_and_a_dead_server(
    console, desk, phone
):
    lin = desk("lin")
    phone.locator("[data-session-from='售后退款']").click()
    says(phone, "在吗，有人吗")
    rows(lin).filter(has_text="在吗，有人吗").click()
    with lin.expect_response(lambda answer: "/draft/" in answer.url):
        lin.locator("#composer-text").fill("还没有写完的话")
    lin.reload()
    expect(lin.locator("#composer-text")).to_have_value("还没有写完的话")

    console.kill("web")
    lin.locator("#composer-text").press("Enter")
    expect(lin.locator(".unsent__line")).to_contain_text("还没有写完的话")
    expect(lin.locator(".unsent__line")).to_contain_text("等待网络")
    console.start("web")
    expect(phone.locator(".line--service .bubble").last).to_have_text("还没有写完的话")
    expect(lin.locator("message-thread .message--agent")).to_have_count(1)
