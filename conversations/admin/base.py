"""What our pages of the admin have in common."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.forms import Field, ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin

ROWS = 200  # a page; three fields a row stay below DATA_UPLOAD_MAX_NUMBER_FIELDS


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


class OrderedAdmin(PlainAdmin):
    """A list put in order by dragging, or by typing positions."""

    ordering = ["position", "pk"]
    ordering_field = "position"
    actions_on_top = True

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm, change: bool
    ) -> None:
        if not change:
            last = self.model.objects.aggregate(last=models.Max("position"))["last"]
            obj.position = 0 if last is None else last + 1
        super().save_model(request, obj, form, change)
