"""Signing in and out."""

from __future__ import annotations

import threading
from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

# Argon2 takes 100 MB and every core for each password, and anybody may send some: sixty
# at once would take all memory, and WeChat's pushes would wait behind them.
CHECKING = threading.BoundedSemaphore(2)
PATIENCE = 5.0  # s to wait for one's turn


class SignInView(LoginView):
    """Django's own form. Too many wrong passwords are axes' business."""

    redirect_authenticated_user = True

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "label_suffix": ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not CHECKING.acquire(timeout=PATIENCE):
            return render(request, "500.html", status=503)
        try:
            return super().post(request, *args, **kwargs)
        finally:
            CHECKING.release()


class SignOutView(LogoutView):
    """Ends this session, and the live sockets of the agent's every tab.

    A tab that is signed in elsewhere comes back by itself.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            request.user.shut_out()
        return super().post(request, *args, **kwargs)
