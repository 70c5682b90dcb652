"""What is to go wrong, and when: asked for ahead, used up as calls come.

    kind            what happens to the call
    latency         handled after `seconds`
    errcode         refused with `errcode` (-1, 42001, 45011 …), not handled
    drop            handled, and the connection cut before the answer
    hang            no answer for `seconds` or until faults are cleared, then cut;
                    handled first only with `after`
    drip            handled; the answer goes out one byte every `seconds`
    html            handled only with `after`; a proxy's error page with status 502
    cut             the connection is cut, nothing handled
    refuse          cut, and the port closed for `seconds`: connections are refused

and to a push (path "push"), any of the options of `push_engine`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = {"latency", "errcode", "drop", "hang", "drip", "html", "cut", "refuse", "push"}
ALWAYS = -1


@dataclass(slots=True)
class Fault:
    """path   an endpoint, "*" for all of them, or "push"
    count  how many calls it befalls, -1 for every one until cleared
    match  only calls whose body holds this text: an openid, a message
    """

    kind: str
    path: str = "*"
    count: int = 1
    seconds: float = 0
    errcode: int = -1
    after: bool = False
    match: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"No such fault: {self.kind!r}.")
        if self.kind == "push":
            self.path = "push"

    def befalls(self, path: str, body: bytes) -> bool:
        on_the_way = self.path == path or (self.path == "*" and path != "push")
        return on_the_way and self.match.encode() in body


class Faults:
    """The faults still to come, first asked for first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: list[Fault] = []
        self.cleared = 0  # times; a hanging call watches it

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._coming.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._coming.clear()
            self.cleared += 1

    def take(self, path: str, body: bytes = b"") -> Fault | None:
        """Return the fault that befalls this call, if any, and count it."""
        with self._lock:
            for fault in self._coming:
                if fault.befalls(path, body):
                    if fault.count != ALWAYS:
                        fault.count -= 1
                    if fault.count == 0:
                        self._coming.remove(fault)
                    return fault
        return None
