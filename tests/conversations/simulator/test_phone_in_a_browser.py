from __future__ import annotations

import httpx
import pytest
from django.core.asgi import get_asgi_application
from playwright.sync_api import expect, sync_playwright

from conversations.simulator import state
from conversations.simulator.api import application
from conversations.simulator.http import PREFIX
from tests.browser.conftest import FLAGS, chromium

from .conftest import APPID, SECRET, WeChat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(settings, tmp_path, receiver, serve_app):
    """The page in Chromium, and what it complained about."""
    path = chromium()
    settings.ROOT_URLCONF = f"{__package__}.urls"
    settings.WECHAT_SIMULATOR_STATE = str(tmp_path / "wechat.sqlite3")
    world = state.world()
    world.register_app(
        APPID, name="云上小店", secret=SECRET, token="t", push_url=receiver.url
    )
    world.add_customer(APPID, "小明")
    django = get_asgi_application()

    async def door(scope, receive, send):
        of_wechat = scope["path"].startswith(PREFIX)
        await (application if of_wechat else django)(scope, receive, send)

    root = serve_app(door)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        complaints = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{root}/simulator/?lang=en")
        yield page
        browser.close()
    world.close()
    assert complaints == []


@pytest.fixture
def service(page):
    """The mini program's side: it sends to whoever the phone belongs to."""
    root = page.url.partition("/simulator/")[0] + PREFIX
    world = state.world()
    [xiaoming] = world.customers(APPID)
    with httpx.Client(base_url=root, trust_env=False) as client:
        yield WeChat(root, world, client, xiaoming.openid)


def enter(page, session_from):
    page.locator(f"[data-session-from='{session_from}']").click()
    expect(page.locator("#chat")).to_be_visible()


def write(page, words):
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")


def test_a_conversation_on_the_phone(page, service, receiver):
    enter(page, "训练营")
    write(page, "请问怎么加入？")
    expect(page.locator(".line--customer .bubble")).to_have_text("请问怎么加入？")

    assert service.set_typing() == 0
    expect(page.locator("#chat-title")).to_have_text("Typing…")
    service.send_text("在的")
    expect(page.locator(".line--service .bubble")).to_have_text("在的")
    expect(page.locator("#chat-title")).to_have_text("云上小店")
    expect(page.locator("#strip-left")).to_contain_text("Replies left: 4")

    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Sample picture").click()
    expect(page.locator(".line--customer img.picture")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Card", exact=True).click()
    page.get_by_role("button", name="Send the card").click()
    expect(page.locator(".line--customer .card--program")).to_be_visible()

    before = page.locator(".line").all_inner_texts()
    page.reload()
    expect(page.locator(".line")).to_have_count(len(before))
    assert page.locator(".line").all_inner_texts() == before


def test_words_never_become_markup(page, service):
    enter(page, "首页客服")
    words = (
        '<img src=x onerror=alert(1)> <a href="javascript:alert(1)">no</a>'
        ' <a href="https://example.com/" data-miniprogram-appid="x"'
        ' data-miniprogram-path="pages/a?id=1">jump</a> https://example.com/b'
    )
    service.send_text(words)
    bubble = page.locator(".line--service .bubble")
    expect(bubble.locator(".jump")).to_have_text("jump")
    assert bubble.locator("img").count() == 0
    assert bubble.locator("a").evaluate_all("links => links.map(a => a.href)") == [
        "https://example.com/b"
    ]
    assert '<a href="javascript:alert(1)">no</a>' in bubble.inner_text()
    bubble.locator(".jump").click()
    expect(page.locator("#toast")).to_have_text("Opens pages/a?id=1")


def test_when_nobody_answers_the_phone_says_so_in_grey(page, service, receiver):
    service.control("limits", retry_pause=0)
    receiver.answers = [(500, b"")]
    enter(page, "售后退款")
    write(page, "在吗")
    expect(page.locator(".line--system")).to_contain_text("请稍后再试")
    expect(page.get_by_role("img", name="Not delivered")).to_be_visible()


def test_a_second_customer_has_a_phone_of_their_own(page, service):
    enter(page, "训练营")
    write(page, "小明的话")
    page.get_by_role("textbox", name="Name of a new customer").fill("小红")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("[data-openid][aria-current]")).to_contain_text("小红")
    expect(page.locator("#shop")).to_be_visible()
    service.send_text("给小明")
    xiaoming = page.get_by_role("button", name="小明")
    expect(xiaoming.locator(".person__new")).to_be_visible()
    xiaoming.click()
    expect(page.locator(".bubble")).to_have_text(["小明的话", "给小明"])


def test_enter_while_composing_sends_nothing(page, service, receiver):
    enter(page, "训练营")
    words = page.get_by_role("textbox", name="Message")
    words.fill("zaima")
    words.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    expect(words).to_have_value("zaima")
    words.press("Shift+Enter")
    expect(words).to_have_value("zaima\n")
    words.press("Enter")
    expect(page.locator(".line--customer .bubble")).to_have_text("zaima")
