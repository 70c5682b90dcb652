"""A console at work: a mini program, its agents, its customers, and WeChat beside it.

Every process is real, WeChat's too. A test asks the outside what became of something:
the phones, the sockets, the tables.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from conversations.health import SILENT
from conversations.wechat.client import SEND
from conversations.wechat.tokens import STABLE_TOKEN
from tests.processes.driver import PATIENCE, Console, wait_until

# For tests whose point is a lock, a commit or a race.
on_both_databases = pytest.mark.parametrize(
    "scene", ["sqlite", "postgresql"], indirect=True
)

APPID = "wxfeedfacecafe0001"
ORIGINAL_ID = "gh_feedfacecafe"
SECRETS = {
    "KEFU_APP_SECRET": "canary-app-secret-5d2f8c1b",
    "KEFU_PUSH_TOKEN": "canaryPushToken7e41",
    "KEFU_AES_KEY": "canaryAesKey0123456789abcdefghijklmnopqrstu",
}
HUSH = "悄悄话"  # stands in everything anybody says, and in no log
PASSWORD = "canary-password-93ab"

# Short, so that what a dead worker left is taken up within seconds; a living one still
# gives up on WeChat well before its lease ends.
TIMES = {"SEND_DEADLINE": "3", "LANE_LEASE": "4"}
AFTER_LEASE = 4 + 2 + PATIENCE  # s: the lease, a sweep, and a busy machine

# What Django says of a request whose connection is gone.
CUT_OFF = re.compile(r"^web: django\.core\.exceptions\.RequestAborted$")

PROCESSES = ("broker", "simulator", "web", "worker", "cron")

CAST = f"""
import os
from django.core.management import call_command
from agents.models import Agent
from conversations.models import AutoReplyRule, MiniProgram, Seat
call_command("add_mini_program", "{APPID}", name="云课堂", original_id="{ORIGINAL_ID}",
             mode="secure", format="json", api_root=os.environ["TEST_API_ROOT"])
mini_program = MiniProgram.objects.get()
mini_program.rules.all().delete()
for trigger, keywords, words in [
    ("enter", "", "欢迎 {HUSH}"), ("keyword", "退款", "退款说明 {HUSH}"),
]:
    AutoReplyRule.objects.create(
        mini_program=mini_program, name=words, trigger=trigger, keywords=keywords,
        parts=[{{"kind": "text", "text": words}}], cooldown_seconds=0)
for name in ("lin", "chen"):
    Agent.objects.create_user(name, password="{PASSWORD}", display_name=name.title())
