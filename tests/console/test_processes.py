import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from console import processes
from console.processes import Process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines():
    return []


@pytest.fixture
def python(lines, tmp_path):
    """Make a process of some lines of Python, which has said nothing yet."""

    def make(code):
        return Process(
            "web",
            ["python", "-uc", code],
            os.environ,
            tmp_path,
            lambda name, line: lines.append((name, line)),
        )

    return make


async def eventually(condition, seconds=10):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_the_procfile_starts_the_same_processes():
    written = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines()
    )
    assert written == {
        "web": " ".join(processes.web("127.0.0.1", "$PORT")),
        "worker": " ".join(processes.worker()),
        "cron": " ".join(processes.cron()),
    }


async def test_what_a_process_says_is_repeated_under_its_name(python, lines):
    code = await python(
        "import sys; print('你好'); print('no', file=sys.stderr)"
    ).run_once()

    assert code == 0
    assert lines == [("web", "你好"), ("web", "no")]


async def test_an_endless_line_neither_stops_nor_fills_us(python, lines):
    await python("print('x' * 3_000_000); print('after')").run_once()

    assert lines[-1] == ("web", "after")
    assert max(len(line) for _, line in lines) < processes.LONGEST_LINE


async def test_a_process_that_dies_is_started_again(python, lines):
    process = python("print('up', flush=True); import time; time.sleep(60)")
    process.keep()
    await eventually(lambda: ("web", "up") in lines)

    process._signal(signal.SIGKILL)
    await eventually(lambda: lines.count(("web", "up")) == 2)

    assert ("web", "ended (SIGKILL); starts again in 0.5 s") in lines
    await process.stop(5, asyncio.Event())
    assert not process.alive


async def test_a_process_that_dies_at_once_is_left_more_and_more_time(
    python, lines, monkeypatch
):
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(processes, "LONGEST_PAUSE", 0.03)
    process = python("raise SystemExit(3)")
    process.keep()

    await eventually(lambda: len(lines) >= 4)
    await process.stop(5, asyncio.Event())

    pauses = [line.split("again in ")[1] for _, line in lines[:4]]
    assert pauses == ["0.01 s", "0.02 s", "0.03 s", "0.03 s"]


async def test_a_process_gets_time_to_end(python, lines):
    process = python(
        "import signal, sys, time\n"
        "def end(*_): print('finishing'); time.sleep(0.3); print('done'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up'); time.sleep(60)"
    )
    process.keep()
    await eventually(lambda: ("web", "up") in lines)

    await process.stop(10, asyncio.Event())

    assert lines[-2:] == [("web", "finishing"), ("web", "done")]


async def test_a_process_that_will_not_end_is_killed_when_somebody_hurries(
    python, lines
):
    process = python(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up'); time.sleep(60)"
    )
    process.keep()
    await eventually(lambda: ("web", "up") in lines)
    hurry = asyncio.Event()
    hurry.set()

    async with asyncio.timeout(10):
        await process.stop(60, hurry)

    assert not process.alive
    assert lines[-1] == ("web", "did not end in time: killed")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills with the parent")
async def test_no_process_outlives_us_even_when_we_are_killed(tmp_path):
    """Here "we" is another Python, which can be killed without ending the tests."""
    code = (
        "import asyncio, os, pathlib\n"
        "from console.processes import Process\n"
        "child = 'import os, time; print(os.getpid()); time.sleep(60)'\n"
        "p = Process('web', ['python', '-uc', child], os.environ, pathlib.Path('.'),\n"
        "            lambda name, line: print(line, flush=True))\n"
        "asyncio.run(p.run_once())"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    child = int(await parent.stdout.readline())

    parent.kill()
    await parent.wait()

    await eventually(lambda: not _runs(child))


def _runs(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
