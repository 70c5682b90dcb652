"""What an agent is told at once, wherever they are: in one sentence, and where to look.

about         what it is
transfer      a colleague gave them a conversation
offer         … and waits for them to accept it
taken_back    a conversation of theirs went back to waiting
mention       a note calls them by name
availability  of a colleague, or their own from another tab; everybody is told
"""

from __future__ import annotations

from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from agents.models import Agent
from agents.presence import State
from conversations.models import Message

LONGEST = 60  # characters of a note in a sentence

ABOUT = {
    "transferred": "transfer",
    "transfer_offered": "offer",
    "taken_back": "taken_back",
}


def frame(message: Message) -> dict[str, Any] | None:
    """Return what the agent's tabs are told of a line or a note; None: nothing."""
    if message.kind == Message.Kind.NOTE:
        about, sentence = "mention", _mention(message)
    elif about := ABOUT.get(message.data.get("event", ""), ""):
        sentence = _taken_back(message) if about == "taken_back" else _given(message)
    else:
        return None
    return {
        "about": about,
        "conversation": message.conversation_id,
        "message": message.pk,
        "text": sentence,
    }


def availability(agent: Agent) -> dict[str, Any]:
    """Return what everybody's tabs are told of an agent's availability."""
    return {
        "about": "availability",
        "agent": agent.pk,
        "availability": agent.availability,
        "label": str(State(agent.availability).label),
    }


def _mention(message: Message) -> str:
    return _("%(agent)s mentions you at %(customer)s: %(words)s") % {
        "agent": message.agent.name if message.agent else "",
        "customer": message.customer.name,
        "words": Truncator(message.text).chars(LONGEST),
    }


def _given(message: Message) -> str:
    names = {"agent": message.data["agent"], "customer": message.customer.name}
    if note := message.data.get("note"):
        shortened = Truncator(note).chars(LONGEST)
        return _("%(agent)s gives you %(customer)s: %(note)s") % {
            **names,
            "note": shortened,
        }
    return _("%(agent)s gives you %(customer)s.") % names


def _taken_back(message: Message) -> str:
    if message.data.get("why") == "offline":
        sentence = _("%(customer)s went back to waiting while you were away.")
    else:
        sentence = _("%(customer)s went back to waiting: unanswered for too long.")
    return sentence % {"customer": message.customer.name}
