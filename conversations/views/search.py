"""Looking for words, in the list's pane or inside one conversation."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import View

from agents.models import Agent
from conversations import access, search
from conversations.search import Asked
from conversations.search_index import NEWEST
from conversations.search_words import wanted

LONGEST = 100  # characters
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
FEW = 3  # hits of a group where it stands among others
KINDS = {
    "": pgettext_lazy("search", "All"),
    "conversations": pgettext_lazy("search", "Customers"),
    "messages": pgettext_lazy("search", "Messages"),
    "notes": pgettext_lazy("search", "Notes"),
    "answers": pgettext_lazy("search", "Answers"),
}
_BAD_DAY = {"invalid": gettext_lazy("Give a day as 2025-09-18.")}


_UNUSABLE = gettext_lazy("That cannot be looked for.")


class _Number(forms.IntegerField):
    """An id as it stands in an address that we made."""

    def __init__(self) -> None:
        names = ("invalid", "min_value", "max_value")
        errors = dict.fromkeys(names, _UNUSABLE)
        super().__init__(
            required=False, min_value=1, max_value=NEWEST, error_messages=errors
        )


class SearchForm(forms.Form):
    """?q=&kind=&mini_program=&agent=&from=&to=&in=&after="""

    q = forms.CharField(
        required=False,
        max_length=LONGEST,
        error_messages={
            "max_length": gettext_lazy(
                "Too long to look for: at most %(limit_value)s characters."
            ),
            "null_characters_not_allowed": _UNUSABLE,
        },
    )
    kind = forms.ChoiceField(
        required=False,
        choices=list(KINDS.items()),
        error_messages={"invalid_choice": _UNUSABLE},
    )
    mini_program = _Number()
    agent = _Number()
    to = forms.DateField(required=False, error_messages=_BAD_DAY)
    after = _Number()

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        # Named as in the address, which Python has other uses for.
        self.fields["from"] = forms.DateField(required=False, error_messages=_BAD_DAY)
        self.fields["in"] = _Number()

    def clean(self) -> None:
        since, until = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        for name, day in (("from", since), ("to", until)):
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, _("That day is too far away."))
        if since and until and since > until:
            self.add_error("to", _("The last day lies before the first."))


class SearchView(View):
    """GET /search/: groups of hits; with `after`, more of one kind."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.GET)
        if not form.is_valid():
            errors = [str(one) for found in form.errors.values() for one in found]
            return self._draw({"errors": errors, "chosen": _typed(form)}, status=422)
        said = form.cleaned_data
        asked = _asked(request.user, said)
        if said["after"]:
            return self._more(asked, said)
        context: dict[str, Any] = {
            "asked": asked,
            "chosen": _typed(form),
            "groups": _groups(request.user, asked, said["kind"]),
        }
        if said["in"] is None:
            context |= _choices(request.user)
        context["count"] = sum(len(one["hits"]) for one in context["groups"])
        context["has_more"] = any(one["next_key"] for one in context["groups"])
        return self._draw(context)

    def _more(self, asked: Asked, said: dict[str, Any]) -> HttpResponse:
        kind = said["kind"] or "messages"
        if kind == "answers":
            raise Http404  # They come all at once
        group = _group(kind, self.request.user, asked, search.PAGE, said["after"])
        return render(self.request, "conversations/_hits.html", {"group": group})

    def _draw(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return render(
            self.request,
            "conversations/_found.html",
            {"kinds": KINDS, **context},
            status=status,
        )


def _asked(agent: Agent, said: dict[str, Any]) -> Asked:
    customer = None
    if said["in"] is not None:
        conversations = access.conversations_for(agent).filter(pk=said["in"])
        customer = conversations.values_list("customer_id", flat=True).first()
        if customer is None:
            raise Http404
    day_after = said["to"] + timedelta(days=1) if said["to"] else None
    return Asked(
        words=said["q"],
        wanted=wanted(said["q"]),
        mini_program=said["mini_program"],
        author=said["agent"],
        since=_midnight(said["from"]),
        until=_midnight(day_after),
        customer=customer,
    )


def _midnight(day: date | None) -> datetime | None:
    """Return a day's beginning, where the office is."""
    return timezone.make_aware(datetime.combine(day, time())) if day else None


def _groups(agent: Agent, asked: Asked, kind: str) -> list[dict[str, Any]]:
    if not asked.wanted.terms:
        return []
    if kind:
        return [_group(kind, agent, asked, search.PAGE)]
    if asked.customer is not None:
        return [_group("both", agent, asked, search.PAGE)]
    kinds = {"notes": FEW, "messages": search.PAGE}
    if not asked.is_about_messages:
        kinds = {"conversations": FEW, "answers": FEW, **kinds}
    return [_group(one, agent, asked, limit) for one, limit in kinds.items()]


def _group(
    kind: str, agent: Agent, asked: Asked, limit: int, before: int = NEWEST
) -> dict[str, Any]:
    """Return {kind, name, hits, next_key}, hits as the kind is drawn."""
    name = KINDS.get(kind, KINDS["messages"])
    if kind == "answers":
        hits: list[Any] = search.kept_answers(agent, asked)
        most = limit if limit == FEW else len(hits)
        return {
            "kind": kind,
            "name": name,
            "hits": hits[:most],
            "next_key": "more" if len(hits) > most else "",
        }
    page: search.Page[Any]
    if kind == "conversations":
        page = search.customers(agent, asked, before=before, limit=limit)
    else:
        notes = {"messages": False, "notes": True}.get(kind)
        page = search.messages(agent, asked, notes=notes, before=before, limit=limit)
    return {"kind": kind, "name": name, "hits": page.hits, "next_key": page.next_key}


def _typed(form: SearchForm) -> dict[str, str]:
    """Return what the filters show again, as it was typed."""
    names = ("q", "kind", "mini_program", "agent", "from", "to", "in")
    return {name: form.data.get(name, "") for name in names}


def _choices(agent: Agent) -> dict[str, Any]:
    agents = Agent.objects.filter(is_active=True)
    return {
        "programs": access.programs_of(agent),
        "agents": agents.order_by("display_name", "username"),
    }
