"""What holds for every desk: one row, and so no list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from conversations.models import DeskSettings

from .base import PlainAdmin

LONGEST = 2 * 60 * 60  # s; what is known of who left goes back no further


class DeskSettingsForm(forms.ModelForm):
    class Meta:
        model = DeskSettings
        fields = [
            "answer_within_seconds",
            "offline_after_seconds",
            "transfer_needs_acceptance",
            "amber_after_seconds",
            "red_after_seconds",
            "closing_soon_hours",
        ]
        help_texts = {
            "answer_within_seconds": _(
                "Then it waits for whoever takes it next. 0: never."
            ),
            "offline_after_seconds": _(
                "Without an open page. What waits for them then goes back to waiting."
            ),
        }

    def clean_offline_after_seconds(self) -> int:
        seconds = self.cleaned_data["offline_after_seconds"]
        if not 60 <= seconds <= LONGEST:
            raise forms.ValidationError(
                _("From 60 to %(most)s seconds.") % {"most": LONGEST}
            )
        return seconds

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        amber, red = (
            cleaned.get("amber_after_seconds"),
            cleaned.get("red_after_seconds"),
        )
        if amber is not None and red is not None and amber > red:
            self.add_error("red_after_seconds", _("Red comes after amber."))
        return cleaned


@admin.register(DeskSettings)
class DeskSettingsAdmin(PlainAdmin):
    form = DeskSettingsForm

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        DeskSettings.objects.get_or_create(pk=1)
        return redirect("admin:conversations_desksettings_change", 1)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: DeskSettings | None = None
    ) -> bool:
        return False
