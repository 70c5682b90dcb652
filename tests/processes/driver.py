"""Real processes for tests: started, killed, frozen and looked into.

    with Console(tmp_path) as console:
        console.start()
        barrier = console.barrier("before_http")
        barrier.arm()
        ...
        barrier.wait_reached()
        console.kill("worker")

Everything listens on loopback, on ports the kernel gave out, and dies with the tests.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import redis

from console import processes, valkey
from console.broker import socket_path

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # s a test waits for anything, unless it says otherwise
PAUSE = 0.02  # s between two looks

_migrated: Path | None = None  # An empty database, made once for all tests
_demo: Path | None = None  # The folder of a console with the demo in it, likewise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    condition: Callable[[], T], timeout: float = PATIENCE, what: str = ""
) -> T:
    """Return the first true value of the condition, asked until time runs out."""
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "it")
            raise AssertionError(f"Not within {timeout:g} s: {name}")
        time.sleep(PAUSE)


class Barrier:
    """A place in the product where the next to come stops (see conversations.barriers)."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._armed = folder / f"{name}.armed"
        self._reached = folder / f"{name}.reached"
        self._released = folder / f"{name}.released"

    def arm(self) -> Self:
        self._reached.unlink(missing_ok=True)
        self._released.unlink(missing_ok=True)
        self._armed.touch()
        return self

    @property
    def reached(self) -> bool:
        return self._reached.exists()

    def wait_reached(self, timeout: float = PATIENCE) -> None:
        wait_until(lambda: self.reached, timeout, f"barrier {self.name} reached")

    def release(self) -> None:
        """Let whoever waits go on. Arm it anew to stop the next one."""
        self._armed.unlink(missing_ok=True)
        self._released.touch()


