"""No page keeps anybody out: axe finds nothing, in either language and either theme.

The admin's frame is django-unfold's; what it lacks is named here, and nothing else is let
through.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CAST = """
from datetime import timedelta
from django.utils import timezone
from agents.models import Agent
from conversations.models import (
    CannedAnswer, Conversation, Customer, Message, MiniProgram, Seat,
)
from conversations.models.conversation import digest_of

for name, language in (("wu", "zh-hans"), ("wu-en", "en")):
    Agent.objects.create_user(
        name,
        password="wu-password",
        display_name="Wu",
        is_staff=True,
        language=language,
    )
shop = MiniProgram.objects.create(appid="wx0123456789abcdef", name="云课堂")
Seat.objects.give_everyone(shop)
for number in range(1, 4):
    at = timezone.now() - timedelta(minutes=10 - number)
    customer = Customer.objects.create(
        mini_program=shop, openid=f"oCustomer-{number:04}", message_granted_at=at
    )
    conversation = Conversation.objects.create(
        customer=customer,
        session_from_digest=digest_of(""),
        waiting_since=at,
        last_message_at=at,
        unread=1,
    )
    conversation.last_message = Message.objects.create(
        conversation=conversation,
        customer=customer,
        author="customer",
        text="还没发货吗",
        said_at=at,
        ordered_at=at,
    )
    conversation.save()
CannedAnswer.objects.create(
    title="发货",
    shortcut="fh",
    pinyin="fahuo fh",
    parts=[{"kind": "text", "text": "今天发货。"}],
)
CannedAnswer.objects.create(
    use="quick_reply", title="稍等", parts=[{"kind": "text", "text": "请稍等。"}]
)
"""
# django-unfold's pages have no <main>, and its lists a nameless column for their boxes, its
# fields in lists no labels, and two scrolling parts of one name.
UNFOLDS = {
    *("landmark-one-main", "region", "page-has-heading-one", "landmark-unique"),
    *("empty-table-header", "label"),
}


@pytest.fixture(scope="module")
def axe() -> str:
    package = find_spec("axe_playwright_python")
    assert package
    assert package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with Console(folder, {"WECHAT_SIMULATOR": "1"}) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console


@pytest.fixture(
    scope="module",
    params=[("wu", "light"), ("wu-en", "dark"), ("wu", "dark"), ("wu-en", "light")],
    ids=lambda param: "-".join(param),
)
def context(
    console: Console, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    name, scheme = request.param
    context = browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="en" if name == "wu-en" else "zh-CN",
        base_url=console.url,
        color_scheme=scheme,
        reduced_motion="reduce",  # Half faded in, nothing has its contrast
        bypass_csp=True,  # To let axe in
    )
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", "wu-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture
def faults(page: Page, axe: str):  # type: ignore[no-untyped-def]
    """Return {rule: what it finds} of the page as it is."""

    def look(allowed: frozenset[str] = frozenset()) -> dict[str, list[str]]:
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return {
            rule["id"]: [str(node["target"]) for node in rule["nodes"]]
            for rule in found["violations"]
            if rule["id"] not in allowed
        }

    return look


def desk(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("live-socket")).to_have_attribute("data-state", "open")


def test_the_sign_in_page(console, browser, axe):
    page = browser.new_context(base_url=console.url, bypass_csp=True).new_page()
    page.goto("/login/")
    page.evaluate(axe)
    assert page.evaluate("axe.run(document)")["violations"] == []
    page.context.close()


def test_the_desk_with_nothing_open(page, faults):
    desk(page, "/inbox/?view=all")
    assert faults() == {}


def test_the_desk_with_a_conversation_and_its_panel(page, faults):
    desk(page, "/conversations/1/?view=all")
    assert faults() == {}
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("]")
    expect(page.locator("#side-panel")).to_be_visible()
    expect(page.locator("#known-tags")).to_be_visible()
    assert faults() == {}


def test_the_sheet_of_keys_and_the_palette(page, faults):
    desk(page, "/inbox/?view=all")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert faults() == {}
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette [role=option]").first).to_be_visible()
    assert faults() == {}


@pytest.mark.parametrize("sheet", ["jump-sheet", "card-sheet", "link-sheet"])
def test_the_boxs_sheets(page, faults, sheet):
    desk(page, "/conversations/1/?view=all")
    page.locator(f'[data-sheet="{sheet}"]').click()
    expect(page.locator(f"{sheet} dialog")).to_be_visible()
    assert faults() == {}


def test_the_desk_on_a_phone(page, faults):
    page.set_viewport_size({"width": 390, "height": 844})
    desk(page, "/inbox/?view=all")
    assert faults() == {}
    desk(page, "/conversations/1/?view=all")
    assert faults() == {}


@pytest.mark.parametrize("address", ["/settings/", "/answers/own/", "/simulator/"])
def test_other_pages(page, faults, address):
    response = page.goto(address)
    assert response
    assert response.status == 200
    assert faults() == {}


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/conversations/miniprogram/",
        "/admin/conversations/cannedanswer/",
        "/admin/conversations/autoreplyrule/",
    ],
)
def test_the_supervisors_pages(page, faults, address):
    page.goto(address)
    assert faults(allowed=frozenset(UNFOLDS)) == {}
