"""The cast, and what tests say and do in its name.

Redis is the real thing: one embedded Valkey for all the tests. WeChat is the simulator,
on a real port, where a test asks for it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils import timezone

from agents.models import Agent
from console import processes, valkey
from console.broker import socket_path
from conversations import mini_programs, sending
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Conversation,
    Customer,
    Delivery,
    MiniProgram,
    Seat,
)
from conversations.receiving import Arrival, receive
from conversations.simulator import ledger
from conversations.simulator.api import Api
from conversations.simulator.faults import Fault
from conversations.simulator.server import Server
from conversations.simulator.state import World
from conversations.wechat import pushes
from conversations.wechat.client import SEND

APPID = "wx0123456789abcdef"
XIAOMING = "oXiaoming-0000000000000000-1"
PUSH_TOKEN = "a-push-token"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

DATABASE = {"db", "transactional_db"}  # fixtures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say of each test whether it asks the database; and begin with what takes longest, so
    that two cores end together.

    One with a browser or processes that fails is tried once more, and named in the
    summary: among so many processes on a busy machine one test in a thousand loses a race
    of its own. What fails for a reason fails again.
    """
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE & set(item.fixturenames):
            item.add_marker("database")
        if _weight(item):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=_weight, reverse=True)


def _weight(item: pytest.Item) -> int:
    marks = ("processes", "browser")
    return sum(item.get_closest_marker(name) is not None for name in marks)


@pytest.fixture(scope="session", autouse=True)
def broker_process() -> Iterator[None]:
    """A real Valkey on the socket that the settings name."""
    process = subprocess.Popen(
        valkey.command(settings.VAR_DIR), preexec_fn=_die_with_us
    )
    client = redis.Redis(unix_socket_path=str(socket_path(settings.VAR_DIR)))
    wait_until(lambda: _answers(client), what="the broker answers")
    yield
    client.close()
    process.terminate()
    process.wait(10)