class Console:
    """One installation: its folder, its port, and its processes by name.

    The names are broker, web, worker, cron, and simulator, which runs WeChat's side as
    a process of its own; "worker 2" is another of a kind. `environment` is added to
    what each of them gets.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        demo: bool = False,
    ) -> None:
        # A socket's path must be short, and pytest's folders aren't.
        self.short = Path(tempfile.mkdtemp(prefix="kefu-p-"))
        self.var_dir = self.short / "var"
        self.barriers = self.short / "barriers"
        self.logs = folder / "logs"
        for made in (self.var_dir, self.barriers, self.logs):
            made.mkdir(mode=0o700, parents=True)
        self.port = free_port()
        self.simulator_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://127.0.0.1:{self.simulator_port}"
        self.environment = {
            **_outside(),
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "KEFU_BARRIERS": str(self.barriers),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            "WECHAT_SIMULATOR": "1" if demo else "0",
            **(environment or {}),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: set[str] = set()  # by us
        self._clients: list[httpx.Client] = []
        self._shells: list[subprocess.Popen[bytes]] = []
        self._idle_shells: list[tuple[dict[str, str], subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Starting and ending.

    def start(self, *names: str, ready: bool = True) -> Self:
        """Start these processes, or all but the simulator, and wait until they're up."""
        names = names or ("broker", "web", "worker", "cron")
        if "broker" in names:
            self.launch("broker")
            wait_until(self._broker_answers, what="the broker answers")
        self._migrate()
        for name in names:
            if name != "broker":
                self.launch(name)
        if "simulator" in names:
            wait_until(lambda: _listens(self.simulator_port), what="simulator listens")
        if ready and {"web", "worker", "cron"} <= set(names):
            wait_until(self.ready, 60, "/readyz says yes")
        elif ready and "web" in names:
            wait_until(lambda: _listens(self.port), 60, "web listens")
        return self

    def launch(self, name: str) -> None:
        """Start one process and don't wait for it."""
        assert not self.alive(name), f"{name} already runs"
        command = [sys.executable if w == "python" else w for w in self._command(name)]
        self._running[name] = self._popen(name, command)
        self._ended.discard(name)

    def _popen(
        self, name: str, command: list[str], *, talks: bool = False
    ) -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log if talks else subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: processes.die_with_parent(signal.SIGKILL),
            )

    def _command(self, name: str) -> list[str]:
        match name.partition(" ")[0]:
            case "broker":
                return valkey.command(self.var_dir)
            case "web":
                return processes.web("127.0.0.1", self.port)
            case "worker":
                return processes.worker()
            case "cron":
                return processes.cron()
            case "simulator":
                state = str(self.var_dir / "simulator.sqlite3")
                port = str(self.simulator_port)
                module = ["-m", "conversations.simulator"]
                return ["python", *module, "--port", port, "--state", state]
        raise LookupError(name)

    def alive(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """End it as a power cut would."""
        self._ended.add(name)
        self._running[name].kill()
        self._running[name].wait(PATIENCE)

    def terminate(self, name: str, timeout: float = 40) -> int:
        """Ask it to end and return its exit code."""
        self.ask_to_end(name)
        return self.ended(name, timeout)

    def ask_to_end(self, name: str) -> None:
        self._ended.add(name)
        self._running[name].terminate()

    def ended(self, name: str, timeout: float = 40) -> int:
        """Wait for its end and return its exit code."""
        return self._running[name].wait(timeout)

    def restart(self, name: str) -> None:
        """Ask it to end, or take it as dead, and start it again."""
        if self.alive(name):
            self.terminate(name)
        self.start(name)

    def stop(self, name: str) -> None:
        """Freeze it: it holds what it holds and answers nothing."""
        os.kill(self.pid(name), signal.SIGSTOP)

    def cont(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGCONT)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for process in [*self._running.values(), *self._shells]:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()
        shutil.rmtree(self.short, ignore_errors=True)

    # Commands and tables.

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a command and return what it printed. It must succeed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        said = done.stdout + done.stderr
        with self.log("manage").open("a") as log:
            log.write(said)
        assert done.returncode == 0, said
        return done.stdout

    def shell(self, code: str) -> str:
        """Run some lines of Python in the console's Django and return what they print."""
        with self._shell() as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(code).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        assert line, self.said("shell")
        answer = json.loads(line)
        assert not answer["error"], answer["error"]
        return str(answer["printed"])

    @contextmanager
    def _shell(self) -> Iterator[subprocess.Popen[bytes]]:
        """Lend a shell that nobody uses, with the environment as it is now."""
        environment = dict(self.environment)
        if self._idle_shells and self._idle_shells[-1][0] == environment:
            process = self._idle_shells.pop()[1]
        else:
            command = [sys.executable, "-m", "tests.processes.resident_shell"]
            process = self._popen("shell", command, talks=True)
            self._shells.append(process)
        yield process
        self._idle_shells.append((environment, process))

    def open_demo(self) -> Self:
        """Start the broker and fill the console with the demo, made once for all tests."""
        global _demo
        self.start("broker")
        if _demo is not None:
            _copy(_demo, self.var_dir)
        # Run again, it only tells the simulator where this console is.
        self.shell("from django.core.management import call_command as c; c('demo')")
        if _demo is None:
            _demo = _folder()
            _copy(self.var_dir, _demo)
        return self

    def _migrate(self) -> None:
        """Make the tables, on SQLite from a copy made once."""
        global _migrated
        if "DATABASE_URL" in self.environment:
            self.manage("migrate", "--no-input", "--verbosity", "0")
            return
        database = self.var_dir / "kefu.sqlite3"
        if database.exists():
            return
        if _migrated is None:
            self.manage("migrate", "--no-input", "--verbosity", "0")
            _migrated = _folder() / database.name
            _backup(database, _migrated)
        else:
            shutil.copy(_migrated, database)

    # The outside.

    def client(self, **options: Any) -> httpx.Client:
        """Return a browser without a screen: cookies, but no scripts."""
        client = httpx.Client(base_url=self.url, timeout=PATIENCE, **options)
        self._clients.append(client)
        return client

    def signed_in(self, username: str, password: str) -> httpx.Client:
        """Return a client that signed in by the form and sends the CSRF token along."""
        client = self.client(follow_redirects=True)
        page = client.get("/")
        fields = {"username": username, "password": password}
        answer = client.post(
            page.url,
            data={**fields, "csrfmiddlewaretoken": _token(page.text)},
            headers={"Referer": str(page.url)},
        )
        assert answer.url != page.url, "not signed in"
        client.headers["X-CSRFToken"] = client.cookies[f"csrftoken_{self.port}"]
        client.headers["Referer"] = self.url
        return client

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def redis(self) -> redis.Redis:
        """Return a client of the broker, with every right."""
        return redis.Redis(unix_socket_path=str(socket_path(self.var_dir)))

    def _broker_answers(self) -> bool:
        try:
            with self.redis as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def connections(self) -> int:
        """Return how many clients the web process has."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        ends = [line.split()[1:4] for line in lines]  # local, remote, state
        ours = f":{self.port:04X}"
        return sum(local.endswith(ours) and state == "01" for local, _, state in ends)

    def barrier(self, name: str) -> Barrier:
        return Barrier(self.barriers, name)

    # What they said.

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def said(self, name: str) -> str:
        path = self.log(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def tracebacks(self) -> list[str]:
        """Return "process: last line of the traceback" for each one in any log."""
        found = []
        for path in sorted(self.logs.glob("*.log")):
            text = path.read_text(errors="replace")
            for trace in text.split("Traceback (most recent call last):")[1:]:
                ends = re.search(r"^(?!\s)\S.*$", trace, re.MULTILINE)
                found.append(f"{path.stem}: {ends.group() if ends else trace[:200]}")
        return found

    def deaths(self) -> list[str]:
        """Return "process: died" for each that ended though nobody asked it to."""
        return [
            f"{name}: died"
            for name, process in self._running.items()
            if name not in self._ended and process.poll() is not None
        ]

    def leaks(self, canaries: Iterable[str]) -> list[str]:
        """Return "process: canary" for each secret that some log repeats."""
        return [
            f"{path.stem}: {canary}"
            for path in sorted(self.logs.glob("*.log"))
            for canary in canaries
            if canary in path.read_text(errors="replace")
        ]


def _folder() -> Path:
    """Return a new folder that goes when the tests do."""
    made = Path(tempfile.mkdtemp(prefix="kefu-p-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _copy(source: Path, target: Path) -> None:
    """Copy what a console keeps, without its broker: nobody is at the tables."""
    for name in ("secret_key", "secrets_key"):
        shutil.copy(source / name, target)
    for database in source.glob("*.sqlite3"):
        _backup(database, target / database.name)
    shutil.copytree(source / "media", target / "media", dirs_exist_ok=True)


def _outside() -> dict[str, str]:
    """The environment without what would change the console."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, "no form on this page"
    return found.group(1)


def _backup(source: Path, target: Path) -> None:
    """Copy a SQLite file with what still stands in its log."""
    with (
        closing(sqlite3.connect(source)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
