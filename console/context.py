"""What every page may know about the installation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    return {
        "simulator": settings.WECHAT_SIMULATOR,
        "demo": not settings.PUBLIC_URL,
        "plain_http": bool(settings.PUBLIC_URL) and not settings.HTTPS,
    }
