from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import (
    live,
    mini_programs,
    pauses,
    reply_windows,
    shared_secrets,
)
from conversations.models import Light, MiniProgram, Seat
from conversations.models.starting_rules import give_starting_rules

from .base import PlainAdmin
from .connection_pages import CHECK, ConnectionPages
from .mini_program_forms import MiniProgramForm, NewMiniProgramForm


@admin.register(MiniProgram)
class MiniProgramAdmin(ConnectionPages, PlainAdmin):
    list_display = ["name", "appid", "connection", "mode", "format", "active"]
    search_fields = ["name", "appid"]
    actions_detail = ["check_connection", "new_keys", "new_relay_secret"]
    new_fieldsets = [(None, {"fields": NewMiniProgramForm.Meta.fields})]
    fieldsets = [
        (None, {"fields": ["name", "appid", "original_id", "active"]}),
        (gettext_lazy("Sending to WeChat"), {"fields": ["app_secret", "api_root"]}),
        (
            gettext_lazy("Receiving from WeChat"),
            {
                "description": gettext_lazy(
                    "The same values as in the mini program's console under message push."
                ),
                "fields": [
                    "push_address",
                    *("mode", "format", "push_token", "encoding_aes_key"),
                ],
            },
        ),
        (
            gettext_lazy("Auto replies"),
            {"fields": ["silence_minutes", "rules_may_spend"]},
        ),
        (
            gettext_lazy("More: other ways in, handing over, WeChat's limits"),
            {
                "classes": ["collapse"],
                "fields": [
                    *("relay_address", "relay_secret"),
                    *("cloud_run_address", "cloud_run", "cloud_run_calls"),
                    *("hand_over_from", "hand_over_until", "transfer_format"),
                    *("message_grant", "message_hours"),
                    *("entry_grant", "entry_seconds"),
                    *("typing_path", "send_path", "card_appid"),
                ],
            },
        ),
    ]

    def get_form(
        self, request: HttpRequest, obj: MiniProgram | None = None, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = MiniProgramForm if obj else NewMiniProgramForm
        return super().get_form(request, obj, **{**kwargs, "form": form})

    def get_fieldsets(
        self, request: HttpRequest, obj: MiniProgram | None = None
    ) -> Any:
        return self.fieldsets if obj else self.new_fieldsets

    def get_readonly_fields(
        self, request: HttpRequest, obj: MiniProgram | None = None
    ) -> list[str]:
        if obj is None:
            return []
        # Where we send secrets to is for whoever owns the machine to say.
        addresses = ["push_address", "relay_address", "cloud_run_address"]
        return ["api_root", "appid", *addresses]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MiniProgram]:
        return super().get_queryset(request).prefetch_related("lights")

    @admin.display(description=gettext_lazy("connection"))
    def connection(self, mini_program: MiniProgram) -> str:
        lit = [light.ok for light in mini_program.lights.all()]
        words = _("%(works)s of %(all)s work") % {
            "works": sum(lit),
            "all": len(Light.Name),
        }
        address = reverse(CHECK, args=[mini_program.pk])
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500 font-semibold" href="{}">{}</a>',
            address,
            words,
        )

    @admin.display(description=gettext_lazy("push address (URL)"))
    def push_address(self, mini_program: MiniProgram) -> str:
        return mini_programs.push_url(mini_program.appid)

    @admin.display(description=gettext_lazy("relay address"))
    def relay_address(self, mini_program: MiniProgram) -> str:
        return mini_programs.push_url(mini_program.appid).removesuffix("push") + "relay"

    @admin.display(description=gettext_lazy("Cloud Run's path"))
    def cloud_run_address(self, mini_program: MiniProgram) -> str:
        return f"/wechat/{mini_program.appid}/cloudrun"

    def save_model(
        self, request: HttpRequest, obj: MiniProgram, form: Any, change: bool
    ) -> None:
        with live.recording():
            if change:
                self._change(request, obj, form)
            else:
                self._add(request, obj, form)
            if {"message_hours", "entry_seconds"} & set(form.changed_data):
                reply_windows.reckon(obj)
            if not change or {"name", "active"} & set(form.changed_data):
                live.mini_programs()
        if change and "app_secret" in form.changed_data:
            mini_programs.forget_token(obj)
        if change:
            pauses.try_again(obj)

    def _add(self, request: HttpRequest, obj: MiniProgram, form: Any) -> None:
        shared_secrets.give(obj, "push_token", "encoding_aes_key")
        super().save_model(request, obj, form, change=False)
        give_starting_rules(obj)
        Seat.objects.give_everyone(obj)

    def _change(self, request: HttpRequest, obj: MiniProgram, form: Any) -> None:
        """Keep taking a secret that another takes the place of, until it is retired."""
        super().save_model(request, obj, form, change=True)
        before = form.secrets_before
        kept = [
            shared_secrets.keep(obj, name, before[name])
            for name in shared_secrets.PREVIOUS
            if before[name] and before[name] != getattr(obj, name)
        ]
        if kept:
            obj.save(update_fields=kept)
