"""An agent sets the desk to rights, and loses nothing on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.notices, pytest.mark.processes]

CAST = """
from agents.models import Agent
Agent.objects.create_user("lin", password="lin-password", display_name="Lin")
"""
LISTEN = """
window.alerts = []
for (const kind of ["tone", "notice"]) {
    document.addEventListener(`alert:${kind}`, () => alerts.push(kind))
}
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console")) as console:
        console.start("broker", "web")
        console.shell(CAST)
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def sign_in(console: Console, browser: Browser) -> Iterator:
    contexts = []

    def sign_in(address: str) -> Page:
        context = browser.new_context(
            locale="zh-CN", base_url=console.url, permissions=["notifications"]
        )
        contexts.append(context)
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.goto(f"/login/?next={address}")
        page.fill("[name=username]", "lin")
        page.fill("[name=password]", "lin-password")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{console.url}{address}")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def test_four_lights_are_green_after_a_test(sign_in):
    page = sign_in("/settings/")
    good = page.locator(".light--good")
    expect(page.locator("[data-light=connection]")).to_have_class("light light--good")
    page.locator("[data-test]").click()
    expect(good).to_have_count(4)
    # The first press may only unlock the sound.
    page.locator("[data-test]").click()
    page.wait_for_function("alerts.includes('tone') && alerts.includes('notice')")


def test_saving_one_section_keeps_what_stands_in_the_others(sign_in):
    page = sign_in("/settings/")
    page.fill("[name=display_name]", "小林")
    page.fill("[name=undo_seconds]", "3")
    page.locator("[name=send_key]").select_option("ctrl_enter")
    page.locator("#settings-writing .button--primary").click()
    expect(page.locator("#settings-writing .notice--ok")).to_be_visible()
    expect(page.locator("[name=display_name]")).to_have_value("小林")

    # What the server refuses, and what never reaches it, stays too.
    page.locator("[name=undo_seconds]").evaluate(
        "field => field.removeAttribute('max')"
    )
    page.fill("[name=undo_seconds]", "9")
    page.locator("#settings-writing .button--primary").click()
    expect(page.locator("#settings-writing .errorlist")).to_be_visible()
    expect(page.locator("[name=undo_seconds]")).to_have_value("9")
    page.context.set_offline(True)
    page.locator("#settings-profile .button--primary").click()
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("[name=display_name]")).to_have_value("小林")
    page.context.set_offline(False)
    page.evaluate(
        "document.querySelectorAll('form').forEach(f => f.removeAttribute('data-changed'))"
    )


def test_a_theme_is_there_from_the_first_paint(sign_in):
    page = sign_in("/settings/")
    ground = "getComputedStyle(document.body).backgroundColor"
    for theme, colour in [("dark", "rgb(18, 22, 28)"), ("light", "rgb(245, 247, 250)")]:
        page.emulate_media(color_scheme="light" if theme == "dark" else "dark")
        page.locator("[name=theme]").select_option(theme)
        with page.expect_navigation():
            page.locator("#settings-profile .button--primary").click()
        root = page.locator("html")
        expect(root).to_have_attribute("data-theme", theme)
        assert page.evaluate(ground) == colour


def test_signing_out_everywhere_shuts_the_desks_elsewhere(sign_in):
    elsewhere = sign_in("/inbox/")
    expect(elsewhere.locator("live-socket")).to_have_attribute("data-state", "open")
    page = sign_in("/settings/")
    page.locator(".confirm summary").click()
    page.locator(".confirm button").click()
    page.wait_for_url("**/login/")
    expect(elsewhere.locator("#signed-out")).to_be_visible()
    elsewhere.reload()
    elsewhere.wait_for_url("**/login/**")
