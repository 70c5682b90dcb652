"""A morning at the desk from end to end: two agents, a phone, and a wire that breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.key_sequences import CONFIRMED_BY_ENTER, PLAY
from tests.browser.test_composing import GIVE, WIDTHS, files
from tests.browser.test_the_desk_holds_still import WORLD
from tests.browser.wire import Wire
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.notices, pytest.mark.processes]

# Nobody waits yet, and no rule takes of what may be sent.
BEFORE_NINE = """
from conversations.models import AutoReplyRule, Conversation
Conversation.objects.update(waiting_since=None, unread=0)
AutoReplyRule.objects.all().delete()
"""
FIFTY_FIVE_MINUTES = """
from datetime import timedelta
from conversations.models import Customer
pk = Conversation.objects.get(pk={pk}).customer_id
at = timezone.now() - timedelta(hours=47, minutes=5)
Customer.objects.filter(pk=pk).update(message_granted_at=at)
with live.recording():
    live.conversation(Conversation.objects.get(pk={pk}))
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder, demo=True) as console, Wire(console.port) as wire:
        console.wire = wire  # type: ignore[attr-defined]
        console.environment["CSRF_TRUSTED_ORIGINS"] = wire.url
        console.open_demo()
        console.shell(BEFORE_NINE)
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def lin(console: Console, browser: Browser) -> Iterator[Page]:
    """Lin's tab, behind the wire."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="zh-CN",
        base_url=console.wire.url,  # type: ignore[attr-defined]
        permissions=["notifications"],
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "kefu-demo-lin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    yield page
    context.close()


def box(page: Page) -> Locator:
    return page.locator("#composer-text")


def says(phone: Page, words: str) -> None:
    phone.fill("#words", words)
    phone.press("#words", "Enter")


def heard(phone: Page) -> Locator:
    return phone.locator(".line--service")


def types(page: Page) -> None:
    """Type 你 with an input method, whose Enter confirms it."""
    box(page).evaluate(PLAY, CONFIRMED_BY_ENTER["Chrome, Microsoft Pinyin"])


def test_one_morning(console, lin, desk, phone):
    chen = desk("chen")
    said: list[str] = []
    for page in (lin, chen):
        page.on(
            "request", lambda r: r.url.endswith("/messages/") and said.append(r.method)
        )

    # 8:59. The alerts are tried out: four lights.
    lin.locator("nav a[href='/settings/']").click()
    lin.locator("[data-test]").click()
    expect(lin.locator(".light--good")).to_have_count(4)
    lin.locator("nav a[href='/']").first.click()
    expect(lin.locator("live-socket")).to_have_attribute("data-state", "open")

    # Somebody asks from an order's page, and F8 opens who has waited longest.
    phone.locator("[data-session-from='order/20260918001']").click()
    says(phone, "手机号换了，原来的号收不到短信")
    expect(lin.locator(".row", has_text="手机号换了")).to_have_count(1)
    lin.keyboard.press("F8")
    expect(lin.locator("message-thread")).to_contain_text("手机号换了")
    expect(lin.locator(".messages .event").first).to_contain_text("从“订单”进入")
    pk = lin.locator("#conversation").get_attribute("data-conversation")

    # The third answer, two words added with the input method: one message goes out.
    expect(box(lin)).to_be_focused()
    box(lin).press("ArrowDown")
    expect(lin.locator("answer-picker [role=option]").nth(2)).to_be_visible()
    box(lin).press("3")
    expect(box(lin)).not_to_have_value("")
    answer = box(lin).input_value()
    types(lin)
    types(lin)
    expect(box(lin)).to_have_value(f"{answer}你你")
    assert said == []
    box(lin).press("Enter")
    expect(lin.locator(".delivery--sent")).to_have_count(1)
    expect(heard(phone)).to_have_count(1)
    expect(heard(phone)).to_contain_text("你你")
    expect(lin.locator("reply-window")).to_contain_text("4/5")
    assert said.count("POST") == 1

    # A colleague opens the same: her face shows. What Lin says meanwhile is on its way to
    # her yet as she sends: her words stop once.
    chen.goto(f"/conversations/{pk}/?view=all")
    expect(lin.locator(".header .face:visible")).to_contain_text("正在查看")
    box(chen).fill("我来处理")
    chen.context.set_offline(True)
    box(lin).fill("已经帮您换好了")
    box(lin).press("Enter")
    expect(heard(phone)).to_have_count(2)
    box(chen).press("Enter")
    chen.context.set_offline(False)
    unsent = chen.locator(".unsent__line")
    expect(unsent).to_contain_text("我来处理")
    expect(unsent.locator("[data-confirm]")).to_be_visible()
    expect(chen.locator("message-thread")).to_contain_text("已经帮您换好了")
    unsent.locator("[data-drop]:visible").click()
    expect(unsent).to_have_count(0)

    # The wire breaks. What is written waits, and asks first: the customer wrote meanwhile.
    wire: Wire = console.wire
    wire.cut()
    expect(lin.locator(".line:not(.line--back)")).to_be_visible()
    box(lin).fill("还有别的问题吗")
    box(lin).press("Enter")
    waiting = lin.locator(".unsent__line")
    expect(waiting).to_contain_text("还有别的问题吗")
    says(phone, "还有一个问题")
    expect(chen.locator("message-thread")).to_contain_text("还有一个问题")
    console.shell(
        WORLD
        + "for other in Conversation.objects.order_by('-pk')[:5]: writes(other.pk, '在吗')"
    )
    wire.mend()
    expect(lin.locator(".line--back")).to_have_text(re.compile(r"补齐 \d+ 条更新"))
    expect(lin.locator("message-thread")).to_contain_text("还有一个问题")
    expect(waiting.locator("[data-confirm]")).to_be_visible()
    expect(heard(phone)).to_have_count(2)
    waiting.locator("[data-confirm]").click()
    expect(heard(phone)).to_have_count(3)
    expect(heard(phone).last).to_contain_text("还有别的问题吗")

    # Three pictures with two messages left: one is taken out, two go in their order.
    for number in "32":
        box(lin).fill("请稍等")
        box(lin).press("Enter")
        expect(lin.locator("reply-window")).to_have_attribute("data-left", number)
    box(lin).evaluate(GIVE, ["paste", files(60, 70, 80), ""])
    cost = lin.locator(".composer__cost")
    expect(cost).to_contain_text("将使用 3 条，只剩 2 条")
    lin.locator(".tray__picture").nth(1).locator("[data-drop]").click()
    expect(cost).to_contain_text("将使用 2 条，剩余 0 条")
    lin.locator(".composer__send").click()
    pictures = heard(phone).locator("img")
    expect(pictures).to_have_count(2)
    assert pictures.evaluate_all(WIDTHS) == [60, 80]

    # 11:40. Less than an hour is left for one: its row turns amber, and a line opens it.
    says(phone, "谢谢")
    expect(box(lin)).to_be_editable()
    lin.goto("/inbox/?view=all")
    console.shell(WORLD + FIFTY_FIVE_MINUTES.format(pk=pk))
    meter = lin.locator(f"#conversation-{pk}-row window-meter")
    expect(meter).to_have_attribute("data-tone", re.compile("near|late"))
    lin.locator("#closing").click()
    expect(lin.locator("#conversation")).to_have_attribute("data-conversation", pk)

    # 12:00. A break, which her colleague sees before handing anything over.
    lin.locator("#availability summary").click()
    lin.locator("[data-choose=break]").click()
    chen.goto("/inbox/?view=mine")
    chen.locator(".row").first.click()
    chen.locator("[data-action=transfer]").click()
    expect(chen.locator("#transfer .colleague", has_text="林晓")).to_contain_text(
        "小休"
    )

    # Nothing went out but what was sent on purpose.
    assert heard(phone).count() == 7
