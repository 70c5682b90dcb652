from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from conversations import live
from conversations.models import Tag

from .base import OrderedAdmin
from .entrances import LABELS


@admin.register(Tag)
class TagAdmin(OrderedAdmin):
    """The tags that agents may put on customers, in the order they are offered.

    A tag that customers bear stands on rows and panels of any desk: when it changes,
    the desks take theirs anew.
    """

    fields = ["name", "colour"]
    list_display = ["shown_name", "borne_by"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(borne=Count("tagged"))

    @display(description=Tag._meta.get_field("name").verbose_name, label=LABELS)
    def shown_name(self, tag: Tag) -> tuple[str, str]:
        return tag.colour, tag.name

    @admin.display(description=gettext_lazy("customers"), ordering="borne")
    def borne_by(self, tag: Any) -> int:
        return tag.borne

    def save_model(
        self, request: HttpRequest, obj: Tag, form: Any, change: bool
    ) -> None:
        with live.recording():
            super().save_model(request, obj, form, change)
            if change and obj.tagged.exists():
                live.tags()

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        with live.recording():
            if obj.tagged.exists():
                live.tags()
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        with live.recording():
            live.tags()
            super().delete_queryset(request, queryset)
