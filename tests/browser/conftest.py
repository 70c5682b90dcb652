"""A real Chromium. Its tests look at pages as people do, and at nothing behind them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.processes.driver import Console

# A machine of two busy cores may take its time; a condition is no slower for it.
expect.set_options(timeout=15_000)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"  # The same engine at half the work, without notices
FLAGS = [
    "--no-sandbox",  # Root, as in a container, has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium(*, notices: bool = False) -> str:
    """Return the path of a Chromium, or fail and say what is missing."""
    names = NAMES if notices else (SHELL, *NAMES)
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail(
            "These tests need Chromium, and there is none: apt install chromium, or "
            'leave them out with -m "not browser".'
        )
    return found


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Not for the whole session: while Playwright runs, its event loop counts as
    running in this thread, and no other test could run one."""
    path = chromium(notices=request.node.get_closest_marker("notices") is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def desk(console: Console, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the tab of one of the demo's agents: desk("lin").

    `script` runs before the page's own. Which console is the test module's to say.
    """
    contexts = []

    def open_tab(name: str, script: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": 1366, "height": 768},
            locale="zh-CN",
            base_url=console.url,
        )
        contexts.append(context)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.goto(f"{console.url}/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", f"kefu-demo-{name}")
        page.keyboard.press("Enter")
        page.wait_for_url("**/inbox/**")
        expect(page.locator("live-socket")).to_have_attribute("data-state", "open")
        return page

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def phone(console: Console, browser: Browser) -> Iterator[Page]:
    """A new customer's phone, beside the buttons by which they may enter."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN"
    )
    page = context.new_page()
    page.goto(f"{console.url}/simulator/")
    take_new_phone(page, "小明")
    yield page
    context.close()


def take_new_phone(page: Page, name: str) -> None:
    """Add a customer at the simulator and have their phone in hand."""
    page.fill("#add-customer [name=name]", name)
    with page.expect_response(re.compile("/customers/$")) as added:
        page.press("#add-customer [name=name]", "Enter")
    # It is in the list before it is in hand, and a tap goes to the one in hand.
    openid = added.value.json()["openid"]
    expect(page.locator(f"[data-openid='{openid}'][aria-current]")).to_have_count(1)
