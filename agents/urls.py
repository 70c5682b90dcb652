from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from agents.views.password_link import PasswordLinkView
from agents.views.settings import (
    PasswordView,
    SectionView,
    SessionsView,
    SettingsView,
)
from agents.views.signing import SignInView, SignOutView

urlpatterns = [
    path("login/", SignInView.as_view(), name="login"),
    path("logout/", SignOutView.as_view(), name="logout"),
    path("settings/", SettingsView.as_view(), name="settings"),
    path(
        "settings/profile/",
        SectionView.as_view(section="profile"),
        name="settings_profile",
    ),
    path(
        "settings/writing/",
        SectionView.as_view(section="writing"),
        name="settings_writing",
    ),
    path(
        "settings/alerts/",
        SectionView.as_view(section="alerts"),
        name="settings_alerts",
    ),
    path("settings/password/", PasswordView.as_view(), name="settings_password"),
    path("settings/sessions/", SessionsView.as_view(), name="settings_sessions"),
    # As it was called once; people keep addresses.
    path("account/", RedirectView.as_view(pattern_name="settings"), name="account"),
    path(
        "set-password/<str:uidb64>/<str:token>/",
        PasswordLinkView.as_view(),
        name="set_password",
    ),
]
