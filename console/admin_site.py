"""The admin: one door, for supervisors, with a policy of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from agents.views.signing import SignOutView

OURS = ("agents", "conversations")

# The widgets of unfold run on Alpine, which compiles its expressions in the browser,
# and some of its elements are placed by a style attribute. Set on each answer, so that
# nothing else ever bears it, not even under the same prefix.
ALPINE_POLICY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


class SupervisorSite(UnfoldAdminSite):
    index_title = _("Settings")
    index_template = "admin/rooms.html"
    enable_nav_sidebar = True

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Take in our models only: other apps offer theirs to every admin."""
        models = (
            [model_or_iterable]
            if isinstance(model_or_iterable, type)
            else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label in OURS]
        super().register(ours, admin_class, **options)

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        dressed = csp_update(ALPINE_POLICY)(super().admin_view(view, cacheable))

        def refusing(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                return render(request, "admin/refused.html", status=403)
            return dressed(request, *args, **kwargs)

        return refusing

    def get_urls(self) -> list[Any]:
        """Without the way to an object's own page: ours have none, and for a model
        without a table it breaks."""
        return [
            one
            for one in super().get_urls()
            if getattr(one, "name", "") != "view_on_site"
        ]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one sign-in for everybody, and it judges where `next` leads."""
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponseBase:
        return SignOutView.as_view()(request)

    def password_change(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        return redirect("settings")
