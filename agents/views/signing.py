"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase


class SignInView(LoginView):
    """Django's own form. Too many wrong passwords are axes' business."""

    redirect_authenticated_user = True


class SignOutView(LogoutView):
    """Ends this session, and the live sockets of the agent's every tab.

    A tab that is signed in elsewhere comes back by itself.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            request.user.shut_out()
        return super().post(request, *args, **kwargs)
