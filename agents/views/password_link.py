"""The page behind a one-time link: choose a password, then sign in with it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from agents import links


@method_decorator(
    [login_not_required, sensitive_post_parameters("new_password1", "new_password2")],
    name="dispatch",
)
class PasswordLinkView(View):
    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        agent = links.agent_for(kwargs["uidb64"], kwargs["token"])
        if agent is None:
            return render(request, "agents/link_dead.html", status=404)
        self.agent = agent
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        return self._page(request, SetPasswordForm(self.agent, label_suffix=""))

    def post(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        form = SetPasswordForm(self.agent, request.POST, label_suffix="")
        if not form.is_valid():
            return self._page(request, form, status=422)
        if self.agent.last_login is None:
            self._read_on()
        form.save()
        self.agent.shut_out()
        messages.success(request, _("The password is set. Sign in with it."))
        return redirect("login")

    def _read_on(self) -> None:
        """Have an agent who comes for the first time read on in their browser's language,
        unless another was chosen for them."""
        if self.agent.language == settings.LANGUAGE_CODE:
            self.agent.language = translation.get_language() or self.agent.language

    def _page(
        self, request: HttpRequest, form: SetPasswordForm, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "agent": self.agent}
        return render(request, "agents/set_password.html", context, status=status)
