"""A simulator on loopback, a push URL it can reach, and a customer called Xiaoming."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from conversations.simulator.api import Api
from conversations.simulator.limits import Limits
from conversations.simulator.server import Server
from conversations.simulator.state import World

APPID = "wx0123456789abcdef"
SECRET = "a-secret-of-no-one"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_AES_KEY = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut"


@dataclass
class Received:
    """One push as the receiver saw it."""

    query: dict[str, str]
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass
class Receiver:
    """Answers pushes: each with the next of `answers`, the last one for ever.

    An answer is (status, body), or a function of the Received that returns one.
    """

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [(200, b"success")])
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, received: Received) -> tuple[int, bytes]:
        with self.lock:
            self.received.append(received)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(received) if callable(answer) else answer


@dataclass
class WeChat:
    """The simulator as a client sees it."""

    root: str
    world: World
    http: httpx.Client
    openid: str
    token: str = ""

    def get_token(self) -> str:
        answer = self.http.post(
            "/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": APPID,
                "secret": SECRET,
            },
        ).json()
        self.token = answer["access_token"]
        return self.token

    def call(self, path: str, fields: Any = None, **arguments: Any) -> dict[str, Any]:
        params = {"access_token": self.token or self.get_token()}
        if fields is not None:
            arguments["json"] = fields
        return self.http.post(path, params=params, **arguments).json()

    def send_text(self, text: str = "您好", **more: Any) -> int:
        fields = {"touser": self.openid, "msgtype": "text", "text": {"content": text}}
        return self.call("/cgi-bin/message/custom/send", {**fields, **more})["errcode"]

    def set_typing(self, command: str = "Typing") -> int:
        fields = {"touser": self.openid, "command": command}
        return self.call("/cgi-bin/message/custom/business/typing", fields)["errcode"]

    def act(self, act: str, **values: Any) -> dict[str, Any]:
        answer = self.http.post(
            f"/_customers/{self.openid}/{act}", json={"wait": True, **values}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, what: str, **values: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_{what}", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ledger(self) -> dict[str, Any]:
        return self.http.get("/_ledger").json()

    def phone(self, side: str = "service") -> list[Any]:
        lines = self.http.get(
            "/_state", params={"appid": APPID, "openid": self.openid}
        ).json()["lines"]
        return [line["data"] for line in lines if line["side"] == side]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    mine = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            content_type = headers.get("content-type", "")
            status, answer = mine.take(Received(query, body, content_type, headers))
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # WeChat hung up

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    mine.url = f"http://127.0.0.1:{server.server_port}/push"
    yield mine
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def serve_app() -> Iterator[Callable[[Any], str]]:
    """Serve an ASGI application, and return where."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[Server] = []

    def start(application: Any) -> str:
        server = Server(application)
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        servers.append(server)
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def wechat(serve_app: Callable[[Any], str], receiver: Receiver) -> Iterator[WeChat]:
    world = World(":memory:", Limits(push_timeout=0.8))
    world.register_app(
        APPID,
        name="云上小店",
        secret=SECRET,
        token="a-token",
        encoding_aes_key=AES_KEY,
        previous_aes_key=OLD_AES_KEY,
        push_url=receiver.url,
    )
    openid = world.add_customer(APPID, "小明").openid
    root = serve_app(Api(lambda: world))
    with httpx.Client(base_url=root, trust_env=False) as client:
        yield WeChat(root, world, client, openid)
    world.close()


def eventually(check: Callable[[], Any], within: float = 5) -> Any:
    """Return the first true answer of `check`, asked again until it gives one."""
    deadline = time.monotonic() + within
    while not (answer := check()):
        assert time.monotonic() < deadline, "It never happened."
        threading.Event().wait(0.01)
    return answer
