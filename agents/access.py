"""What supervisors may do in the admin: exactly this."""

from __future__ import annotations

_ACTIONS = {
    "agents.agent": ("view", "add", "change"),
    "conversations.cannedanswer": ("view", "add", "change", "delete"),
    "conversations.autoreplyrule": ("view", "add", "change", "delete"),
    "conversations.entrance": ("view", "add", "change", "delete"),
    "conversations.desksettings": ("view", "change"),
    "conversations.miniprogram": ("view", "add", "change"),
    "conversations.page": ("view", "add", "change", "delete"),
    "conversations.receivedpush": ("view",),
    "conversations.tag": ("view", "add", "change", "delete"),
}

SUPERVISOR_PERMISSIONS = frozenset(
    f"{model.split('.')[0]}.{action}_{model.split('.')[1]}"
    for model, actions in _ACTIONS.items()
    for action in actions
)
