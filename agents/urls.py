from __future__ import annotations

from django.urls import path

from agents.views.account import AccountView, PasswordView
from agents.views.password_link import PasswordLinkView
from agents.views.signing import SignInView, SignOutView

urlpatterns = [
    path("login/", SignInView.as_view(), name="login"),
    path("logout/", SignOutView.as_view(), name="logout"),
    path("account/", AccountView.as_view(), name="account"),
    path("account/password/", PasswordView.as_view(), name="account_password"),
    path(
        "set-password/<str:uidb64>/<str:token>/",
        PasswordLinkView.as_view(),
        name="set_password",
    ),
]
