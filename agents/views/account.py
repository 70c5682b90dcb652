"""An agent's own page: what they are called, their language, their password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View

from agents.forms import AccountForm


class AccountView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return _page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AccountForm(request.POST, instance=request.user, label_suffix="")
        if not form.is_valid():
            # The form has written on the signed-in agent; the page shows the real one.
            request.user.refresh_from_db()
            return _page(request, form=form, status=422)
        request.user.save(update_fields=form.changed_data)
        with translation.override(request.user.language):
            messages.success(request, _("Saved."))
        return redirect("account")


class PasswordView(View):
    """Changing it ends the agent's other sessions and keeps this one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordChangeForm(request.user, request.POST, label_suffix="")
        if not form.is_valid():
            return _page(request, password_form=form, status=422)
        form.save()
        update_session_auth_hash(request, request.user)
        request.user.shut_out()
        messages.success(
            request, _("The password is changed. Other devices are signed out.")
        )
        return redirect("account")


def _page(
    request: HttpRequest,
    *,
    form: AccountForm | None = None,
    password_form: PasswordChangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    password_form = password_form or PasswordChangeForm(request.user, label_suffix="")
    password_form.fields["old_password"].widget.attrs.pop("autofocus", None)
    context = {
        "form": form or AccountForm(instance=request.user, label_suffix=""),
        "password_form": password_form,
    }
    return render(request, "agents/account.html", context, status=status)
