import subprocess
import sys
from pathlib import Path

import pytest

from conversations import barriers
from tests.processes.driver import Barrier, wait_until

ROOT = Path(__file__).resolve().parents[2]
REACH_TWICE = (
    "from conversations import barriers\n"
    "for n in range(2):\n"
    "    {reach}\n"
    "    print('passed', flush=True)"
)


@pytest.fixture(params=["sync", "async"])
def process(request, tmp_path):
    """Start a process that reaches the barrier "before_http" twice."""
    call = {
        "sync": "barriers.reach('before_http')",
        "async": "import asyncio; asyncio.run(barriers.areach('before_http'))",
    }[request.param]

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", REACH_TWICE.format(reach=call)],
            cwd=ROOT,
            env={"KEFU_BARRIERS": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def test_a_barrier_stops_the_first_and_lets_it_go(process, tmp_path):
    barrier = Barrier(tmp_path, "before_http").arm()

    with process() as stopped:
        barrier.wait_reached()
        assert stopped.poll() is None
        barrier.release()
        assert stopped.communicate(timeout=10)[0] == "passed\npassed\n"


def test_a_barrier_that_is_not_armed_stops_nobody(process):
    with process() as free:
        assert free.communicate(timeout=10)[0] == "passed\npassed\n"


def test_only_one_stops_at_a_barrier(process, tmp_path):
    barrier = Barrier(tmp_path, "before_http").arm()

    with process() as first, process() as second:
        barrier.wait_reached()
        wait_until(lambda: (first.poll() is None) != (second.poll() is None))
        barrier.release()


def test_outside_tests_there_are_no_barriers():
    assert barriers.FOLDER == ""
