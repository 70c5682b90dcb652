"""Named places where a test can stop the product, to kill it exactly there.

Off unless KEFU_BARRIERS names a folder when the process starts. A test arms a barrier
by making the file NAME.armed in that folder. The first to reach it renames the file to
NAME.reached, which tells the test, and waits there for NAME.released, or for its death.
Everybody else goes through.
"""

import asyncio
import os
import time
from pathlib import Path

FOLDER = os.environ.get("KEFU_BARRIERS", "")
PAUSE = 0.005  # s between two looks for NAME.released


def reach(name: str) -> None:
    """Stop here if the barrier is armed. Blocks the thread."""
    if not FOLDER or not _stopped(name):
        return
    while not _released(name):
        time.sleep(PAUSE)


async def areach(name: str) -> None:
    """Stop here if the barrier is armed. The event loop goes on."""
    if not FOLDER or not _stopped(name):
        return
    while not _released(name):  # noqa: ASYNC110  The event is another process's file
        await asyncio.sleep(PAUSE)


def _stopped(name: str) -> bool:
    """Whether the barrier was armed and nobody has taken it before us."""
    armed = Path(FOLDER, f"{name}.armed")
    try:
        armed.rename(armed.with_suffix(".reached"))
    except FileNotFoundError:
        return False
    return True


def _released(name: str) -> bool:
    return Path(FOLDER, f"{name}.released").exists()
