"""The doors of the web process: pushes, static files and the simulator ahead of Django,
sockets beside it. Nothing here depends on lifespan, which Daphne doesn't have."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  Django comes first
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from console import static_files  # noqa: E402
from console.routing import websocket_urlpatterns  # noqa: E402
from conversations import intake  # noqa: E402

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def _socket_door() -> Application:
    # With full origins: by host name alone another port or scheme would pass.
    return OriginValidator(
        AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.SOCKET_ORIGINS
    )


def _http_door() -> Application:
    simulator: Application | None = None
    if settings.WECHAT_SIMULATOR:
        from conversations.simulator.api import application as simulator

    async def door(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if intake.is_ours(scope):
            await intake.application(scope, receive, send)
        elif static_files.is_ours(scope):
            await static_files.application(scope, receive, send)
        elif simulator and scope["path"].startswith("/simulator/api/"):
            await simulator(scope, receive, send)
        else:
            await django_application(scope, receive, send)

    return door


application = ProtocolTypeRouter({"http": _http_door(), "websocket": _socket_door()})
