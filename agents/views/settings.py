"""An agent's own page: name, look, keys, alerts, password, and where they are signed in.

Each section is a form of its own and saves by itself; what is being changed in the others
stays. The page takes the answer's same section (hx-select). Without scripts the whole page
comes back.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View
from django_htmx.http import HttpResponseClientRedirect

from agents.forms import AlertsForm, ProfileForm, WritingForm
from agents.models import Agent

FORMS: dict[str, type[Any]] = {
    "profile": ProfileForm,
    "writing": WritingForm,
    "alerts": AlertsForm,
}
SEEN_EVERYWHERE = {"language", "theme"}  # Fields whose change is the whole page's


class SettingsView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return _page(request)


class SectionView(View):
    """POST: save one of `FORMS`."""

    section = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        # A form writes on what it is given even when it refuses; the page shows who is.
        agent = Agent.objects.get(pk=request.user.pk)
        form = FORMS[self.section](request.POST, instance=agent, label_suffix="")
        if not form.is_valid():
            return _page(request, {self.section: form}, status=422)
        if isinstance(form, forms.ModelForm):
            agent.save(update_fields=form.changed_data)
        else:
            form.save()
        with translation.override(agent.language):
            messages.success(request, _("Saved."), extra_tags=self.section)
        if _is_ours(request) and not SEEN_EVERYWHERE.intersection(form.changed_data):
            request.user = agent
            return _page(request)
        return _to_settings(request)


class PasswordView(View):
    """Changing it ends the agent's other sessions and keeps this one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordChangeForm(request.user, request.POST, label_suffix="")
        if not form.is_valid():
            return _page(request, {"password": form}, status=422)
        form.save()
        update_session_auth_hash(request, request.user)
        request.user.shut_out()
        said = _("The password is changed. Other devices are signed out.")
        messages.success(request, said, extra_tags="password")
        return _page(request) if _is_ours(request) else _to_settings(request)


class SessionsView(View):
    """POST: sign out everywhere, here too. Only with `confirmed`: it stops work."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("confirmed") != "yes":
            return _page(request, status=422)
        request.user.end_sessions()
        logout(request)
        messages.success(request, _("You are signed out everywhere."))
        return redirect("login")


def _is_ours(request: HttpRequest) -> bool:
    """Whether the page on show asks, and takes its section from the answer."""
    return request.headers.get("HX-Request") == "true"


def _to_settings(request: HttpRequest) -> HttpResponse:
    answer = redirect("settings")
    return HttpResponseClientRedirect(answer.url) if _is_ours(request) else answer


def _page(
    request: HttpRequest,
    bound: dict[str, forms.BaseForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Draw all sections; `bound` has those that were refused, with what was given."""
    drawn: dict[str, forms.BaseForm] = {
        name: form(instance=request.user, label_suffix="")
        for name, form in FORMS.items()
    }
    drawn["password"] = PasswordChangeForm(request.user, label_suffix="")
    drawn |= bound or {}
    drawn["password"].fields["old_password"].widget.attrs.pop("autofocus", None)
    context = {"forms": drawn, "csrf_cookie": settings.CSRF_COOKIE_NAME}
    return render(request, "agents/settings.html", context, status=status)
