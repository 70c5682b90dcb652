from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from . import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("", include("agents.urls")),
    path("", include("conversations.urls")),
]

if settings.WECHAT_SIMULATOR:
    urlpatterns.append(path("simulator/", include("conversations.simulator.urls")))
