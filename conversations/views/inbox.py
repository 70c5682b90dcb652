"""The desk: rail, list and conversation; or the one pane a page asks for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import pgettext_lazy
from django.views.generic import View

from agents.models import Agent
from conversations import access, live, pauses
from conversations.models import Draft
from conversations.views import pages

NAMES = {
    "waiting": pgettext_lazy("view", "Waiting"),
    "mine": pgettext_lazy("view", "Mine"),
    "all": pgettext_lazy("view", "All"),
    "closed": pgettext_lazy("view", "Closed"),
}


class HomeView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("/inbox/?view=waiting")


class InboxView(View):
    """GET /inbox/?view=waiting|mine|all|closed&mini_program=<pk>&after=<key>"""

    def get(self, request: HttpRequest) -> HttpResponse:
        view = request.GET.get("view", "waiting")
        after = request.GET.get("after", "")
        chosen = request.GET.get("mini_program", "")
        context = list_context(request.user, view, after, chosen)
        if after:
            return render(request, "conversations/_rows.html", context)
        if asks_for_pane(request):
            return render(request, "conversations/_inbox.html", context)
        return render(
            request, "conversations/desk.html", context | desk_context(request)
        )


def list_context(
    agent: Agent, view: str, after: str = "", mini_program: str = ""
) -> dict[str, Any]:
    """What the list is drawn from. `live_seq` is read first: what changes while we look
    is then sent again, rather than missed.

    mini_program  the id of the only one wanted; what is no choice means all of them
    """
    if view not in pages.VIEWS:
        raise Http404
    live_seq = live.head()
    programs = access.programs_of(agent)
    chosen = next((one.pk for one in programs if str(one.pk) == mini_program), None)
    try:
        rows, next_key = pages.inbox_page(view, agent, after, chosen)
    except pages.BadKey as exc:
        raise Http404 from exc
    return {
        "live_seq": live_seq,
        "view": view,
        "rows": rows,
        "next_key": next_key,
        "programs": programs,
        "chosen": chosen,
        "tabs": [] if after else _tabs(view, agent, chosen),
        "drafts": [] if after else _drafts(agent),
    }


def desk_context(request: HttpRequest) -> dict[str, Any]:
    """What the page around the panes knows."""
    return {
        "pauses": pauses.at(access.seats_of(request.user)),
        "now": timezone.now(),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "login_url": settings.LOGIN_URL,
        "time_zone": settings.TIME_ZONE,
    }


def asks_for_pane(request: HttpRequest) -> bool:
    """Whether a page on show wants a part of itself, not a page."""
    return request.headers.get("HX-Request") == "true"


def _tabs(current: str, agent: Agent, chosen: int | None) -> list[dict[str, Any]]:
    found = pages.counts(agent, chosen)
    return [
        {
            "view": view,
            "name": name,
            "count": found.get(view),
            "current": view == current,
        }
        for view, name in NAMES.items()
    ]


def _drafts(agent: Agent) -> list[int]:
    """Return the conversations in which the agent has begun to write."""
    return list(
        Draft.objects.filter(agent=agent).values_list("conversation_id", flat=True)
    )
