"""One installation started as a whole: broker, set-up, web, worker, cron.

`manage.py run` is the command; this is the order things happen in.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from console import processes, valkey
from console.broker import socket_path
from console.printer import Printer
from console.processes import Process

BROKER_PATIENCE = 10  # s for the broker to answer at start
SLOW_START = 60  # s until we say what we still wait for
LOOK_AGAIN = 0.25  # s between two looks at the broker or at /readyz

# How long a process may take to end, s. The worker finishes what it is sending.
WEB_PATIENCE = 10
WORKER_PATIENCE = 30
BROKER_END_PATIENCE = 5


NOISE = (
    # The broker's advice to those who have it save to disk, which ours never does.
    "Memory overcommit must be enabled",
    # What we are told ourselves while we wait for the worker's first heartbeat.
    "Service Unavailable: /readyz",
)


class SetUpFailed(Exception):
    """A step before the start went wrong; the message is what it said."""


class Installation:
    """What runs on one VAR_DIR and one port, from start to end."""

    def __init__(
        self,
        folder: Path,
        var_dir: Path,
        bind: str,
        port: int,
        *,
        host: str,
        embedded_broker: bool,
        demo: bool,
        commands: Iterable[str],
        greeting: str,
    ) -> None:
        self.folder = folder
        self.var_dir = var_dir
        self.bind = bind
        self.port = port
        self.host = host
        self.embedded_broker = embedded_broker
        self.demo = demo
        self.commands = set(commands)
        self.greeting = greeting
        self.printer = Printer()
        self.environment = {
            **os.environ,
            "VAR_DIR": str(var_dir),
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        if demo:
            self.environment.setdefault("WECHAT_SIMULATOR", "1")

        self.broker: Process | None = None
        self.web = self._process("web", processes.web(bind, port))
        self.worker = self._process("worker", processes.worker())
        self.cron = self._process("cron", processes.cron())

    def _process(self, name: str, command: list[str]) -> Process:
        return Process(name, command, self.environment, self.folder, self._say)

    def _say(self, name: str, line: str) -> None:
        if not any(noise in line for noise in NOISE):
            self.printer.say(name, line)

    async def run(self) -> None:
        """Run until a signal says to stop. A second one stops without patience.

        Raises SetUpFailed when it can't start.
        """
        self.told_to_stop, self.hurry = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self._hear, sign)

        work = asyncio.create_task(self._start())
        told = asyncio.create_task(self.told_to_stop.wait())
        try:
            await asyncio.wait([work, told], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            await told
        finally:
            work.cancel()
            await self._stop()
            self.printer.close()

    def _hear(self, sign: signal.Signals) -> None:
        if self.told_to_stop.is_set():
            self.hurry.set()
        else:
            self.printer.show(f"\nStopping ({sign.name}); once more to hurry.")
            self.told_to_stop.set()

    async def _start(self) -> None:
        if self.embedded_broker:
            self.broker = self._process("broker", valkey.command(self.var_dir))
            self.broker.keep()
            await self._broker_answers()
        sign_ins = await self._set_up()
        for process in (self.web, self.worker, self.cron):
            process.keep()
        await self._ready()
        self.printer.show("\n".join(filter(None, ["", self.greeting, sign_ins])))

    async def _broker_answers(self) -> None:
        for _ in range(int(BROKER_PATIENCE / LOOK_AGAIN)):
            try:
                reader, writer = await asyncio.open_unix_connection(
                    str(socket_path(self.var_dir))
                )
                writer.write(b"PING\r\n")
                answer = await reader.readline()
                writer.close()
                if answer.startswith(b"+PONG"):
                    return
            except OSError:
                pass
            await asyncio.sleep(LOOK_AGAIN)
        raise SetUpFailed("The broker didn't start; see its lines above.")

    async def _set_up(self) -> str:
        """Bring tables and files up to date. Returns what people need to sign in."""
        self.printer.show("Setting up the database and the static files …")
        await asyncio.gather(
            self._manage("migrate", "--no-input", "--verbosity", "0"),
            self._manage("collectstatic", "--no-input", "--verbosity", "0"),
        )
        first = "demo" if self.demo else "first_supervisor"
        return await self._manage(first) if first in self.commands else ""

    async def _manage(self, *arguments: str) -> str:
        """Run one of our commands to its end and return what it printed."""
        said: list[str] = []
        process = Process(
            arguments[0],
            ["python", "manage.py", *arguments],
            self.environment,
            self.folder,
            lambda _name, line: said.append(line),
        )
        if await process.run_once():
            raise SetUpFailed("\n".join([f"manage.py {arguments[0]} failed:", *said]))
        return "\n".join(said)

    async def _ready(self) -> None:
        """Wait until /readyz says that every part is up."""
        looks = 0
        while True:
            status, body = await asyncio.to_thread(self._ask_readyz)
            if status == http.client.OK:
                return
            looks += 1
            if looks == SLOW_START / LOOK_AGAIN:
                self.printer.show(f"Not ready yet: {body or 'web does not answer'}")
            await asyncio.sleep(LOOK_AGAIN)

    def _ask_readyz(self) -> tuple[int, str]:
        address = "127.0.0.1" if self.bind == "0.0.0.0" else self.bind  # noqa: S104
        connection = http.client.HTTPConnection(address, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": self.host})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    async def _stop(self) -> None:
        """End web first, so that nothing new comes in, and the broker last."""
        await self.web.stop(WEB_PATIENCE, self.hurry)
        await asyncio.gather(
            self.worker.stop(WORKER_PATIENCE, self.hurry),
            self.cron.stop(WORKER_PATIENCE, self.hurry),
        )
        if self.broker:
            await self.broker.stop(BROKER_END_PATIENCE, self.hurry)
        sys.stdout.flush()
