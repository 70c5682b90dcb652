"""How an agent wants to be told that somebody needs them.

tone       when
message    a customer of theirs writes
waiting    a customer begins to wait, or has waited too long
closing    the time to reply is nearly over
called     a colleague hands something over or calls them by name
"""

from __future__ import annotations

from typing import Any

TONES = ("message", "waiting", "closing", "called")
VOLUME = 60  # percent; nobody should have to find a switch before the first tone
SWITCHES = {"desktop": True, "hide_text": False, "repeat": True}


def complete(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return {"volume": {tone: 0–100}, desktop, hide_text, repeat}: what an agent
    chose, and the usual for what they never touched."""
    volume = chosen.get("volume", {})
    return {
        "volume": {tone: volume.get(tone, VOLUME) for tone in TONES},
        **{name: chosen.get(name, usual) for name, usual in SWITCHES.items()},
    }
