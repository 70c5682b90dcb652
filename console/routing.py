from __future__ import annotations

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from conversations.consumers import LiveConsumer

websocket_urlpatterns = [
    path("live/", LiveConsumer.as_asgi()),
    # Else anyone could fill the log: without a route Channels raises.
    re_path("", WebsocketDenier.as_asgi()),
]