@pytest.fixture(autouse=True)
def _keep_the_connection(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave a test's connection open while the test's transaction is.

    Channels closes connections around each call from a coroutine. In memory SQLite
    doesn't mind; PostgreSQL would roll the test back.
    """
    marker = request.node.get_closest_marker("django_db")
    committing = marker is not None and marker.kwargs.get("transaction")
    if not committing and "transactional_db" not in request.fixturenames:
        monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


def _die_with_us() -> None:
    processes.die_with_parent(signal.SIGKILL)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def wait_until(
    condition: Callable[[], Any], timeout: float = 10, what: str = ""
) -> Any:
    """Return the first true value of a condition, asked until time runs out."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        threading.Event().wait(0.01)
    return value


@pytest.fixture
def mini_program(db: None) -> MiniProgram:
    mini_program = MiniProgram.objects.create(
        appid=APPID,
        name="云课堂",
        original_id="gh_0123456789ab",
        app_secret="an-app-secret",
        push_token=PUSH_TOKEN,
        encoding_aes_key=AES_KEY,
        mode="secure",
        format="json",
    )
    Seat.objects.give_everyone(mini_program)
    return mini_program


def seated(username: str, **fields: Any) -> Agent:
    """Make an agent with a seat at every mini program."""
    agent = Agent.objects.create_user(username, **fields)
    Seat.objects.give_all_to(agent)
    return agent


@pytest.fixture
def lin(db: None) -> Agent:
    return seated("lin", password="lin-password", display_name="Lin")


@pytest.fixture
def chen(db: None) -> Agent:
    return seated("chen", password="chen-password", display_name="Chen")


@pytest.fixture
def zhao(mini_program: MiniProgram) -> Agent:
    """An agent without a seat."""
    return Agent.objects.create_user("zhao", password="zhao-password")


@pytest.fixture
def wu(db: None) -> Agent:
    """A supervisor."""
    return Agent.objects.create_user(
        "wu", password="wu-password", display_name="Wu", is_staff=True
    )


class Xiaoming:
    """A customer, and what they do."""

    _numbers = itertools.count(22661351901594052)

    def __init__(self, mini_program: MiniProgram, openid: str = XIAOMING) -> None:
        self.mini_program, self.openid = mini_program, openid

    def enters(self, session_from: str = "", at: datetime | None = None) -> None:
        self.pushes(
            MsgType="event",
            Event="user_enter_tempsession",
            SessionFrom=session_from,
            CreateTime=_seconds(at),
        )

    def writes(self, text: str, at: datetime | None = None, **fields: Any) -> None:
        self.pushes(
            **{
                "MsgType": "text",
                "Content": text,
                "MsgId": next(self._numbers),
                "CreateTime": _seconds(at),
                **fields,
            }
        )

    def pushes(self, **fields: Any) -> None:
        receive([self.arrival(**fields)])

    def arrival(self, **fields: Any) -> Arrival:
        fields = {
            "ToUserName": self.mini_program.original_id,
            "FromUserName": self.openid,
            "CreateTime": _seconds(None),
            **fields,
        }
        return Arrival(
            mini_program_id=self.mini_program.pk,
            push=pushes.parse(fields, self.mini_program.appid, timezone.now()),
            body=json.dumps(fields, ensure_ascii=False),
            authenticated_by="msg_signature",
        )

    @property
    def customer(self) -> Customer:
        return Customer.objects.get(mini_program=self.mini_program, openid=self.openid)

    @property
    def conversation(self) -> Conversation:
        """The one they are in now."""
        return Conversation.objects.get(
            customer=self.customer, session_from=self.customer.session_from
        )

    def heard(self) -> list[str]:
        """What we have said to them, or are about to, in order."""
        ours = self.customer.messages.filter(author__in=["agent", "auto_reply"])
        return [m.text or m.data["title"] for m in ours.in_order()]


def _seconds(at: datetime | None) -> int:
    return int((at or datetime.now(UTC)).timestamp())


@pytest.fixture
def xiaoming(mini_program: MiniProgram) -> Xiaoming:
    return Xiaoming(mini_program)


@pytest.fixture
def rule(mini_program: MiniProgram) -> Callable[..., AutoReplyRule]:
    """Make a rule: rule("keyword", "退款说明", keywords="退款")."""

    def make(trigger: str, text: str, **fields: Any) -> AutoReplyRule:
        return AutoReplyRule.objects.create(
            mini_program=mini_program,
            name=fields.pop("name", text[:20]),
            trigger=trigger,
            parts=[{"kind": "text", "text": text}],
            **fields,
        )

    return make


@pytest.fixture
def quick_reply(db: None) -> CannedAnswer:
    return CannedAnswer.objects.create(
        use="quick_reply",
        title="您好",
        parts=[{"kind": "text", "text": "您好，请问有什么可以帮您？"}],
    )


def text(words: str) -> list[dict[str, str]]:
    return [{"kind": "text", "text": words}]


def new_uuid() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def outbox() -> Callable[[], list[Delivery]]:
    """Serve every lane that has work, once, as a worker would."""

    async def serve(customer_ids: list[int]) -> None:
        for customer_id in customer_ids:
            await sending.drain(customer_id)
        await mini_programs.hang_up()

    def run() -> list[Delivery]:
        owed = Delivery.objects.filter(state__in=["queued", "sending"])
        customers = sorted(set(owed.values_list("customer_id", flat=True)))
        async_to_sync(serve)(customers)
        return list(Delivery.objects.order_by("pk"))

    return run


@pytest.fixture(scope="session")
def simulator_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def wechat(
    simulator_loop: asyncio.AbstractEventLoop, mini_program: MiniProgram
) -> Iterator[WeChat]:
    """WeChat's side, served on a port of its own, where Xiaoming is a customer."""
    world = World(":memory:")
    server = Server(Api(lambda: world))
    asyncio.run_coroutine_threadsafe(server.start(), simulator_loop).result(10)
    world.register_app(
        mini_program.appid,
        secret=mini_program.app_secret,
        token=mini_program.push_token,
        encoding_aes_key=mini_program.encoding_aes_key,
        mode="secure",
        push_url="http://127.0.0.1:9/",
    )
    world.add_customer(mini_program.appid, "小明", XIAOMING)
    world.grant(XIAOMING, "message")
    mini_program.api_root = f"http://127.0.0.1:{server.port}"
    mini_program.save()
    yield WeChat(world)
    asyncio.run_coroutine_threadsafe(server.stop(), simulator_loop).result(10)
    world.close()


class WeChat:
    """What WeChat saw of us, and what it is to do."""

    def __init__(self, world: World) -> None:
        self.world = world

    def heard(self) -> list[str]:
        """What stands on Xiaoming's phone from us, in order."""
        received = ledger.as_json(self.world)["received"]
        return [
            line["data"].get("content") or line["data"]["title"] for line in received
        ]

    def calls(self, *paths: str) -> list[str]:
        """The last part of each call's path, in order."""
        called = [call["path"] for call in ledger.as_json(self.world)["calls"]]
        names = [path.rsplit("/", 1)[1] for path in called]
        return [name for name in names if not paths or name in paths]

    def fails(self, kind: str, path: str = SEND, **options: Any) -> None:
        self.world.faults.add(Fault(kind, path, **options))

    def grant(self, act: str = "message") -> None:
        self.world.grant(XIAOMING, act)
