"""Lines of several processes on one output, which may be slow or gone."""

from __future__ import annotations

import queue
import sys
import threading

WAITING = 10_000  # lines kept for a reader who is slower than we are


class Printer:
    """Prints lines from a thread of its own, so that nobody waits for the reader.

    A pipe that nobody reads blocks its writer. If that were the process that reads the
    children's output, they would stand still too, in the middle of a request.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._print, daemon=True)
        self._thread.start()

    def say(self, name: str, text: str) -> None:
        """Print a line under a process's name, or drop it when too many wait."""
        try:
            if self._dropped:
                self._lines.put_nowait(f"{'':7}| ({self._dropped} lines dropped)")
                self._dropped = 0
            self._lines.put_nowait(f"{name:7}| {text}")
        except queue.Full:
            self._dropped += 1

    def show(self, text: str) -> None:
        """Print some lines as they are."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Print what waits, unless nobody reads any more."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._thread.join(timeout=1)

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                print(line, flush=True)
            except (OSError, ValueError):  # The reader has gone
                sys.stdout = None
