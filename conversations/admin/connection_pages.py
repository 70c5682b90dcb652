"""A mini program's pages beside its form: is it connected, and new secrets, shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from conversations import (
    connection,
    connection_words,
    mini_programs,
    pauses,
    push_log,
    shared_secrets,
)
from conversations.models import (
    MiniProgram,
    Pause,
    PushDay,
    ReceivedPush,
    RejectedPush,
)
from conversations.wechat import diagnosis

DAYS = 7  # of pushes, today included
_INSPECTOR = reverse_lazy("admin:conversations_receivedpush_changelist")
CHECK = "admin:conversations_miniprogram_check_connection"


class ConnectionPages:
    """Mixed into the admin of mini programs, whose permissions hold here too."""

    opts: Any
    admin_site: Any

    @action(
        description=gettext_lazy("Check the connection"),
        icon="network_check",
        url_path="check",
    )
    def check_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        mini_program = self._mini_program(request, object_id)
        if request.method == "POST":
            self._do(request, mini_program, request.POST.get("do", ""))
            return redirect(CHECK, object_id)
        return self._render(
            request,
            "admin/connection.html",
            mini_program,
            title=_("Connection of %(name)s") % {"name": mini_program.name},
            **_connection_of(mini_program),
        )

    @action(
        description=gettext_lazy("New Token and key"), icon="key", url_path="new_keys"
    )
    def new_keys(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._renew(request, object_id, "push_token", "encoding_aes_key")

    @action(
        description=gettext_lazy("New relay secret"),
        icon="sync_lock",
        url_path="new_relay_secret",
    )
    def new_relay_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._renew(request, object_id, "relay_secret")

    def response_add(
        self, request: HttpRequest, obj: MiniProgram, post_url_continue: Any = None
    ) -> HttpResponse:
        return self._show(request, obj, "push_token", "encoding_aes_key", added=True)

    def _do(self, request: HttpRequest, mini_program: MiniProgram, what: str) -> None:
        if what == "check_token":
            connection.check_token(mini_program)
        elif what == "try_again":
            pauses.try_again(mini_program)
        elif what == "retire":
            mini_program.save(update_fields=shared_secrets.retire(mini_program))
            self.log_change(request, mini_program, _("Old secrets retired"))  # type: ignore[attr-defined]

    def _renew(self, request: HttpRequest, object_id: str, *names: str) -> HttpResponse:
        """Ask first; then make them, and show them in the answer to the POST.

        They are in no session and in no address: whoever loads the page again is asked
        whether to make others.
        """
        mini_program = self._mini_program(request, object_id)
        if request.method != "POST":
            return self._show(request, mini_program, *names, asks=True)
        mini_program.save(update_fields=shared_secrets.give(mini_program, *names))
        self.log_change(request, mini_program, _("New secrets made"))  # type: ignore[attr-defined]
        return self._show(request, mini_program, *names)

    def _show(
        self,
        request: HttpRequest,
        mini_program: MiniProgram,
        *names: str,
        added: bool = False,
        asks: bool = False,
    ) -> HttpResponse:
        is_relay = "relay_secret" in names
        page = "new_relay_secret" if is_relay else "new_keys"
        push_url = mini_programs.push_url(mini_program.appid)
        return self._render(
            request,
            "admin/shown_once.html",
            mini_program,
            title=_("Connect %(name)s") % {"name": mini_program.name},
            secrets=None if asks else {n: getattr(mini_program, n) for n in names},
            url=push_url.removesuffix("push") + "relay" if is_relay else push_url,
            is_relay=is_relay,
            added=added,
            there=all(getattr(mini_program, name) for name in names),
            ask_again=_page(page, mini_program),
        )

    def _mini_program(self, request: HttpRequest, object_id: str) -> MiniProgram:
        mini_program = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if mini_program is None:
            raise Http404
        if not self.has_change_permission(request, mini_program):  # type: ignore[attr-defined]
            raise PermissionDenied
        return mini_program

    def _render(
        self,
        request: HttpRequest,
        template: str,
        mini_program: MiniProgram,
        **context: Any,
    ) -> HttpResponse:
        site = self.admin_site.each_context(request)
        context |= {"opts": self.opts, "mini_program": mini_program}
        context["form_page"] = _page("change", mini_program)
        context["check_page"] = _page("check_connection", mini_program)
        context["keys_page"] = _page("new_keys", mini_program)
        context["relay_page"] = _page("new_relay_secret", mini_program)
        return render(request, template, {**site, **context})


def _connection_of(mini_program: MiniProgram) -> dict[str, Any]:
    """Return what the page shows: the same few queries, however much came in."""
    newest = RejectedPush.objects.filter(appid=mini_program.appid).order_by("-pk")
    rejected = list(newest[: push_log.ROWS_KEPT])
    since = timezone.localdate() - timedelta(days=DAYS - 1)
    days = PushDay.objects.filter(mini_program=mini_program, day__gte=since)
    return {
        "lamps": connection.lamps(mini_program, rejected),
        "pause": Pause.objects.filter(mini_program=mini_program).first(),
        "last_check": _last_check(mini_program, rejected),
        "rejected": [
            {
                "push": one,
                "says": connection_words.of_rejection(one.reason, one.details),
            }
            for one in rejected
        ],
        "days": days.order_by("-day"),
        "failed": ReceivedPush.objects.filter(
            mini_program=mini_program, outcome=ReceivedPush.Outcome.FAILED
        ).count(),
        "inspector": f"{_INSPECTOR}?mini_program__id__exact={mini_program.pk}",
        "previous": any(
            getattr(mini_program, name) for name in shared_secrets.PREVIOUS.values()
        ),
        "push_url": mini_programs.push_url(mini_program.appid),
    }


def _last_check(
    mini_program: MiniProgram, rejected: list[RejectedPush]
) -> dict[str, str] | None:
    """Return the last rejected check of the address, beside what we would have signed.

    Only for the supervisor who compares them: under it a push could be forged.
    """
    for one in rejected:
        is_check = one.details.get("check") == "url"
        expected = diagnosis.expected(one.details, mini_program.push_token)
        if is_check and expected:
            return {**one.details, "expected": expected}
    return None


def _page(name: str, mini_program: MiniProgram) -> str:
    return reverse(f"admin:conversations_miniprogram_{name}", args=[mini_program.pk])
