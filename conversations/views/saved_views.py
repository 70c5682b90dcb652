"""Views of the inbox that agents keep by name, and those supervisors keep for all."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.generic import View

from agents.models import Agent
from conversations.models import SavedView
from conversations.views.chips import choices, tags
from conversations.views.filters import Filters
from conversations.views.inbox_pages import VIEWS

MOST = 30  # of one agent, or for all


class ChoicesView(View):
    """GET /inbox/choices/: what the list may be narrowed to, and the saved views."""

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = Filters.of(request.GET)
        context = {
            "choices": choices(request.user, filters),
            "tags": tags(),
            "saved": _theirs(request.user),
        }
        return render(request, "conversations/_choices.html", context)


class SavedViewsView(View):
    """POST /inbox/views/ (name, query, shared): keep one. 422 for what can't be."""

    def post(self, request: HttpRequest) -> HttpResponse:
        is_shared = request.POST.get("shared") == "1"
        if is_shared and not request.user.is_supervisor:
            raise PermissionDenied
        owner = None if is_shared else request.user
        theirs = SavedView.objects.filter(owner=owner)
        last = theirs.aggregate(last=Max("position"))["last"]
        form = _Form(request.POST)
        if theirs.count() >= MOST or not form.is_valid():
            return _refused()
        SavedView.objects.create(
            owner=owner, position=0 if last is None else last + 1, **form.cleaned_data
        )
        return HttpResponse(status=204)


class SavedViewView(View):
    """POST /inbox/views/3/ (name, or move: up or down). DELETE: forget it."""

    def post(self, request: HttpRequest, view_pk: int) -> HttpResponse:
        saved = _own(request.user, view_pk)
        move = request.POST.get("move")
        if move in ("up", "down"):
            _move(saved, -1 if move == "up" else 1)
            return HttpResponse(status=204)
        form = _Form({"name": request.POST.get("name", ""), "query": saved.query})
        if not form.is_valid():
            return _refused()
        saved.name = form.cleaned_data["name"]
        saved.save(update_fields=["name"])
        return HttpResponse(status=204)

    def delete(self, request: HttpRequest, view_pk: int) -> HttpResponse:
        _own(request.user, view_pk).delete()
        return HttpResponse(status=204)


class _Form(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ["name", "query"]

    def clean_query(self) -> str:
        """Keep only what means something, in one order."""
        query = QueryDict(self.cleaned_data["query"])
        view = query.get("view", "")
        if view not in VIEWS:
            raise forms.ValidationError("view")
        return Filters.of(query.dict()).query(view)


def _theirs(agent: Agent) -> list[SavedView]:
    """Return what an agent may change: their own, and a supervisor what is for all."""
    mine = Q(owner=agent)
    if agent.is_supervisor:
        mine |= Q(owner=None)
    found = SavedView.objects.filter(mine)
    return sorted(found, key=lambda one: (one.owner_id is not None, one.position))


def _own(agent: Agent, pk: int) -> SavedView:
    saved = get_object_or_404(SavedView, Q(owner=agent) | Q(owner=None), pk=pk)
    if saved.owner_id is None and not agent.is_supervisor:
        raise PermissionDenied
    return saved


def _move(saved: SavedView, by: int) -> None:
    """Let it change places with its neighbour."""
    theirs = list(SavedView.objects.filter(owner=saved.owner_id))
    at = theirs.index(saved)
    to = at + by
    if 0 <= to < len(theirs):
        theirs[at], theirs[to] = theirs[to], theirs[at]
    for position, one in enumerate(theirs):
        one.position = position
    SavedView.objects.bulk_update(theirs, ["position"])


def _refused() -> JsonResponse:
    sentence = _("Give it a name of up to 20 characters.")
    return JsonResponse({"error": sentence}, status=422)
