"""The simulator's pages alone."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("simulator/", include("conversations.simulator.urls"))]
