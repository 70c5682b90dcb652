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
    kill_token      the call's token dies just before it is looked at: 40001
    refuse          cut, and the port closed for `seconds`: connections are refused

and to a push (path "push"), any of the options of `push_engine`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = {
    "latency",
    "errcode",
    "drop",
    "hang",
    "drip",
    "html",
    "cut",
    "kill_token",
    "refuse",
    "push",
}
ALWAYS = -1
MESSAGE = "/cgi-bin/message/custom"
GROUPS = {
    "send": {f"{MESSAGE}/send", f"{MESSAGE}/business/send"},
    "typing": {f"{MESSAGE}/typing", f"{MESSAGE}/business/typing"},
    "token": {"/cgi-bin/token", "/cgi-bin/stable_token"},
}


@dataclass(slots=True)
class Fault:
    """path   an endpoint, "send", "typing" or "token", "*" for all of them, or "push"
    count  how many calls it befalls, -1 for every one until cleared
    match  only calls whose body holds this text: an openid, a message
    appid  only this mini program's
    name   what the page calls it; of no meaning here
    """

    kind: str
    path: str = "*"
    count: int = 1
    seconds: float = 0
    errcode: int = -1
    after: bool = False
    match: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    appid: str = ""
    name: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"No such fault: {self.kind!r}.")
        if self.kind == "push":
            self.path = "push"

    def befalls(self, path: str, body: bytes, appid: str) -> bool:
        on_the_way = (
            self.path == path
            or (self.path == "*" and path != "push")
            or path in GROUPS.get(self.path, ())
        )
        theirs = self.appid in ("", appid)
        return on_the_way and theirs and self.match.encode() in body


class Faults:
    """The faults still to come, first asked for first used.

    on_change  called after the list has changed
    """

    def __init__(self, on_change: Callable[[], object] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._coming: list[Fault] = []
        self._numbers = itertools.count(1)
        self._on_change = on_change
        self.cleared = 0  # times; a hanging call watches it

    def add(self, fault: Fault) -> None:
        with self._lock:
            fault.id = next(self._numbers)
            self._coming.append(fault)
        self._on_change()

    def clear(self, number: int = 0, appid: str = "") -> None:
        """Call off one fault, those of one mini program, or all."""
        with self._lock:
            self._coming = [
                fault
                for fault in self._coming
                if (number and fault.id != number) or (appid and fault.appid != appid)
            ]
            self.cleared += 1
        self._on_change()

    def coming(self, appid: str = "") -> list[dict[str, Any]]:
        """Return the faults to come, of one mini program and of all alike."""
        with self._lock:
            theirs = [one for one in self._coming if one.appid in ("", appid)]
            return [asdict(fault) for fault in theirs]

    def take(self, path: str, body: bytes = b"", appid: str = "") -> Fault | None:
        """Return the fault that befalls this call, if any, and count it."""
        with self._lock:
            found = next(
                (one for one in self._coming if one.befalls(path, body, appid)), None
            )
            if found is None:
                return None
            if found.count != ALWAYS:
                found.count -= 1
            if found.count == 0:
                self._coming.remove(found)
        self._on_change()
        return found
