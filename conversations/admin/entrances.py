from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from conversations import live
from conversations.models import Conversation, Entrance
from conversations.models.entrance import entrance_for

from .base import OfMiniProgram, OrderedAdmin
from .contact_button import ContactButtonPage

AT_ONCE = 200  # SessionFroms, or conversations, written in one transaction

LABELS = {
    Entrance.Colour.BLUE: "info",
    Entrance.Colour.GREEN: "success",
    Entrance.Colour.AMBER: "warning",
    Entrance.Colour.RED: "danger",
    Entrance.Colour.PURPLE: "primary",
}


class EntranceForm(forms.ModelForm):
    class Meta:
        model = Entrance
        fields = ["mini_program", "match", "pattern", "label", "colour"]


@admin.register(Entrance)
class EntranceAdmin(ContactButtonPage, OfMiniProgram, OrderedAdmin):
    """The first entrance that knows a SessionFrom names it.

    What changes here is carried over to the conversations there are, after the commit:
    reading them all must not hold up the pushes that come in meanwhile.
    """

    form = EntranceForm
    list_display = ["shown_label", "match", "pattern", "mini_program"]
    list_filter = ["mini_program"]
    list_select_related = ["mini_program"]
    ordering = ["mini_program", "position", "pk"]
    search_fields = ["label", "pattern"]
    actions_detail = ["contact_button"]
    actions_row = ["contact_button"]

    @display(description=Entrance._meta.get_field("label").verbose_name, label=LABELS)
    def shown_label(self, entrance: Entrance) -> tuple[str, str]:
        return entrance.colour, entrance.label

    def save_model(
        self, request: HttpRequest, obj: Entrance, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        before = form.initial.get("mini_program")
        self._carry_over({obj.mini_program_id, before} - {None}, redraw={obj.pk})

    def delete_model(self, request: HttpRequest, obj: Entrance) -> None:
        mini_program_id, gone = obj.mini_program_id, obj.pk
        were = _open_at({gone})
        super().delete_model(request, obj)
        self._carry_over({mini_program_id}, redraw=set(), also=were)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        mini_programs = set(queryset.values_list("mini_program", flat=True))
        were = _open_at(set(queryset.values_list("pk", flat=True)))
        super().delete_queryset(request, queryset)
        self._carry_over(mini_programs, redraw=set(), also=were)

    def _carry_over(
        self, mini_programs: set[int], redraw: set[int], also: Iterable[int] = ()
    ) -> None:
        work = partial(recognise_again, mini_programs, redraw, list(also))
        transaction.on_commit(work)


def recognise_again(
    mini_programs: Iterable[int], redraw: set[int], also: Iterable[int] = ()
) -> None:
    """Give every conversation the entrance that its SessionFrom now belongs to.

    redraw  entrances whose conversations look different though they stay theirs
    also    conversations to draw again in any case
    """
    changed = set(also)
    for mini_program in mini_programs:
        changed |= _recognise(mini_program)
    _draw_again(changed | set(_open_at(redraw)))


def _recognise(mini_program: int) -> set[int]:
    """Return the ids of the open conversations that changed."""
    entrances = list(Entrance.objects.filter(mini_program=mini_program))
    theirs = Conversation.objects.filter(customer__mini_program=mini_program)
    moved: dict[int | None, list[str]] = defaultdict(list)
    pairs = theirs.order_by().values_list("session_from", "entrance").distinct()
    for session_from, now in pairs.iterator():
        found = entrance_for(entrances, session_from) if session_from else None
        if (should_be := found.pk if found else None) != now:
            moved[should_be].append(session_from)

    changed: set[int] = set()
    for entrance, session_froms in moved.items():
        for start in range(0, len(session_froms), AT_ONCE):
            some = theirs.filter(
                session_from__in=session_froms[start : start + AT_ONCE]
            )
            changed |= set(some.open().values_list("pk", flat=True))
            some.update(entrance=entrance)
    return changed


def _open_at(entrances: Iterable[int]) -> list[int]:
    open_ones = Conversation.objects.open().filter(entrance__in=entrances)
    return list(open_ones.values_list("pk", flat=True))


def _draw_again(conversations: set[int]) -> None:
    ids = sorted(conversations)
    for start in range(0, len(ids), AT_ONCE):
        with live.recording():
            for one in Conversation.objects.filter(pk__in=ids[start : start + AT_ONCE]):
                live.conversation(one)