Seat.objects.give_everyone(mini_program)
"""


class Scene:
    """One console with all its processes. Killed ones are started by `whole()`."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        environment = {**TIMES, **SECRETS}
        if database_url:
            environment["DATABASE_URL"] = database_url
        self.console = Console(folder, environment)
        self.console.environment["TEST_API_ROOT"] = self.console.simulator_url
        self.database = Database(self.console, database_url)
        self.wechat = WeChat(self.console)
        self.customers: list[Customer] = []
        self._desks: dict[str, Desk] = {}
        self._blamed: set[str] = set()
        self._mending = threading.Lock()

    def begin(self) -> Self:
        self.console.start("broker", "simulator")
        self.console.shell(CAST)
        self.wechat.post(
            "/_apps",
            appid=APPID,
            original_id=ORIGINAL_ID,
            secret=SECRETS["KEFU_APP_SECRET"],
            token=SECRETS["KEFU_PUSH_TOKEN"],
            encoding_aes_key=SECRETS["KEFU_AES_KEY"],
            mode="secure",
            push_url=f"{self.console.url}/wechat/{APPID}/push",
        )
        return self

    def whole(self) -> Self:
        """Start what doesn't run, and let everything go its way."""
        if self.console.alive("simulator"):
            self.wechat.forgives()
        for barrier in self.console.barriers.glob("*.reached"):
            self.console.barrier(barrier.stem).release()
        with self._mending:
            missing = [name for name in PROCESSES if not self.console.alive(name)]
            for name in {"worker", "cron"} & set(missing):
                self.silence(name)  # Readiness must not come from the one that died
            if missing:
                self.console.start(*missing, ready=False)
        if missing:
            wait_until(self.console.ready, 60, "/readyz says yes")
        return self

    def close(self) -> None:
        self.console.close()
        self.wechat.close()

    def customer(self) -> Customer:
        """Return somebody who has never written."""
        customer = Customer(self)
        self.customers.append(customer)
        return customer

    def agent(self, name: str) -> Desk:
        if name not in self._desks:
            self._desks[name] = self.new_desk(name)
        return self._desks[name]

    def new_desk(self, name: str) -> Desk:
        return Desk(self, self.console.signed_in(name, PASSWORD))

    def silence(self, name: str) -> None:
        """Have a dead or frozen process have said nothing for as long as it takes."""
        self.database.change(
            "UPDATE conversations_processheartbeat SET at = ? WHERE name = ?",
            f"{datetime.now(UTC) - 2 * SILENT:%Y-%m-%d %H:%M:%S.%f+00:00}",
            name,
        )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Start what dies by itself again while the block runs, as `run` does.

        RQ ends its worker when Redis goes away in the middle of a job.
        """
        done = threading.Event()

        def keep() -> None:
            while not done.wait(0.2):
                self._keep()

        keeper = threading.Thread(target=keep)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            self._keep()

    def _keep(self) -> None:
        with self._mending:
            for death in self.console.deaths():
                name = death.partition(":")[0]
                self.excuse(name)
                self.console.launch(name)

    def excuse(self, name: str) -> None:
        """Let a process have said what went wrong so far."""
        ours = f"{name}: "
        traces = self.console.tracebacks()
        self._blamed |= {trace for trace in traces if trace.startswith(ours)}

    def blame(self) -> list[str]:
        """Return what the processes said since last asked that nobody may find in a log,
        or that nobody caught, and which of them died of it."""
        traces = [one for one in self.console.tracebacks() if not CUT_OFF.search(one)]
        found = {*self.console.leaks(self._canaries()), *traces}
        new = sorted(found - self._blamed)
        self._blamed |= found
        return [*new, *self.console.deaths()]

    def _canaries(self) -> list[str]:
        openids = [customer.openid for customer in self.customers]
        return [*SECRETS.values(), PASSWORD, HUSH, *openids, *self.wechat.tokens()]


class Database:
    """The console's tables, as they are on the disk."""

    def __init__(self, console: Console, url: str) -> None:
        self._console, self._url = console, url

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows, each parameter standing where a ? does."""
        if self._url:
            with psycopg.connect(self._url) as connection:
                return connection.execute(sql.replace("?", "%s"), parameters).fetchall()
        with closing(self._sqlite()) as connection, connection:
            return connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, *parameters: Any) -> Any:
        return self.rows(sql, *parameters)[0][0]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody write while the block runs, as a long writer would."""
        with closing(self._sqlite()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.rollback()

    def change(self, sql: str, *parameters: Any) -> None:
        if self._url:
            with psycopg.connect(self._url) as connection:
                connection.execute(sql.replace("?", "%s"), parameters)
            return
        with closing(self._sqlite()) as connection, connection:
            connection.execute(sql, parameters)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Have PostgreSQL throw out its clients and let none in while the block runs."""
        root = self._url.replace("/kefu?", "/postgres?")
        with psycopg.connect(root, autocommit=True) as connection:
            connection.execute("ALTER DATABASE kefu ALLOW_CONNECTIONS false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'kefu'"
            )
            try:
                yield
            finally:
                connection.execute("ALTER DATABASE kefu ALLOW_CONNECTIONS true")

    def _sqlite(self) -> sqlite3.Connection:
        return sqlite3.connect(self._console.var_dir / "kefu.sqlite3", timeout=10)


class WeChat:
    """WeChat's side: what it is to do, and what it saw."""

    def __init__(self, console: Console) -> None:
        self._state = console.var_dir / "simulator.sqlite3"
        self._http = httpx.Client(base_url=console.simulator_url, timeout=60)

    def post(self, path: str, /, **fields: Any) -> Any:
        answer = self._http.post(path, json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fails(self, kind: str, path: str = SEND, **options: Any) -> None:
        self.post("/_faults", kind=kind, path=path, **options)

    def forgives(self) -> None:
        """Have nothing more go wrong, and let go whom it keeps waiting."""
        self._http.delete("/_faults")

    def ledger(self, openid: str) -> dict[str, Any]:
        return self._http.get("/_ledger", params={"openid": openid}).json()

    def tokens(self) -> list[str]:
        """Return every access_token that was ever given out."""
        with closing(sqlite3.connect(self._state, timeout=10)) as connection:
            return [token for (token,) in connection.execute("SELECT token FROM token")]

    def token_requests(self) -> int:
        """Return how often somebody asked for a token: many may get the same one."""
        calls = self.ledger("")["calls"]
        return sum(call["path"] == STABLE_TOKEN for call in calls)

    def close(self) -> None:
        self._http.close()


class Customer:
    """Somebody with a phone."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.wechat = scene, scene.wechat
        self.openid = "o" + secrets.token_hex(13) + "x"
        self.wechat.post("/_customers", appid=APPID, name="小明", openid=self.openid)

    def writes(self, words: str, **options: Any) -> str:
        """Write, and return "accepted" once the console has acknowledged it, or "failed".

        WeChat tries three times, five seconds apart. `options` are the simulator's:
        msg_id, create_time, times.
        """
        return self.acts("text", content=f"{words} {HUSH}", options=options)

    def begins_to_write(self, words: str) -> None:
        """Write, without waiting for what becomes of it."""
        path = f"/_customers/{self.openid}/text"
        self.wechat.post(path, content=f"{words} {HUSH}")

    def enters(self, session_from: str, **options: Any) -> str:
        return self.acts("enter", session_from=session_from, options=options)

    def acts(self, act: str, **values: Any) -> str:
        path = f"/_customers/{self.openid}/{act}"
        return self.wechat.post(path, wait=True, **values)["state"]

    # What became of it.

    def heard(self) -> list[str]:
        """Return what the phone shows of ours, in order, without what all of it has."""
        received = self.wechat.ledger(self.openid)["received"]
        return [_said(line["data"]["content"]) for line in received]

    def sends(self) -> int:
        """Return how often the console has asked WeChat to say something to them."""
        calls = self.wechat.ledger(self.openid)["calls"]
        return sum(call["path"] == SEND for call in calls)

    def deliveries(self) -> list[str]:
        """Return how each push delivery ended: accepted, failed, timeout …"""
        pushes = self.wechat.ledger(self.openid)["pushes"]
        return [one["outcome"] for push in pushes for one in push["deliveries"]]

    def thread(self, author: str = "") -> list[str]:
        """Return what stands in their thread, in order; or only what one side said."""
        rows = self.scene.database.rows(
            "SELECT m.author, m.text FROM conversations_message m"
            " JOIN conversations_customer c ON c.id = m.customer_id"
            " WHERE c.openid = ? AND m.kind = 'text' ORDER BY m.ordered_at, m.id",
            self.openid,
        )
        return [_said(text) for who, text in rows if author in ("", who)]

    def states(self) -> list[str]:
        """Return the states of all that was to be sent to them, in order."""
        rows = self.scene.database.rows(
            "SELECT d.state FROM conversations_delivery d"
            " JOIN conversations_customer c ON c.id = d.customer_id"
            " WHERE c.openid = ? ORDER BY d.id",
            self.openid,
        )
        return [state for (state,) in rows]

    def conversations(self) -> list[int]:
        rows = self.scene.database.rows(
            "SELECT v.id FROM conversations_conversation v"
            " JOIN conversations_customer c ON c.id = v.customer_id"
            " WHERE c.openid = ? ORDER BY v.id",
            self.openid,
        )
        return [pk for (pk,) in rows]

    @property
    def conversation(self) -> int:
        [pk] = self.conversations()
        return pk


def _said(text: str) -> str:
    return text.removesuffix(HUSH).strip()


class Desk:
    """An agent's browser, as far as it needs no screen."""

    def __init__(self, scene: Scene, client: httpx.Client) -> None:
        self.scene, self.client = scene, client
        # A kept connection would be found dead after the web process has been.
        client.headers["Connection"] = "close"

    def says(
        self, customer: Customer, words: str, client_uuid: uuid.UUID | None = None
    ) -> httpx.Response:
        return self.client.post(
            f"/conversations/{customer.conversation}/messages/",
            data={
                "text": f"{words} {HUSH}",
                "client_uuid": str(client_uuid or uuid.uuid4()),
            },
        )

    def signs_out(self) -> None:
        assert self.client.post("/logout/").status_code == 200

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={v}" for name, v in self.client.cookies.items())

    def opens_tab(self, looking_at: Customer | None = None) -> Tab:
        """Open a tab that knows all there is by now."""
        tab = Tab(self.scene, self.cookie)
        tab.resume(head(self.scene), looking_at)
        return tab


def head(scene: Scene) -> int:
    """Return the number a page drawn now would begin with."""
    rows = scene.database.rows("SELECT seq FROM conversations_livehead")
    return rows[0][0] if rows else 0


class Tab:
    """A live socket, and all the frames that came down it, read as they come."""

    def __init__(
        self, scene: Scene, cookie: str = "", origin: str | None = "own"
    ) -> None:
        port = scene.console.port
        self.frames: list[dict[str, Any]] = []
        self.number = 0  # the newest it has seen
        self.closed: int | None = None
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(
            connect(
                f"ws://127.0.0.1:{port}/live/",
                origin=scene.console.url if origin == "own" else origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie} if cookie else {},
                open_timeout=PATIENCE,
                close_timeout=1,
            )
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        try:
            for text in self._socket:
                frame = json.loads(text)
                self.number = frame.get("seq", frame.get("through", self.number))
                self.frames.append(frame)
        except ConnectionClosed:
            pass
        self.closed = self._socket.close_code

    def resume(self, after: int, looking_at: Customer | None = None) -> None:
        """Say where we were, and wait until all that we missed is here."""
        pk = looking_at.conversation if looking_at else None
        self.says(resume=after, looking_at=pk)
        wait_until(lambda: any("through" in one for one in self.frames), what="through")

    def says(self, **frame: Any) -> None:
        self.sends(json.dumps(frame))

    def sends(self, text: str) -> None:
        try:
            self._socket.send(text)
        except ConnectionClosed:
            pass  # `closed` tells

    @property
    def is_compressed(self) -> bool:
        """Whether the server took up the client's offer to compress."""
        return bool(self._socket.protocol.extensions)

    def cut(self) -> None:
        """Lose the line without a word."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(PATIENCE)

    def shows(self, words: str) -> bool:
        """Return whether some frame draws these words in a thread."""
        return any(f"{words} {HUSH}" in html for html in self.drawn("conversation"))

    def drawn(self, topic: str) -> list[str]:
        return [one["html"] for one in self.frames if one.get("topic") == topic]


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Do something `count` times at the same moment and return what came of each."""
    begin = threading.Barrier(count)

    def one(number: int) -> Any:
        begin.wait(PATIENCE)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Do something while the block runs; call what it yields for the result."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(act).result


def stays(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether something is so for as long as that: for what must not happen."""
    until = time.monotonic() + seconds
    try:
        wait_until(lambda: not condition() or time.monotonic() > until, seconds + 5)
    finally:
        held = condition()
    return held
