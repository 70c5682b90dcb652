"""One writer to a VAR_DIR at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError


@contextlib.contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold VAR_DIR for us alone: two outboxes on one database would both send.

    The kernel lets go of it however we end. Raises CommandError when it's held.
    """
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(var_dir / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise CommandError(
                f"Process {lock.read().strip() or '?'} already runs on {var_dir}. "
                "Stop it, or use another folder and port: "
                "VAR_DIR=./var2 PORT=8001 make run"
            ) from exc
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
