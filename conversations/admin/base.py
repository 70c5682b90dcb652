"""What our pages of the admin have in common."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.forms import Field, ModelForm
from django.http import HttpRequest, HttpResponse, QueryDict
from unfold.admin import ModelAdmin

from conversations.models import MiniProgram

ROWS = 200  # a page; three fields a row stay below DATA_UPLOAD_MAX_NUMBER_FIELDS
ROW = re.compile(r"form-\d+-id")  # names a row of a list that is a form


class PlainAdmin(ModelAdmin):
    """Saves the fields that its form shows, and no others.

    What else stands in the row may have changed since the form was drawn.
    """

    list_per_page = ROWS
    list_filter_sheet = False

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # No windows over windows
        return field

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool
    ) -> None:
        obj.save(update_fields=self.shown(form) if change else None)

    def shown(self, form: ModelForm) -> list[str]:
        """Return the columns that a form shows."""
        concrete = {field.name for field in self.opts.concrete_fields}
        return [
            name
            for name in form.fields
            if name in concrete and name != self.opts.pk.name
        ]


class OfMiniProgram(PlainAdmin):
    """Things of a mini program, or of one of several: shown only where there are several.

    With a single one there is nothing to tell apart or to choose: what is new is its.
    """

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return self._without_choice(request, super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> list[str]:
        return self._without_choice(request, super().get_list_filter(request))

    def get_fieldsets(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Any]:
        return [
            (name, {**said, "fields": self._without_choice(request, said["fields"])})
            for name, said in super().get_fieldsets(request, obj)
        ]

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        field = self.opts.get_field("mini_program")
        if not change and "mini_program" not in form.fields and not field.null:
            obj.mini_program = MiniProgram.objects.get()
        super().save_model(request, obj, form, change)

    def _without_choice(self, request: HttpRequest, names: Any) -> list[Any]:
        if not hasattr(request, "kefu_only_one"):
            request.kefu_only_one = MiniProgram.objects.is_one()  # type: ignore[attr-defined]
        if not request.kefu_only_one:  # type: ignore[attr-defined]
            return list(names)
        return [name for name in names if name not in ("mini_program", "where")]


class OrderedAdmin(PlainAdmin):
    """A list put in order by dragging, or by typing positions."""

    ordering = ["position", "pk"]
    ordering_field = "position"
    actions_on_top = True

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST" and "_save" in request.POST:
            request.POST = self._in_their_places(request.POST)  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    def _in_their_places(self, posted: QueryDict) -> QueryDict:
        """Have rows that were dragged change places among themselves only.

        Dragging numbers the rows on show from 0. When these are a later page, or what
        a filter left, they would all move in front of the rest.
        """
        ids = {key[:-3]: str(posted[key]) for key in posted if ROW.fullmatch(key)}
        wanted = {row: posted.get(f"{row}-position", "") for row in ids}
        numbers = [str(number) for number in range(len(ids))]
        if sorted(wanted.values()) != sorted(numbers) or not all(
            pk.isdecimal() for pk in ids.values()
        ):
            return posted
        held = self.model.objects.filter(pk__in=ids.values())
        places = sorted(set(held.values_list("position", flat=True)))
        if len(places) != len(ids):
            return posted
        posted = posted.copy()
        for row, number in wanted.items():
            posted[f"{row}-position"] = str(places[int(number)])
        return posted

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        if not change:
            last = self.model.objects.aggregate(last=models.Max("position"))["last"]
            obj.position = 0 if last is None else last + 1
        super().save_model(request, obj, form, change)
