"""What supervisors set: canned answers, rules, entrances, mini programs, agents.

Agents are here and not in their own app, because switching one off gives their
conversations back, and `agents` knows of no conversations.
"""

from . import (
    agents,
    canned_answers,
    desk_settings,
    entrances,
    mini_programs,
    pages,
    pushes,
    rules,
    tags,
)

__all__ = [
    "agents",
    "canned_answers",
    "desk_settings",
    "entrances",
    "mini_programs",
    "pages",
    "pushes",
    "rules",
    "tags",
]
