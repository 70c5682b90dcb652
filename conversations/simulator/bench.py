"""What the page offers to let go wrong, by one click each.

A choice's name comes back with the fault, so that the page can say which one is armed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLOCK_OFF = 15 * 60  # s: past what plain mode and a cloud function's signature allow
SWAP_WAIT = 60  # s for somebody to write the message that overtakes


@dataclass(frozen=True, slots=True)
class Choice:
    """code   WeChat's number, where there is one
    fault     as `control` takes it
    takes     "seconds": the page fills in how many
    expires   tokens end at once, so that a new one is asked for
    """

    name: str
    label: Promise
    fault: Mapping[str, Any]
    code: str = ""
    takes: str = ""
    expires: bool = False

    @property
    def json(self) -> str:
        return json.dumps({"name": self.name, **self.fault})


def _refused(code: int, label: Promise) -> Choice:
    fault = {"kind": "errcode", "errcode": code, "path": "send"}
    return Choice(f"errcode{code}", label, fault, code=str(code))


def _pushed(name: str, label: Promise, **options: object) -> Choice:
    return Choice(name, label, {"kind": "push", "options": options})


CALLS = [
    Choice(
        "slow", _("Slow answer"), {"kind": "latency", "path": "send"}, "", "seconds"
    ),
    Choice("lost", _("Answer lost"), {"kind": "drop", "path": "send"}),
    Choice("killed", _("Token killed"), {"kind": "kill_token", "path": "send"}),
    _refused(-1, _("busy")),
    _refused(45011, _("too fast")),
    _refused(45009, _("daily quota")),
    _refused(45015, _("too late")),
    _refused(45047, _("none left")),
    Choice(
        "errcode40164",
        _("IP refused"),
        {"kind": "errcode", "errcode": 40164, "path": "token"},
        code="40164",
        expires=True,
    ),
    _refused(48001, _("forbidden")),
]
PUSHES = [
    _pushed("twice", _("Duplicate"), times=2),
    _pushed("swapped", _("Swap the next two"), after_next=SWAP_WAIT),
    _pushed("forged", _("Wrong signature"), wrong_signature=True),
    _pushed("old_key", _("Previous key"), old_key=True),
    _pushed("skewed", _("Clock 15 min off"), clock_skew=-CLOCK_OFF),
    _pushed("unheard", _("Answer not heard"), unheard=1),
    Choice("late", _("Comes late"), {"kind": "push", "options": {}}, "", "seconds"),
]
MODES = [
    ("plain", _("plain")),
    ("compatible", _("compatible")),
    ("secure", _("secure")),
]
WAYS = [
    ("url", _("Own URL")),
    ("relay", _("Cloud function")),
    ("cloudrun", _("Cloud Run")),
]
