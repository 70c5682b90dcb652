"""One access_token for all processes, whoever asks first and whatever becomes of it."""

import contextlib
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from conversations.wechat.client import SEND
from conversations.wechat.tokens import STABLE_TOKEN
from tests.processes.driver import ROOT, wait_until
from tests.processes.scene import at_once, on_both_databases

pytestmark = pytest.mark.processes

PROCESSES = 8
# Forked before anything is cached or connected: each has read nothing but its code.
GET = """
import asyncio, os, pathlib, sys, time
import django
django.setup()
for number in range(int(sys.argv[1])):
    if os.fork() == 0:
        break
else:
    sys.exit(any(os.wait()[1] for number in range(int(sys.argv[1]))))
from conversations import mini_programs
from conversations.models import MiniProgram
mini_program = MiniProgram.objects.get()
async def get():
    token = await mini_programs.client(mini_program).tokens.get()
    await mini_programs.hang_up()
    return token
os.write(1, b"here\\n")
for gate in map(pathlib.Path, sys.argv[2:]):
    while not gate.exists():
        time.sleep(0.001)
    os.write(1, asyncio.run(get()).encode() + b"\\n")
"""


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


def nobody_has_one(scene):
    scene.database.change("DELETE FROM conversations_accesstoken")


class Eight:
    """Eight new processes that ask for a token in the same moment, once at each gate."""

    def __init__(self, scene, *gates):
        environment = {
            **scene.console.environment,
            "DJANGO_SETTINGS_MODULE": "console.settings",
        }
        command = [sys.executable, "-c", GET, str(PROCESSES), *map(str, gates)]
        self._asking = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self._say() == ["here"] * PROCESSES

    def ask(self, gate):
        """Return what each was given."""
        gate.touch()
        return self._say()

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._asking.pid, signal.SIGKILL)
        self._asking.communicate()

    def _say(self):
        return [self._asking.stdout.readline().strip() for _ in range(PROCESSES)]


@on_both_databases
@pytest.mark.usefixtures("kept")
def test_eight_processes_without_a_token_make_one_request(scene, tmp_path):
    """With a broker, and without."""
    with_one, without = gates = [tmp_path / "with", tmp_path / "without"]
    with closing(Eight(scene, *gates)) as eight:
        makes_one_request(scene, eight, with_one)
        scene.console.kill("broker")
        makes_one_request(scene, eight, without)


def makes_one_request(scene, eight, gate):
    nobody_has_one(scene)
    scene.wechat.fails("latency", STABLE_TOKEN, seconds=0.3)
    before = scene.wechat.token_requests()
    tokens = eight.ask(gate)

    assert len(set(tokens)) == 1
    assert tokens[0] in scene.wechat.tokens()
    assert scene.wechat.token_requests() == before + 1


def test_fifty_replies_on_a_dead_token_renew_it_once(scene, lin):
    customers = [scene.customer() for _ in range(50)]
    at_once(50, lambda n: customers[n].writes("在吗"))
    lin.says(customers[0], "您好")
    wait_until(lambda: customers[0].states() == ["sent"])
    given, asked = len(scene.wechat.tokens()), scene.wechat.token_requests()
    before = scene.database.value("SELECT max(id) FROM conversations_delivery")
    # All of them queued before the first finds out. Killed and not frozen: frozen in the
    # middle of a write it would keep SQLite from everybody.
    scene.console.kill("worker")
    at_once(3, lambda n: [lin.says(c, "在的") for c in customers[n::3]])
    scene.wechat.fails("expire_tokens")
    scene.console.start("worker", ready=False)

    # Asked of the table: of fifty phones it would keep WeChat from answering.
    settled = (
        "SELECT count(*) FROM conversations_delivery"
        " WHERE id > ? AND settled_at IS NOT NULL"
    )
    wait_until(lambda: scene.database.value(settled, before) == 50, 60)
    assert [c.heard().count("在的") for c in customers] == [1] * 50
    assert [state for c in customers for state in c.states()] == ["sent"] * 51
    assert len(scene.wechat.tokens()) == given + 1
    assert scene.wechat.token_requests() == asked + 1
    # Many found out at once, and each of them said it once more.
    assert len(refused(scene)) > 1
    assert sum(c.sends() for c in customers) == 1 + 50 + len(refused(scene))


def refused(scene):
    """Return the sends that WeChat refused for their token."""
    calls = scene.wechat.ledger("")["calls"]
    return [one for one in calls if one["path"] == SEND and one["errcode"] == 42001]


def test_while_the_token_endpoint_is_away_a_token_that_holds_is_used(
    scene, lin, xiaoming
):
    xiaoming.writes("在吗")
    lin.says(xiaoming, "一")
    wait_until(lambda: xiaoming.states() == ["sent"])
    scene.wechat.fails("hang", STABLE_TOKEN, seconds=30, count=-1)
    scene.database.change(
        "UPDATE conversations_accesstoken SET expires_at = ?", in_minutes(4)
    )
    lin.says(xiaoming, "二")

    wait_until(lambda: xiaoming.heard() == ["一", "二"])
    scene.wechat.forgives()
    nobody_has_one(scene)


def in_minutes(minutes):
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return f"{at:%Y-%m-%d %H:%M:%S.%f+00:00}"
