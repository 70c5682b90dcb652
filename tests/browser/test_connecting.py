"""A supervisor connects a mini program: three fields, three copies, green lights."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import decode_key
from conversations.wechat.signature import sign
from conversations.wechat.wrapping import wrap
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

APPID = "wxnew0123456789abc"
OPENID = "oXiaoming-0000000000000000-1"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker")
        console.manage(
            *("add_agent", "wu", "--name", "Wu", "--supervisor", "--password-stdin"),
            given="wu-password-4711",
        )
        console.shell(
            "from agents.models import Agent; Agent.objects.update(language='en')"
        )
        console.start("web")
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def page(console: Console, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.goto(f"{console.url}/admin/conversations/miniprogram/add/")
    page.fill("[name=username]", "wu")
    page.fill("[name=password]", "wu-password-4711")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add/")
    yield page
    context.close()


class WeChat:
    """WeChat's side, with what was copied into its console."""

    def __init__(self, url: str, token: str, aes_key: str) -> None:
        self.url, self.token = url, token
        self.credentials = Credentials(APPID, token, (decode_key(aes_key),))

    def checks(self) -> httpx.Response:
        stamps = {"timestamp": str(int(time.time())), "nonce": "1320562132"}
        signature = sign(self.token, *stamps.values())
        query = {**stamps, "signature": signature, "echostr": "4711"}
        return httpx.get(self.url, params=query)

    def pushes(self, words: str) -> httpx.Response:
        fields = {
            "ToUserName": "gh_0123456789ab",
            "FromUserName": OPENID,
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": words,
            "MsgId": time.time_ns(),
        }
        stamp = str(int(time.time()))
        query, body, kind = wrap(fields, self.credentials, stamp, "132056", OPENID)
        headers = {"Content-Type": kind}
        return httpx.post(self.url, params=query, content=body, headers=headers)


def copied(page: Page, name: str) -> str:
    """Press a copy button and return what is then in the clipboard."""
    held = page.locator("copy-button").filter(has=page.locator(f"#{name}"))
    held.get_by_role("button").click()
    expect(held.locator("output")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_from_three_fields_to_green_lights(page: Page) -> None:
    page.fill("[name=name]", "New school")
    page.fill("[name=appid]", APPID)
    page.fill("[name=app_secret]", "0123456789abcdef0123456789abcdef")
    page.click("[name=_save]")
    expect(page.locator("#shown-once")).to_contain_text("Shown only now")
    names = ("push-url", "push-token", "aes-key")
    url, token, aes_key = (copied(page, name) for name in names)
    assert url.endswith(f"/wechat/{APPID}/push")

    page.reload()
    expect(page.locator("#shown-once")).to_contain_text("can't be shown again")
    assert token not in page.content()
    assert aes_key not in page.content()

    page.get_by_role("link", name="Cancel").click()
    lights = page.locator(".lamp")
    expect(lights).to_have_count(5)
    expect(page.locator(".lamp--unknown")).to_have_count(5)

    wrong = WeChat(url, "another-token", aes_key)
    assert wrong.checks().status_code == 403
    page.reload()
    expect(page.locator("#light-url")).to_contain_text("Token differs")
    expect(page.locator("#last-check")).to_contain_text("another than ours")

    wechat = WeChat(url, token, aes_key)
    assert wechat.checks().text == "4711"
    assert wechat.pushes("在吗").text == "success"
    expect_soon(page, "#light-url.lamp--ok")
    expect_soon(page, "#light-push.lamp--ok")
    expect(page.locator("#connection")).to_contain_text("gh_0123456789ab")

    page.get_by_role("link", name="Look into the pushes").click()
    page.locator("#result_list a").first.click()
    expect(page.locator("#push")).to_contain_text("Became a message")
    expect(page.locator("#push")).not_to_contain_text("在吗")
    page.get_by_role("link", name="See it in its conversation").click()
    expect(page.locator("message-thread")).to_contain_text("在吗")


def expect_soon(page: Page, selector: str) -> None:
    """Load the page until a light is there: it is noted after the answer."""
    for _ in range(20):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator(selector)).to_have_count(1)
