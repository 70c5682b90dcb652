"""How soon WeChat is answered, and how soon agents see it, with fifty tabs open.

    python -m bench.ack

Starts the console's own processes on loopback and measures two push addresses of one
Daphne, by turns: ours, and a stock Django view that does the same work for each push.

    steady    60 pushes a second, sent when they are due whether or not earlier ones were
              answered: times count from when a push was due
    as fast   32 connections, each pushing again as soon as it is answered, and no tabs

Takes about a minute. The load comes from this process, so a machine with two cores is
busy with both sides.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from websockets.asyncio.client import connect

from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import decode_key
from conversations.wechat.envelope import wrap
from tests.processes.driver import Console

RATE = 60  # pushes a second
ROUND = 2.0  # s
ROUNDS = 5  # of each; ten seconds at that rate
FAST_ROUND = 1.5  # s
FAST_ROUNDS = 3
CONNECTIONS = 32
TABS = 50
CUSTOMERS = 200
PATIENCE = 20.0  # s for a round to be answered and seen

APPID = "wx0123456789abcdef"
TOKEN = "a-push-token"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PASSWORD = "an-agents-password"
ADDRESSES = {"ours": f"/wechat/{APPID}/push", "Django": f"/reference/{APPID}/push"}


@dataclass
class Seen:
    """When each push was due, answered, and seen in each tab, in seconds."""

    due: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)
    shown: dict[int, list[float]] = field(default_factory=dict)
    refused: int = 0

    def acks(self) -> list[float]:
        return [at - self.due[number] for number, at in self.answered.items()]

    def shows(self) -> list[float]:
        return [at - self.due[n] for n, ats in self.shown.items() for at in ats]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        settings = {"DJANGO_SETTINGS_MODULE": "bench.reference.settings"}
        with Console(Path(folder), settings) as console:
            _set_up(console)
            asyncio.run(_measure(console))


def _set_up(console: Console) -> None:
    console.start("broker", "web")
    console.manage(
        *("add_mini_program", APPID, "--name", "bench", "--original-id", "gh_1"),
        *("--secret", "s", "--token", TOKEN, "--aes-key", AES_KEY),
        *("--mode", "secure", "--format", "json", "--api-root", "http://127.0.0.1:9"),
    )
    console.manage("add_agent", "lin", "--password-stdin", given=f"{PASSWORD}\n")
    console.shell(
        "from conversations.models import AutoReplyRule;"
        "AutoReplyRule.objects.all().delete()"
    )


async def _measure(console: Console) -> None:
    cookies = console.signed_in("lin", PASSWORD).cookies
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    pushes = _pushes(console)
    steady = {name: Seen() for name in ADDRESSES}
    rates: dict[str, list[float]] = {name: [] for name in ADDRESSES}
    for name in ADDRESSES:  # Warm up, and let the customers be made
        await _as_fast_as_it_goes(console, name, pushes)
    for _ in range(FAST_ROUNDS):
        for name, found in rates.items():
            found.append(await _as_fast_as_it_goes(console, name, pushes))
    async with _tabs(console, cookie) as tabs:
        for _ in range(ROUNDS):
            for name, seen in steady.items():
                tabs.seen = seen
                await _steadily(console, name, pushes, seen)
                await tabs.settle()
    _report(steady, rates)


def _pushes(console: Console) -> Iterator[tuple[int, str, bytes]]:
    """Yield (number, query, body), each push a new message of some customer."""
    keys = (decode_key(AES_KEY),)
    credentials = Credentials(APPID, TOKEN, keys, "secure", "json")
    for number in itertools.count(1):
        fields = {
            "ToUserName": "gh_1",
            "FromUserName": f"oBench-{number % CUSTOMERS}",
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": f"#{number}#",
            "MsgId": 22_876_340_532_000_000 + number,
        }
        stamp = str(int(time.time()))
        query, body, _ = wrap(fields, credentials, stamp, "1320562132", "o")
        yield number, urlencode(query), body


class Tabs:
    """Fifty sockets, and what came down on them."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.heard_at = time.perf_counter()
        self.up = 0

    async def follow(self, console: Console, cookie: str) -> None:
        url = f"{console.url.replace('http', 'ws', 1)}/live/"
        headers = {"Cookie": cookie}
        async with connect(url, origin=console.url, additional_headers=headers) as tab:
            await tab.send(json.dumps({"resume": 0, "looking_at": None}))
            while "through" not in str(await tab.recv()):
                continue
            self.up += 1
            async for frame in tab:
                self.heard_at = at = time.perf_counter()
                for number in map(int, re.findall(r"#(\d+)#", str(frame))):
                    if number in self.seen.due:
                        self.seen.shown.setdefault(number, []).append(at)

    async def settle(self) -> None:
        """Wait until nothing more comes."""
        deadline = time.perf_counter() + PATIENCE
        self.heard_at = time.perf_counter()
        while (now := time.perf_counter()) < deadline and now - self.heard_at < 0.5:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _tabs(console: Console, cookie: str) -> AsyncIterator[Tabs]:
    tabs = Tabs()
    tasks = [asyncio.create_task(tabs.follow(console, cookie)) for _ in range(TABS)]
    while tabs.up < TABS:
        await asyncio.sleep(0.05)
    yield tabs
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _steadily(
    console: Console, name: str, pushes: Iterator[tuple[int, str, bytes]], seen: Seen
) -> None:
    idle: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
    prepared = list(itertools.islice(pushes, int(RATE * ROUND)))
    began = time.perf_counter() + 0.05

    async def send(number: int, query: str, body: bytes) -> None:
        line = idle.get_nowait() if idle.qsize() else Line(console.port)
        status = await line.push(ADDRESSES[name], query, body)
        if status == 200:
            seen.answered[number] = time.perf_counter()
        else:
            seen.refused += 1
        idle.put_nowait(line)

    tasks = []
    for n, (number, query, body) in enumerate(prepared):
        seen.due[number] = began + n / RATE
        await asyncio.sleep(max(0.0, seen.due[number] - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number, query, body)))
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)
    while idle.qsize():
        idle.get_nowait().close()


