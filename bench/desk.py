"""What an agent waits for, in a real browser, against a bare page of the same size.

    python -m bench.desk

Starts the console's own processes on loopback, with 5,000 open conversations, one of
20,000 messages, and 2,000 canned answers; and a bare server whose pages weigh what ours
weigh and do nothing. Both are looked at by turns in one Chromium. Takes four minutes on
two cores, of which two are spent watching an idle tab.

The answers of WeChat come from this process: at once, so that what is measured is ours.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    sync_playwright,
)

from bench.ack import AES_KEY, APPID, PASSWORD, TOKEN
from bench.desk_world import WORLD
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import decode_key
from conversations.wechat.envelope import wrap
from tests.browser.conftest import FLAGS, chromium
from tests.processes.driver import Console, wait_until

ROUNDS = 5  # of what takes long
SENDS = 40  # of what takes moments
IDLE = 120  # s
EVENTS = 1_000
LINE = 5_000_000 / 8  # bytes/s, of an office whose line is shared
LATENCY = 20  # ms

# Notes when each "#n#" was first on the screen, a row's or a message's: after the frame
# that shows it. In ms of the wall clock, which this process has too.
WATCH = """
window.painted = {}
const shown = new MessageChannel()
shown.port1.onmessage = ({ data }) => {
  for (const key of data) painted[key] ??= performance.timeOrigin + performance.now()
}
new MutationObserver((records) => {
  const keys = new Set()
  for (const { addedNodes } of records)
    for (const node of addedNodes) {
      const place = (node.nodeType === 1 ? node : node.parentElement)?.closest("inbox-list, message-thread")
      for (const [found] of node.textContent.matchAll(/#\\d+#/g))
        keys.add((place?.localName === "inbox-list" ? "row " : "message ") + found)
    }
  if (keys.size) requestAnimationFrame(() => shown.port2.postMessage([...keys]))
}).observe(document, { childList: true, subtree: true })
addEventListener("keydown", ({ key }) => {
  if (key === "Enter") window.entered = performance.timeOrigin + performance.now()
}, true)
"""
# From a press on a row to the first frame with its thread.
OPEN = """([row, thread]) => new Promise((done) => {
  const began = performance.now()
  const look = () => document.querySelector(thread)
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
    : requestAnimationFrame(look)
  document.querySelector(row).click()
  look()
})"""
# The same bytes, fetched and put in without a thought.
BARE = """(address) => new Promise(async (done) => {
  const began = performance.now()
  const answer = await fetch(address)
  document.getElementById("place").innerHTML = await answer.text()
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
})"""
PICK = """(query) => new Promise((done) => {
  const box = document.getElementById("composer-text")
  box.focus()
  box.value = ""
  const picker = document.querySelector("answer-picker")
  const began = performance.now()
  box.value = query
  box.setSelectionRange(query.length, query.length)
  box.dispatchEvent(new InputEvent("input", { bubbles: true, data: query.at(-1) }))
  const look = () => picker.querySelector("[role=option]")
    ? requestAnimationFrame(() => setTimeout(() => {
        done(performance.now() - began)
      }))
    : requestAnimationFrame(look)
  look()
})"""
SCROLL = """() => new Promise((done) => {
  const log = document.querySelector(".messages")
  const frames = []
  let last = performance.now()
  const step = (now) => {
    frames.push(now - last)
    last = now
    log.scrollTop -= 40
    if (frames.length < 240) requestAnimationFrame(step)
    else done(frames.slice(1))
  }
  requestAnimationFrame(step)
})"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder,
        _serving(WeChat) as wechat,
        Console(Path(folder)) as console,
        sync_playwright() as playwright,
    ):
        _set_up(console, wechat)
        path = chromium(notices=True)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with _serving(BarePages) as bare:
            Measure(console, browser, bare).all()
        browser.close()


def _set_up(console: Console, wechat: str) -> None:
    console.start("broker")
    console.manage(
        *("add_mini_program", APPID, "--name", "bench", "--original-id", "gh_1"),
        *("--secret", "s", "--token", TOKEN, "--aes-key", AES_KEY),
        *("--mode", "secure", "--format", "json", "--api-root", wechat),
    )
    console.manage("add_agent", "lin", "--password-stdin", given=f"{PASSWORD}\n")
    console.shell(WORLD)
    console.manage("collectstatic", "--no-input", "--verbosity", "0")
    console.start("web", "worker", "cron")


class WeChat(BaseHTTPRequestHandler):
    """Says yes to everything, and notes when it was asked to send what."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[dict[str, float]] = {}  # text to ms of the wall clock

    def do_POST(self) -> None:
        at = time.time() * 1000
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "/message/custom/send" in self.path:
            said = json.loads(body)
            self.asked[said.get("text", {}).get("content", "")] = at
        answer = {"errcode": 0, "errmsg": "ok", "access_token": "a", "expires_in": 7200}
        _answer(self, json.dumps(answer).encode(), "application/json")

    def log_message(self, *_: Any) -> None:
        pass


class BarePages(BaseHTTPRequestHandler):
    """Serves as many bytes as it is told to, in as many files."""

    protocol_version = "HTTP/1.1"
    pages: ClassVar[dict[str, tuple[bytes, str]]] = {}

    def do_GET(self) -> None:
        body, kind = self.pages.get(self.path, (b"", "text/html"))
        _answer(self, body, kind)

    def log_message(self, *_: Any) -> None:
        pass


def _answer(handler: BaseHTTPRequestHandler, body: bytes, kind: str) -> None:
    # In one piece: a second packet would wait for the first one's receipt.
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    handler.wfile.write(head.encode() + body)


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


class Measure:
    """Each method measures one line of the report and prints it."""

    def __init__(self, console: Console, browser: Browser, bare: str) -> None:
        self.console, self.browser, self.bare = console, browser, bare
        self.client = console.signed_in("lin", PASSWORD)
        self._numbers = itertools.count(1)
        self._wechat = httpx.Client(
            base_url=console.url
        )  # One connection, as WeChat has
        self._keys = (decode_key(AES_KEY),)

    def all(self) -> None:
        print(f"{'ms':46}{'p50':>9}{'p95':>9}{'bare':>9}{'/ bare':>8}")
        self._first_use()
        context = self._signed_in()
        page = context.new_page()
        page.add_init_script(WATCH)
        self._list(page)
        self._opening(page)
        self._live(page)
        self._picker(page)
        self._search()
        self._scrolling(page)
        self._growth(page)
        self._idle(page)
        context.close()

    def _signed_in(self) -> BrowserContext:
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768}, base_url=self.console.url
        )
        cookies = [
            {"name": name, "value": value, "url": self.console.url}
            for name, value in self.client.cookies.items()
        ]
        context.add_cookies(cookies)  # type: ignore[arg-type]
        return context

    def _first_use(self) -> None:
        """Nothing in the cache, on a slow line: until the socket is open."""
        ours, bare, weights = [], [], []
        for _ in range(ROUNDS):
            context = self._signed_in()
            page = context.new_page()
            weighed = _weigh(page)
            _slow(context.new_cdp_session(page))
            began = time.perf_counter()
            page.goto("/inbox/")
            page.locator("live-socket[data-state=open]").wait_for(state="attached")
            ours.append((time.perf_counter() - began) * 1000)
            weights.append(weighed())
            context.close()
            html, rest = weights[-1]
            BarePages.pages["/first"] = (
                _page(html, '<script src="/rest"></script>'),
                "text/html",
            )
            BarePages.pages["/rest"] = (_noise(rest), "text/javascript")
            context = self.browser.new_context()
            page = context.new_page()
            _slow(context.new_cdp_session(page))
            began = time.perf_counter()
            page.goto(f"{self.bare}/first")
            bare.append((time.perf_counter() - began) * 1000)
            context.close()
        _line("first use, nothing cached, 5 Mbit/s", ours, bare)
        html, rest = weights[-1]
        print(f"    {html / 1000:.0f} kB of page and {rest / 1000:.0f} kB beside it")

    def _list(self, page: Page) -> None:
        """The first page of 5,000 open conversations, from the cache but for the page."""
        page.goto("/inbox/?view=all")
        page.locator(".row").first.wait_for()
        size = len(self.client.get("/inbox/?view=all").content)
        BarePages.pages["/list"] = (_page(size), "text/html")
        ours, bare = [], []
        beside = page.context.new_page()
        for _ in range(ROUNDS * 2):
            began = time.perf_counter()
            page.goto("/inbox/?view=all")
            page.locator(".row").first.wait_for()
            ours.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            beside.goto(f"{self.bare}/list")
            bare.append((time.perf_counter() - began) * 1000)
        beside.close()
        _line("list of 5,000 open, page to first row", ours, bare)

    def _opening(self, page: Page) -> None:
        rows = page.locator(".row").evaluate_all(
            "all => all.map((one) => one.dataset.conversation)"
        )
        fragment = self.client.get(
            f"/conversations/{rows[0]}/", headers={"HX-Request": "true"}
        )
        BarePages.pages["/pane"] = (b"<p>" + b"x" * len(fragment.content), "text/html")
        BarePages.pages["/empty"] = (b"<div id=place></div>", "text/html")
        beside = page.context.new_page()
        beside.goto(f"{self.bare}/empty")
        fresh, again, bare = [], [], []
        page.bring_to_front()
        for number in rows[:20]:
            fresh.append(_open(page, number))
        for number in rows[:20]:
            again.append(_open(page, number))
        beside.bring_to_front()
        for _ in range(20):
            bare.append(beside.evaluate(BARE, f"{self.bare}/pane"))
        beside.close()
        page.bring_to_front()
        _line("open a conversation", fresh, bare)
        _line("open it again", again, bare)
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            page.goto(f"/conversations/{self._long_one()}/?view=all")
            page.locator(".message").last.wait_for()
            times.append((time.perf_counter() - began) * 1000)
        _line("page with a thread of 20,000, at its end", times)

    def _long_one(self) -> str:
        code = "from conversations.models import Message; print(Message.objects.first().conversation_id)"
        return self.console.shell(code).strip()

    def _live(self, page: Page) -> None:
        openid = self._somebody_writes()
        page.goto("/inbox/?view=all")
        page.locator("live-socket[data-state=open]").wait_for(state="attached")
        page.locator(".row", has_text="#").first.click()
        page.locator(".message").last.wait_for()
        message, new = [], []
        for _ in range(SENDS):
            number, began = self._push(openid)
            message.append(_painted(page, f"message #{number}#") - began)
            number, began = self._push(f"oNew-{number}")
            new.append(_painted(page, f"row #{number}#") - began)
        _line("pushed → message on the screen", message)
        _line("pushed → new customer's row on the screen", new)
        bubble, asked = [], []
        box = page.locator("#composer-text")
        for n in range(SENDS):
            words = f"#{9_000_000 + n}#"
            box.fill(words)
            page.evaluate("painted = {}")
            box.press("Enter")
            shown = _painted(page, f"message {words}")
            entered = page.evaluate("entered")
            bubble.append(shown - entered)
            wait_until(
                lambda words=words: words in WeChat.asked, what="WeChat is asked"
            )
            asked.append(WeChat.asked[words] - entered)
            if n % 3 == 2:
                number, _ = self._push(openid)  # Opens the quota again
                _painted(page, f"message #{number}#")  # Else the next send asks first
        _line("Enter → bubble on the screen", bubble)
        _line("Enter → asked of WeChat", asked)

    def _somebody_writes(self) -> str:
        openid = "oBench-watched"
        self._push(openid)
        return openid

    def _push(self, openid: str) -> tuple[int, float]:
        """Return its number and the ms of the wall clock when it was accepted."""
        number = next(self._numbers)
        fields = {
            "ToUserName": "gh_1",
            "FromUserName": openid,
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": f"#{number}#",
            "MsgId": 22_876_340_532_000_000 + number,
        }
        credentials = Credentials(APPID, TOKEN, self._keys, "secure", "json")
        query, body, _ = wrap(fields, credentials, str(int(time.time())), "13205", "o")
        address = f"/wechat/{APPID}/push?{urlencode(query)}"
        self._wechat.post(address, content=body).raise_for_status()
        return number, time.time() * 1000

    def _picker(self, page: Page) -> None:
        times = [
            page.evaluate(PICK, query)
            for query in ["/dd", "/kd12", "/答案", "/daan1"] * 5
        ]
        page.locator("#composer-text").fill("")
        _line("picker, of 2,000 answers", times)

    def _search(self) -> None:
        times = []
        for words in ["退款", "iPhone", "发票 12"] * 5:
            began = time.perf_counter()
            self.client.get("/search/", params={"q": words}).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
        _line("search, of 25,000 messages", times)

    def _scrolling(self, page: Page) -> None:
        page.goto(f"/conversations/{self._long_one()}/?view=all")
        page.locator(".message").last.wait_for()
        frames = page.evaluate(SCROLL)
        print(
            f"{'scrolling 20,000 messages, frames/s':46}"
            f"{1000 / statistics.median(frames):9.0f}{1000 / _p95(frames):9.0f}"
        )

    def _growth(self, page: Page) -> None:
        """What a tab keeps of 1,000 events."""
        session = page.context.new_cdp_session(page)
        openid = self._somebody_writes()
        page.goto("/inbox/?view=all")
        page.locator(".row", has_text="#").first.click()
        page.locator(".message").last.wait_for()
        before = _kept(session)
        after = before
        for part in range(2):
            for n in range(EVENTS // 2):
                number, _ = self._push(openid if n % 5 else f"oBench-{n % 100}")
            _painted(page, f"message #{number}#", f"row #{number}#")
            page.evaluate("painted = {}")
            before, after = after, _kept(session)
            print(
                f"    after {(part + 1) * EVENTS // 2:5} events: "
                f"{after[0] / 1e6:.1f} MB of heap ({(after[0] - before[0]) / 1e6:+.1f}), "
                f"{after[1]:.0f} nodes ({after[1] - before[1]:+.0f})"
            )

    def _idle(self, page: Page) -> None:
        asked: list[str] = []
        page.goto("/inbox/?view=all")
        page.locator("live-socket[data-state=open]").wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(IDLE * 1000)
        print(f"requests of an idle tab in a minute: {len(asked) * 60 / IDLE:.1f}")


def _open(page: Page, number: str) -> float:
    row = f"#conversation-{number}-row .row__link"
    thread = f"#conversation[data-conversation='{number}'] message-thread"
    return float(page.evaluate(OPEN, [row, thread]))


def _painted(page: Page, *keys: str) -> float:
    """Return when the first of these was on the screen, in ms of the wall clock."""
    found = page.wait_for_function(
        "keys => Math.min(...keys.map((key) => painted[key] ?? Infinity)) < Infinity && Math.min(...keys.map((key) => painted[key] ?? Infinity))",
        arg=list(keys),
        polling=5,
    )
    return float(found.json_value())


def _weigh(page: Page) -> Callable[[], tuple[int, int]]:
    """Count what comes over the line: (the page, everything beside it), in bytes."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    kinds: dict[str, str] = {}
    weights = {"Document": 0, "other": 0}

    def came(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def done(event: dict[str, Any]) -> None:
        kind = "Document" if kinds.get(event["requestId"]) == "Document" else "other"
        weights[kind] += int(event["encodedDataLength"])

    session.on("Network.responseReceived", came)
    session.on("Network.loadingFinished", done)
    return lambda: (weights["Document"], weights["other"])


def _slow(session: CDPSession) -> None:
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY,
            "downloadThroughput": LINE,
            "uploadThroughput": LINE,
        },
    )


def _kept(session: CDPSession) -> tuple[float, float]:
    """Return (bytes of the heap, nodes of the document) after clearing up."""
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    metrics = {one["name"]: one["value"] for one in found}
    return metrics["JSHeapUsedSize"], metrics["Nodes"]


def _page(size: int, head: str = "") -> bytes:
    text = f"<!doctype html><title>bare</title>{head}<p>"
    return text.encode() + b"x" * (size - len(text))


def _noise(size: int) -> bytes:
    """Return a script of as many bytes that does nothing."""
    return b"//" + os.urandom(size // 2).hex().encode()


def _line(name: str, ours: list[float], bare: list[float] | None = None) -> None:
    middle = statistics.median(ours)
    line = f"{name:46}{middle:9.1f}{_p95(ours):9.1f}"
    if bare:
        reference = statistics.median(bare)
        line += f"{reference:9.1f}{middle / reference:8.1f}"
    print(line, flush=True)


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


if __name__ == "__main__":
    main()
