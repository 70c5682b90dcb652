"""What must not be started, told before it starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from conversations.models import MiniProgram


@register(Tags.database)
def simulator_beside_wechat(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse the simulator where real customers are: anybody can play one in it."""
    if not settings.WECHAT_SIMULATOR or not databases:
        return []
    try:
        real = list(
            MiniProgram.objects.filter(
                active=True, api_root__startswith=settings.WECHAT_API_ROOT
            ).values_list("appid", flat=True)
        )
    except DatabaseError:  # Before the first migration there are none
        return []
    return [
        Error(
            f"The simulator is on, and {appid} talks to WeChat itself.",
            hint="Set WECHAT_SIMULATOR=0, or switch that mini program off.",
            id="conversations.E001",
        )
        for appid in real
    ]