async def _as_fast_as_it_goes(
    console: Console, name: str, pushes: Iterator[tuple[int, str, bytes]]
) -> float:
    """Return the pushes answered in a second."""
    prepared = list(itertools.islice(pushes, 2000))
    left, answered = iter(prepared), 0
    began = time.perf_counter()

    async def keep_pushing() -> None:
        nonlocal answered
        line = Line(console.port)
        for _, query, body in left:
            if time.perf_counter() - began > FAST_ROUND:
                break
            status = await line.push(ADDRESSES[name], query, body)
            answered += status == 200
        line.close()

    await asyncio.gather(*(keep_pushing() for _ in range(CONNECTIONS)))
    return answered / (time.perf_counter() - began)


class Line:
    """One kept connection, with as little client as HTTP allows."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def push(self, path: str, query: str, body: bytes) -> int:
        """Return the status."""
        if self._writer is None:
            opened = await asyncio.open_connection("127.0.0.1", self._port)
            self._reader, self._writer = opened
        self._writer.write(
            f"POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        await self._reader.readexactly(int(found[1]) if found else 0)
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        if self._writer:
            self._writer.close()


def _report(steady: dict[str, Seen], rates: dict[str, list[float]]) -> None:
    print(
        f"{TABS} tabs open; {RATE} pushes/s for {ROUNDS * ROUND:.0f} s each, by turns"
    )
    print(f"\n{'ms':24}" + "".join(f"{name:>10}" for name in steady) + f"{'ratio':>10}")
    for title, values, part in (
        ("ack p50", Seen.acks, 50),
        ("ack p99", Seen.acks, 99),
        ("push to socket p50", Seen.shows, 50),
        ("push to socket p99", Seen.shows, 99),
    ):
        ours, theirs = (_percentile(values(seen), part) for seen in steady.values())
        line = f"{title:24}{ours * 1000:10.1f}{theirs * 1000:10.1f}"
        print(f"{line}{theirs / ours:10.1f}")
    for name, seen in steady.items():
        slow = sum(taken > 1 for taken in seen.acks())
        unseen = sum(len(seen.shown.get(n, [])) < TABS for n in seen.answered)
        print(
            f"{name}: {len(seen.answered)} answered, {seen.refused} refused, "
            f"{slow} after more than 1 s, {unseen} not shown in every tab"
        )
    ours, theirs = (statistics.median(found) for found in rates.values())
    print(
        f"\nas fast as it goes, {CONNECTIONS} connections, no tabs, medians of {FAST_ROUNDS}"
    )
    print(f"{'pushes/s':24}{ours:10.0f}{theirs:10.0f}{ours / theirs:10.1f}")


def _percentile(values: list[float], part: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * part // 100)]


if __name__ == "__main__":
    main()
