"""The inspector: every push as it came, masked, and what became of it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from conversations.models import ReceivedPush
from conversations.replay import replay
from conversations.wechat import body as bodies
from conversations.wechat import masking, pushes
from conversations.wechat.errors import Unreadable

from .base import PlainAdmin
from .push_words import failure_of, trace_of

Outcome = ReceivedPush.Outcome
NEWEST = 2000  # that can be leafed through; counting them all would take ever longer
LABELS = {
    Outcome.STORED: "success",
    Outcome.HANDED_OVER: "info",
    Outcome.IGNORED: "",
    Outcome.FAILED: "danger",
}


class NewestPaginator(Paginator):
    object_list: QuerySet[ReceivedPush]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:NEWEST].count()


@admin.register(ReceivedPush)
class PushAdmin(PlainAdmin):
    list_display = ["at", "program", "what", "became", "again", "proof"]
    list_display_links = ["at"]
    list_filter = ["mini_program", "outcome"]
    list_select_related = ["mini_program"]
    list_per_page = 50
    ordering = ["-pk"]
    sortable_by: list[str] = []
    actions = None
    paginator = NewestPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedPush]:
        return super().get_queryset(request).defer("body", "trace")

    @admin.display(description=gettext_lazy("received"))
    def at(self, push: ReceivedPush) -> str:
        return f"{timezone.localtime(push.received_at):%m-%d %H:%M:%S}"

    @display(description=gettext_lazy("what it became"), label=LABELS)
    def became(self, push: ReceivedPush) -> tuple[str, str]:
        return push.outcome, push.get_outcome_display()

    @admin.display(description=gettext_lazy("mini program"))
    def program(self, push: ReceivedPush) -> str:
        return push.mini_program.name

    @admin.display(description=gettext_lazy("kind"))
    def what(self, push: ReceivedPush) -> str:
        return push.kind or "—"

    @admin.display(description=gettext_lazy("came again"))
    def again(self, push: ReceivedPush) -> str:
        return str(push.repeats or "")

    @admin.display(description=gettext_lazy("proved by"))
    def proof(self, push: ReceivedPush) -> str:
        return push.authenticated_by

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one; a POST tries a failed one again."""
        found = ReceivedPush.objects.select_related("mini_program", "message")
        push = found.filter(pk=object_id).first() if object_id.isdecimal() else None
        if push is None:
            raise Http404
        if request.method == "POST":
            again = replay(push.pk)
            return redirect(_page(again or push))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Push %(id)s") % {"id": push.pk},
            "opts": self.opts,
            "push": push,
            "failure": failure_of(push),
            "trace": trace_of(push),
            **_opened(push),
        }
        return render(request, "admin/push.html", context)


def _page(push: ReceivedPush) -> str:
    return reverse("admin:conversations_receivedpush_change", args=[push.pk])


def _opened(push: ReceivedPush) -> dict[str, Any]:
    """Return the payload and what we read in it, masked."""
    content = push.body.encode()
    try:
        fields = bodies.parse(content)
    except Unreadable:
        return {"payload": "", "parsed": None, "form": ""}
    appid = push.mini_program.appid
    parsed = pushes.parse(fields, appid, push.received_at, content)
    masked = masking.fields(fields, parsed)
    return {
        "payload": json.dumps(masked, ensure_ascii=False, indent=2),
        "parsed": parsed,
        "form": "XML" if content.lstrip()[:1] == b"<" else "JSON",
        "customer": masking.openid(parsed.openid),
        "read_as": type(parsed).__name__,
        "session_from": masking.fields(
            {"SessionFrom": getattr(parsed, "session_from", "")}, parsed
        )["SessionFrom"],
    }
