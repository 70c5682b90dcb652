from __future__ import annotations

from django.urls import path

from conversations.consumers import LiveConsumer

websocket_urlpatterns = [path("live/", LiveConsumer.as_asgi())]
