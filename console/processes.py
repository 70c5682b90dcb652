"""The processes of an installation: how each is started, and kept alive.

The Procfile says the same for other process managers; a test compares the two.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Say = Callable[[str, str], None]  # (process name, line)

FIRST_PAUSE = 0.5  # s before a process that died is started again, then twice as long
LONGEST_PAUSE = 5  # s
STEADY = 60  # s of life after which a death counts as the first again
LONGEST_LINE = 1024 * 1024  # bytes of a line repeated from a process

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def web(bind: str, port: int | str) -> list[str]:
    return ["python", "-m", "console.web", "--bind", bind, "--port", str(port)]


def worker() -> list[str]:
    # rqworker falls back on pickle whatever the queue's settings say.
    return [
        *("python", "manage.py", "rqworker", "outbox", "default", "media"),
        *("--worker-class", "conversations.worker.LaneWorker"),
        *("--job-class", "conversations.broker.SafeJob"),
        *("--serializer", "json"),
        *("--verbosity", "0"),
    ]


def cron() -> list[str]:
    return ["python", "manage.py", "cron"]


def die_with_parent(sign: signal.Signals) -> None:
    """Have the kernel send us this signal when our parent ends, however it ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, sign)


class Process:
    """One process, its output repeated line by line under its name.

    It leads a session of its own, so that Ctrl-C in the terminal reaches only us and
    we end the processes in order. It can't outlive us: the kernel sees to that.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path,
        say: Say,
    ) -> None:
        self.name = name
        self.command = [sys.executable if w == "python" else w for w in command]
        self.environment = environment
        self.folder = folder
        self.say = say
        self.stopping = False
        self._process: asyncio.subprocess.Process | None = None
        self._kept: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def run_once(self) -> int:
        """Run to the end and return the exit code: -N when killed by signal N."""
        parent = os.getpid()

        def tie_to_parent() -> None:
            die_with_parent(signal.SIGKILL)
            if os.getppid() != parent:  # It ended before we asked
                os._exit(1)

        process = self._process = await asyncio.create_subprocess_exec(
            *self.command,
            env=dict(self.environment),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,
            # Safe beside our threads: it takes no lock that one of them may hold.
            preexec_fn=tie_to_parent,
        )
        if self.stopping:
            self._signal(signal.SIGTERM)
        repeating = asyncio.create_task(self._repeat(process))
        code = await process.wait()
        await asyncio.wait([repeating], timeout=1)
        repeating.cancel()
        return code

    async def _repeat(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                line = b"(a line too long to repeat)\n"
            if not line:
                return
            self.say(self.name, line.decode(errors="replace").rstrip())

    def keep(self) -> None:
        """Start it, and start it again whenever it ends."""
        self._kept = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        pause: float = FIRST_PAUSE
        while not self.stopping:
            began = time.monotonic()
            code = await self.run_once()
            if self.stopping:
                return
            if time.monotonic() - began > STEADY:
                pause = FIRST_PAUSE
            self.say(self.name, f"ended ({_how(code)}); starts again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def stop(self, patience: float, hurry: asyncio.Event) -> None:
        """Ask it to end; kill it after so many seconds, or at once when in a hurry."""
        self.stopping = True
        if self._kept is None:
            return
        if self.alive:
            self._signal(signal.SIGTERM)
        else:
            self._kept.cancel()

        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait(
            [self._kept, hurried],
            timeout=patience,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurried.cancel()
        if self.alive:
            self.say(self.name, "did not end in time: killed")
            self._signal(signal.SIGKILL)
        await asyncio.wait([self._kept], timeout=5)

    def _signal(self, sign: signal.Signals) -> None:
        """Signal it; a kill also reaches whatever it has started."""
        assert self._process is not None  # noqa: S101
        try:
            if sign == signal.SIGKILL:
                os.killpg(self._process.pid, sign)
            else:
                self._process.send_signal(sign)
        except ProcessLookupError:
            pass


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
