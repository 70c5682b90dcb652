"""Each kind of message, from the phone to the desk and back, by each way in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.test_composing import Desk, heard
from tests.pictures import painting
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SET_UP = """
from django.conf import settings
from conversations.management import at_the_simulator
from conversations.models import AutoReplyRule, MiniProgram
from conversations.simulator import state

shop = MiniProgram.objects.order_by("pk").first()
shop.mode, shop.format = "{mode}", "{format}"
shop.cloud_run = shop.cloud_run_calls = {by_cloud_run}
shop.save()
at_the_simulator.register(shop)
state.register_app(settings.WECHAT_SIMULATOR_STATE, appid=shop.appid, way="{way}")
# However long it takes, nothing but the agent's kinds uses up the reply window.
AutoReplyRule.objects.update(active=False)
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console"), demo=True) as console:
        console.open_demo()
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.mark.parametrize(
    ("way", "mode", "format"),
    [
        ("url", "secure", "xml"),
        ("url", "plain", "json"),
        ("relay", "secure", "json"),
        ("cloudrun", "secure", "json"),
    ],
)
def test_each_kind_comes_in_and_goes_out(console, desk, phone, way, mode, format):
    console.shell(
        SET_UP.format(way=way, mode=mode, format=format, by_cloud_run=way == "cloudrun")
    )

    # Enters, sends a picture and a card, and writes.
    phone.locator("[data-session-from='训练营']").click()
    phone.click("[data-panel=more]")
    phone.click("[data-more=samples]")
    phone.click("[data-sample=hills]")
    expect(phone.locator(".line--customer .picture img")).to_be_visible()
    phone.click("[data-panel=more]")
    phone.click("[data-more=card]")
    phone.click("#send-card")
    expect(phone.locator(".line--customer .card--program")).to_be_visible()
    phone.fill("#words", "第一句[微笑]")
    phone.press("#words", "Enter")

    lin = Desk(desk("lin").context, "第一句")
    thread = lin.page.locator("message-thread")
    theirs = thread.locator(".message--customer")
    expect(thread).to_contain_text("训练营")
    expect(theirs.filter(has_text="第一句")).to_have_count(1)
    expect(thread.locator(".message--customer.message--image img")).to_be_visible()
    expect(thread.locator(".message--customer.message--card")).to_contain_text("订单")

    # What has not been on the screen would stop a send, once.
    theirs.last.scroll_into_view_if_needed()
    expect(thread.locator(".thread__pill")).to_be_hidden()

    # Text with a jump link, a picture, a link and a card.
    lin.box.fill("请看⟦课程大纲|pages/course/course?id=7⟧")
    lin.box.press("Enter")
    expect(heard(phone).last.locator(".jump")).to_have_text("课程大纲")
    lin.give("paste", 60)
    expect(lin.tray).to_have_count(1)
    lin.page.locator(".composer__send").click()
    expect(heard(phone).locator("img")).to_have_count(1)

    sheet = lin.open_sheet("link-sheet")
    sheet.locator("[name=title]").fill("开营通知")
    sheet.locator("[name=description]").fill("十天学会")
    sheet.locator("[name=url]").fill("https://example.com/")
    sheet.locator("[name=thumb_url]").fill("https://example.com/a.png")
    sheet.locator("[type=submit]").click()
    expect(heard(phone).last.locator(".card--link")).to_contain_text("开营通知")

    sheet = lin.open_sheet("card-sheet")
    sheet.locator("[name=path]").fill("pages/order/order?id=7")
    sheet.locator("[name=title]").fill("您的订单")
    with lin.page.expect_file_chooser() as chooser:
        sheet.locator("[data-choose-cover]").click()
    cover = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": painting(900, 900)}
    chooser.value.set_files([cover])
    sheet.locator("[type=submit]").click()
    expect(heard(phone).last.locator(".card--program")).to_contain_text("您的订单")
    ours = thread.locator(".message--agent")
    expect(ours.locator(".delivery--sent")).to_have_count(4)
