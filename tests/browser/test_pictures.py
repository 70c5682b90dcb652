"""Pictures in a real browser: looked at, and never run."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from conversations.management.demo.people import APPID
from tests.pictures import SCRIPT, painting
from tests.processes.driver import Console

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("console"), {}, demo=True) as console:
        console.open_demo()
        console.start("web", "worker", "cron")
        yield console
        assert console.tracebacks() == []


@pytest.fixture
def desk(console: Console, browser: Browser) -> Iterator[Page]:
    """Lin's tab, with three pictures of a new customer's."""
    pictures = [painting(900, 600), painting(500, 900, colour="gold")]
    pictures.append(painting() + b"/*" + SCRIPT + b"*/;window.hacked=1")
    root = f"{console.url}/simulator/api"
    with httpx.Client(base_url=root, timeout=30) as phone:
        xiaoming = {"appid": APPID, "name": "小明"}
        openid = phone.post("/_customers", json=xiaoming).json()["openid"]
        for content in pictures:
            encoded = base64.b64encode(content).decode()
            sent = {"base64": encoded, "wait": True}
            phone.post(f"/_customers/{openid}/image", json=sent)
        words = {"content": "就是这三张", "wait": True}
        phone.post(f"/_customers/{openid}/text", json=words)
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{console.url}/")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", "kefu-demo-lin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/**")
    page.goto(f"{console.url}/inbox/?view=all")
    page.locator("inbox-list li[id$=-row]").filter(has_text=openid[-4:]).click()
    expect(page.locator("a[data-picture] img")).to_have_count(3)
    yield page
    context.close()


def test_a_picture_is_looked_at(desk):
    viewer = desk.locator("dialog.viewer")
    large = viewer.locator(".viewer__picture")
    first = desk.locator("a[data-picture]").first
    first.click()
    expect(viewer).to_be_visible()
    expect(large).to_have_js_property("naturalWidth", 900)

    desk.keyboard.press("ArrowRight")
    expect(large).to_have_js_property("naturalHeight", 900)
    desk.keyboard.press("ArrowLeft")
    expect(large).to_have_js_property("naturalWidth", 900)

    width = large.evaluate("image => image.clientWidth")
    large.click()
    assert large.evaluate("image => image.clientWidth") > width
    large.click()
    assert large.evaluate("image => image.clientWidth") == width

    desk.keyboard.press("Escape")
    expect(viewer).not_to_be_visible()
    expect(first).to_be_focused()


def test_a_picture_is_enlarged_up_to_five_times_and_moved_about(desk):
    viewer = desk.locator("dialog.viewer")
    large = viewer.locator(".viewer__picture")
    desk.locator("a[data-picture]").first.click()
    expect(large).to_have_js_property("naturalWidth", 900)
    fit = large.bounding_box()["width"]

    desk.mouse.move(600, 300)
    before = share(large, 600, 300)
    desk.mouse.wheel(0, -300)
    expect(large).not_to_have_js_property("clientWidth", round(fit))
    assert share(large, 600, 300) == pytest.approx(before, abs=0.01)
    for _ in range(10):
        desk.mouse.wheel(0, -1000)
    expect(large).to_have_js_property("clientWidth", round(5 * fit))

    at = large.bounding_box()
    desk.mouse.down()
    desk.mouse.move(400, 200, steps=5)
    desk.mouse.up()
    moved = large.bounding_box()
    assert (moved["x"], moved["y"]) == (at["x"] - 200, at["y"] - 100)
    expect(large).to_have_js_property("clientWidth", round(5 * fit))
    expect(viewer).to_be_visible()  # It was no click

    desk.keyboard.press("-")
    expect(large).to_have_js_property("clientWidth", round(4 * fit))
    for _ in range(10):
        desk.mouse.wheel(0, 1000)
    expect(large).to_have_js_property("clientWidth", round(fit))


def test_two_fingers_enlarge_a_picture(desk):
    large = desk.locator(".viewer__picture")
    desk.locator("a[data-picture]").first.click()
    expect(large).to_have_js_property("naturalWidth", 900)
    fit = large.bounding_box()["width"]
    hand = desk.context.new_cdp_session(desk)

    def touch(kind: str, *across: int) -> None:
        points = [{"x": x, "y": 400, "id": number} for number, x in enumerate(across)]
        event = {"type": kind, "touchPoints": points}
        hand.send("Input.dispatchTouchEvent", event)

    touch("touchStart", 600)
    touch("touchStart", 600, 700)
    touch("touchMove", 550, 750)
    touch("touchMove", 500, 800)
    touch("touchEnd")
    expect(large).to_have_js_property("clientWidth", round(3 * fit))
    expect(desk.locator("dialog.viewer")).to_be_visible()


def share(picture: Locator, x: float, y: float) -> list[float]:
    """Where in the picture a point of the screen is, from 0 to 1."""
    box = picture.bounding_box()
    assert box is not None
    return [(x - box["x"]) / box["width"], (y - box["y"]) / box["height"]]


def test_text_below_pictures_stays_where_it_is_when_they_come(desk):
    late: list[Route] = []
    desk.route("**/thumb/", lambda route: late.append(route))
    desk.reload(wait_until="domcontentloaded")
    text = desk.locator("message-thread .message", has_text="就是这三张")
    text.scroll_into_view_if_needed()
    pictures = desk.locator("a[data-picture] img")
    expect(pictures).to_have_count(3)
    before = text.bounding_box()
    for number, route in enumerate(late):
        assert not pictures.nth(number).evaluate("image => image.naturalWidth")
        route.continue_()
    for picture in pictures.all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    assert text.bounding_box()["y"] == pytest.approx(before["y"], abs=0.5)


def test_nothing_moves_when_a_picture_is_loaded(desk):
    box = desk.locator("a[data-picture] img").first
    size = box.evaluate("image => [image.clientWidth, image.clientHeight]")
    box.evaluate("image => image.removeAttribute('src')")
    box.evaluate("image => (image.src = 'data:image/png;base64,')")
    assert box.evaluate("image => [image.width, image.height]") == size


def test_a_picture_runs_as_nothing(console, desk):
    """Neither as a script of a page of ours, nor opened by itself."""
    refused = []
    desk.on("console", lambda message: refused.append(message.text))
    link = desk.locator("a[data-picture]").last.get_attribute("href")
    outcome = desk.evaluate(
        """(link) => new Promise((done) => {
            const script = document.createElement("script")
            script.onload = () => done("ran")
            script.onerror = () => done("refused")
            script.src = link
            document.head.append(script)
        })""",
        link,
    )
    assert outcome == "refused"
    assert desk.evaluate("window.hacked") is None
    assert any("MIME type" in text for text in refused)

    answer = desk.goto(f"{console.url}{link}")
    assert answer is not None
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert desk.evaluate("document.scripts.length") == 0


def test_no_page_of_ours_loads_from_elsewhere(console, desk):
    asked = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.reload()
    expect(desk.locator("a[data-picture] img")).to_have_count(3)
    ours = (console.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


def test_a_picture_that_cannot_be_loaded_says_so_and_is_asked_for_again(desk):
    desk.route("**/thumb/", lambda route: route.abort())
    desk.reload()
    first = desk.locator("a[data-picture]").first
    notice = desk.locator("article:has(a[data-picture]) [data-in-place]").first
    expect(notice).to_contain_text("图片加载失败")
    expect(first).to_be_hidden()
    instead = notice.bounding_box()
    desk.unroute("**/thumb/")
    notice.get_by_role("button").click()
    expect(first).to_be_visible()
    expect(desk.locator("[data-in-place]")).to_have_count(2)
    picture = first.bounding_box()
    assert instead
    assert picture
    assert abs(instead["height"] - picture["height"]) <= 2  # Its border
