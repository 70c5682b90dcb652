"""The desk: rail, list and conversation; or the one pane a page asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import pgettext_lazy
from django.views.generic import View

from agents.models import Agent
from conversations import access, house, pauses
from conversations.views.at_hand import AtHand, at_hand
from conversations.views.chips import chips
from conversations.views.filters import Filters
from conversations.views.inbox_pages import COUNTED, VIEWS, BadKey, Inbox

NAMES = {
    "waiting": pgettext_lazy("view", "Waiting"),
    "mine": pgettext_lazy("view", "Mine"),
    "closing": pgettext_lazy("view", "Closing soon"),
    "all": pgettext_lazy("view", "All"),
    "closed": pgettext_lazy("view", "Closed"),
}


class HomeView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("/inbox/?view=waiting")


class InboxView(View):
    """GET /inbox/?view=waiting|mine|closing|all|closed&after=<key>, with filters."""

    def get(self, request: HttpRequest) -> HttpResponse:
        view = request.GET.get("view", "waiting")
        after = request.GET.get("after", "")
        context = list_context(request.user, view, request.GET, after)
        if after:
            return render(request, "conversations/_rows.html", context)
        if asks_for_pane(request):
            return render(request, "conversations/_inbox.html", context)
        return render(
            request, "conversations/desk.html", context | desk_context(request)
        )


def list_context(
    agent: Agent, view: str, query: Mapping[str, str], after: str = ""
) -> dict[str, Any]:
    """What the list is drawn from. `live_seq` is read before the rows: what changes
    while we look is then sent again, rather than missed.

    query  what the list is narrowed to
    after  the key of a further page, of which only the rows are drawn
    """
    if view not in VIEWS:
        raise Http404
    found = at_hand(agent)
    filters = _chosen(query, found)
    inbox = Inbox(view, agent, filters, found.pins, found.closing_soon)
    counts = {} if after else inbox.counts()
    try:
        rows, next_key = inbox.page(after)
    except BadKey as exc:
        raise Http404 from exc
    return {
        "live_seq": counts.get("live_seq"),
        "unread": counts.get("unread"),
        "view": view,
        "rows": rows,
        "next_key": next_key,
        "filters": filters,
        "query": filters.query(view),
        "at_hand": found,
        "tabs": _tabs(view, filters, counts),
        "chips": [] if after else chips(agent, filters),
    }


def desk_context(request: HttpRequest) -> dict[str, Any]:
    """What the page around the panes knows."""
    return {
        "pauses": pauses.at(access.seats_of(request.user)),
        "now": timezone.now(),
        "version": house.version(),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "login_url": settings.LOGIN_URL,
        "time_zone": settings.TIME_ZONE,
    }


def asks_for_pane(request: HttpRequest) -> bool:
    """Whether a page on show wants a part of itself, not a page."""
    return request.headers.get("HX-Request") == "true"


def _chosen(query: Mapping[str, str], found: AtHand) -> Filters:
    """Read the filters. A mini program that is no choice means all of them."""
    filters = Filters.of(query)
    if filters.mini_program in [one.pk for one in found.programs]:
        return filters
    return Filters.of({name: query[name] for name in query if name != "mini_program"})


def _tabs(
    current: str, filters: Filters, counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    return [
        {
            "view": view,
            "name": name,
            "count": counts.get(view, 0) if view in COUNTED else None,
            "current": view == current,
            "query": filters.query(view),
        }
        for view, name in NAMES.items()
    ]
