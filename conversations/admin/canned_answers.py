from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from conversations import live
from conversations.answers import pinyin_keys
from conversations.models import CannedAnswer

from .base import OfMiniProgram, OrderedAdmin
from .parts import PartsField


class CannedAnswerForm(forms.ModelForm):
    parts = PartsField(label=gettext_lazy("What it says"))

    class Meta:
        model = CannedAnswer
        fields = [
            "use",
            "title",
            "shortcut",
            "parts",
            "scope",
            "owner",
            "mini_program",
            "valid_from",
            "valid_to",
            "active",
        ]

    def clean_shortcut(self) -> str:
        return self.cleaned_data["shortcut"].strip().lstrip("/／、")


@admin.register(CannedAnswer)
class CannedAnswerAdmin(OfMiniProgram, OrderedAdmin):
    """Every change here shows in the open consoles at once."""

    form = CannedAnswerForm
    list_display = [
        "title",
        "says",
        "kind",
        "shortcut",
        "whose",
        "where",
        "uses",
        "active",
    ]
    list_filter = ["use", "scope", "mini_program", "active"]
    list_select_related = ["owner", "mini_program"]
    search_fields = ["title", "shortcut", "pinyin"]
    actions = ["withdraw", "restore"]
    conditional_fields = {"owner": "scope == 'personal'"}
    fieldsets = [
        (None, {"fields": ["use", "title", "shortcut", "parts"]}),
        (
            gettext_lazy("Who sees it, and when"),
            {
                "fields": [
                    "scope",
                    "owner",
                    "mini_program",
                    "valid_from",
                    "valid_to",
                    "active",
                ]
            },
        ),
    ]

    @admin.display(description=gettext_lazy("what it says"))
    def says(self, answer: CannedAnswer) -> str:
        return truncatechars(answer.preview, 40)

    @display(
        description=gettext_lazy("use"),
        ordering="use",
        label={
            CannedAnswer.Use.QUICK_REPLY: "info",
            CannedAnswer.Use.COMMON_ANSWER: "success",
        },
    )
    def kind(self, answer: CannedAnswer) -> tuple[str, str]:
        return answer.use, answer.get_use_display()

    @admin.display(description=gettext_lazy("scope"), ordering="scope")
    def whose(self, answer: CannedAnswer) -> str:
        return answer.owner.name if answer.owner else answer.get_scope_display()

    @admin.display(
        description=gettext_lazy("mini program"), ordering="mini_program__name"
    )
    def where(self, answer: CannedAnswer) -> str:
        return answer.mini_program.name if answer.mini_program else _("all")

    @admin.action(description=gettext_lazy("Withdraw the selected answers"))
    def withdraw(self, request: HttpRequest, chosen: QuerySet[CannedAnswer]) -> None:
        count = self._switch(chosen, on=False)
        self.message_user(
            request,
            ngettext(
                "%(count)s answer withdrawn.", "%(count)s answers withdrawn.", count
            )
            % {"count": count},
        )

    @admin.action(description=gettext_lazy("Offer the selected answers again"))
    def restore(self, request: HttpRequest, chosen: QuerySet[CannedAnswer]) -> None:
        count = self._switch(chosen, on=True)
        self.message_user(
            request,
            ngettext(
                "%(count)s answer is offered again.",
                "%(count)s answers are offered again.",
                count,
            )
            % {"count": count},
        )

    def _switch(self, chosen: QuerySet[CannedAnswer], on: bool) -> int:
        with live.recording():
            live.answers()
            return chosen.filter(active=not on).update(
                active=on, updated_at=timezone.now()
            )

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        with live.recording():  # A new order is one event, however many rows it moves
            return super().changelist_view(request, extra_context)

    def save_model(
        self, request: HttpRequest, obj: CannedAnswer, form: Any, change: bool
    ) -> None:
        says_something_else = change and "parts" in form.changed_data
        obj.pinyin = pinyin_keys(obj.title)
        if says_something_else:
            obj.version = F("version") + 1
        with live.recording():
            super().save_model(request, obj, form, change)
            live.answers()
        if says_something_else:
            obj.refresh_from_db(fields=["version"])

    def shown(self, form: Any) -> list[str]:
        return [*super().shown(form), "owner", "pinyin", "version", "updated_at"]

    def delete_model(self, request: HttpRequest, obj: CannedAnswer) -> None:
        with live.recording():
            super().delete_model(request, obj)
            live.answers()

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[CannedAnswer]
    ) -> None:
        with live.recording():
            super().delete_queryset(request, queryset)
            live.answers()
