from __future__ import annotations

from django.urls import path

from . import views

app_name = "simulator"

urlpatterns = [
    path("", views.phones, name="phones"),
    path("customers/", views.add_customer, name="add_customer"),
    path("customers/<str:openid>/<str:act>/", views.act, name="act"),
]
