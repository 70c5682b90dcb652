"""`manage.py run`, as `make run` starts it: everything up, kept up, and down again."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.processes.driver import ROOT, Console, wait_until

pytestmark = pytest.mark.processes


class Run:
    """A running `manage.py run`, on the folder and port of a Console not started."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.output = console.log("run")
        self.output.write_text("")
        environment = {**console.environment}
        environment.pop("WECHAT_SIMULATOR")
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> None:
        wait_until(lambda: "Ready." in self.said or self.process.poll(), 60, "ready")
        assert self.process.poll() is None, self.said

    def children(self) -> dict[str, int]:
        """Return {name: pid} of what it runs."""
        marks = {
            "console.web": "web",
            "rqworker": "worker",
            "manage.py cron": "cron",
            "valkey-server": "broker",
        }
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in pids.read_text().split():
            command = _command_line(int(pid))
            for mark, name in marks.items():
                if mark in command:
                    found[name] = int(pid)
        return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with Console(tmp_path_factory.mktemp("run")) as console:
        run = Run(console)
        try:
            run.wait_ready()
            yield run
        finally:
            run.process.kill()
            run.process.wait(20)


@pytest.fixture
def console(tmp_path):
    with Console(tmp_path) as console:
        yield console


def refusal(console, **environment):
    """Return what `run` says when it won't start."""
    done = subprocess.run(
        [sys.executable, "manage.py", "run"],
        cwd=ROOT,
        env={**console.environment, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stderr


def test_it_says_where_everything_is(run):
    url = run.console.url
    assert re.search(rf"Console +{url}/\n", run.said)
    assert re.search(rf"Admin +{url}/admin/\n", run.said)
    assert re.search(rf"Phone +{url}/simulator/\n", run.said)
    assert set(run.children()) == {"broker", "web", "worker", "cron"}
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_its_folder_is_nobody_elses(run):
    assert run.console.var_dir.stat().st_mode & 0o077 == 0
    database = run.console.var_dir / "kefu.sqlite3"
    assert database.stat().st_mode & 0o077 == 0


def test_a_second_one_on_the_same_folder_is_refused(run):
    assert f"Process {run.process.pid} already runs on" in refusal(run.console)


def test_a_second_one_on_the_same_port_is_refused(run, console):
    said = refusal(console, PORT=str(run.console.port))

    assert f"Can't listen on 127.0.0.1:{run.console.port}" in said
    assert "Choose another port" in said


@pytest.mark.parametrize("name", ["broker", "web", "worker", "cron"])
def test_what_dies_is_up_again_within_five_seconds(run, name):
    before = run.children()[name]

    os.kill(before, signal.SIGKILL)

    wait_until(lambda: run.children().get(name, before) != before, 5, f"{name} again")
    wait_until(run.console.ready, 30, "ready again")


def test_ctrl_c_ends_everything_in_order(run):
    children = run.children()

    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(40) == 0
    for name, pid in children.items():
        assert not _command_line(pid), f"{name} is still there"
    assert "did not end in time" not in run.said
    assert "Traceback" not in run.said


def test_nothing_is_left_when_it_is_killed(console):
    run = Run(console)
    run.wait_ready()
    children = run.children()
    assert len(children) == 4

    run.process.kill()
    run.process.wait()

    for pid in children.values():
        wait_until(lambda pid=pid: not _command_line(pid), 5, "no orphan")
    again = Run(console)
    again.wait_ready()
    again.process.terminate()
    assert again.process.wait(40) == 0


def test_a_database_of_a_newer_version_is_refused(console):
    console.manage("migrate", "--verbosity", "0")
    with closing(sqlite3.connect(console.var_dir / "kefu.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('conversations', '9999_tomorrow', '2030-01-01')"
        )
        database.commit()

    assert "made by a newer version" in (said := refusal(console))
    assert "conversations.9999_tomorrow" in said


def test_the_demo_is_never_reachable_from_elsewhere(console):
    assert "BIND needs PUBLIC_URL" in refusal(console, BIND="0.0.0.0")


def test_the_simulator_is_never_reachable_from_elsewhere(console):
    said = refusal(console, WECHAT_SIMULATOR="1", PUBLIC_URL="https://kf.example.com")
    assert "WECHAT_SIMULATOR must be 0" in said
