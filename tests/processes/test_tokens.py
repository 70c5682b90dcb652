"""One access_token for all processes, whoever asks first and whatever becomes of it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

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
gate, processes = pathlib.Path(sys.argv[1]), int(sys.argv[2])
for number in range(processes):
    if os.fork() == 0:
        break
else:
    sys.exit(any(os.wait()[1] for number in range(processes)))
from conversations import mini_programs
from conversations.models import MiniProgram
mini_program = MiniProgram.objects.get()
os.write(1, b"here\\n")
while not gate.exists():
    time.sleep(0.001)
async def get():
    token = await mini_programs.client(mini_program).tokens.get()
    await mini_programs.hang_up()
    return token
os.write(1, asyncio.run(get()).encode() + b"\\n")
"""


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


def nobody_has_one(scene):
    scene.database.change("DELETE FROM conversations_accesstoken")


def requests(scene):
    """Return how often WeChat was asked for a token."""
    calls = scene.wechat.ledger("")["calls"]
    return sum(call["path"] == STABLE_TOKEN for call in calls)


def get_at_once(scene, gate):
    """Have eight new processes ask for a token in the same moment."""
    environment = {
        **scene.console.environment,
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    command = [sys.executable, "-c", GET, str(gate), str(PROCESSES)]
    asking = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert [asking.stdout.readline() for _ in range(PROCESSES)] == [
        "here\n"
    ] * PROCESSES
    gate.touch()
    said = asking.communicate(timeout=60)[0]
    assert asking.returncode == 0
    return said.split()


@on_both_databases
@pytest.mark.parametrize("broker", ["with", "without"])
@pytest.mark.usefixtures("kept")
def test_eight_processes_without_a_token_make_one_request(scene, tmp_path, broker):
    if broker == "without":
        scene.console.kill("broker")
    nobody_has_one(scene)
    scene.wechat.fails("latency", STABLE_TOKEN, seconds=0.3)
    before = requests(scene)
    tokens = get_at_once(scene, tmp_path / "gate")

    assert len(set(tokens)) == 1
    assert tokens[0] in scene.wechat.tokens()
    assert requests(scene) == before + 1


def test_fifty_replies_on_a_dead_token_renew_it_once(scene, lin):
    customers = [scene.customer() for _ in range(50)]
    at_once(50, lambda n: customers[n].writes("在吗"))
    lin.says(customers[0], "您好")
    wait_until(lambda: customers[0].states() == ["sent"])
    given = len(scene.wechat.tokens())
    # All of them queued before the first finds out. Killed and not frozen: frozen in the
    # middle of a write it would keep SQLite from everybody.
    scene.console.kill("worker")
    at_once(10, lambda n: [lin.says(c, "在的") for c in customers[n::10]])
    scene.wechat.fails("expire_tokens")
    scene.console.start("worker", ready=False)

    wait_until(lambda: all("在的" in c.heard() for c in customers), 60)
    assert [c.heard().count("在的") for c in customers] == [1] * 50
    wait_until(lambda: all(set(c.states()) == {"sent"} for c in customers))
    assert len(scene.wechat.tokens()) == given + 1


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
