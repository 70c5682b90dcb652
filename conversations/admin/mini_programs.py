from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget

from conversations import live, mini_programs
from conversations.models import MiniProgram, Seat
from conversations.models.starting_rules import give_starting_rules
from conversations.wechat.crypto import BadKey, decode_key

from .base import PlainAdmin

SECRETS = ("app_secret", "push_token", "encoding_aes_key")
Mode = MiniProgram.Mode


class SecretField(forms.CharField):
    """A secret that goes in and never comes out: blank keeps what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password"}, render_value=False
        )
        super().__init__(required=False, widget=widget, max_length=256, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class MiniProgramForm(forms.ModelForm):
    app_secret = SecretField(label="AppSecret")
    push_token = SecretField(label="Token")
    encoding_aes_key = SecretField(label="EncodingAESKey")

    class Meta:
        model = MiniProgram
        fields = [
            "name",
            "appid",
            "original_id",
            "active",
            "app_secret",
            "mode",
            "format",
            "push_token",
            "encoding_aes_key",
            "silence_minutes",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            stored = getattr(self.instance, name)
            self.initial[name] = ""
            if name in self.fields:
                self.fields[name].help_text = (
                    _("Set. Leave it blank to keep it.") if stored else _("Not set.")
                )

    def clean_encoding_aes_key(self) -> str:
        key = self.cleaned_data["encoding_aes_key"]
        try:
            if key:
                decode_key(key)
        except BadKey:
            raise forms.ValidationError(
                _("An EncodingAESKey is 43 letters and digits.")
            ) from None
        return key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in SECRETS:
            if not cleaned.get(name):
                cleaned[name] = getattr(self.instance, name)
        if not cleaned["push_token"]:
            self.add_error("push_token", _("Without it no push can be trusted."))
        encrypts = cleaned.get("mode") in (Mode.COMPATIBLE, Mode.SECURE)
        if encrypts and not cleaned["encoding_aes_key"]:
            self.add_error("encoding_aes_key", _("This push mode needs it."))
        return cleaned


@admin.register(MiniProgram)
class MiniProgramAdmin(PlainAdmin):
    form = MiniProgramForm
    list_display = ["name", "appid", "mode", "format", "active"]
    search_fields = ["name", "appid"]
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
                    "mode",
                    "format",
                    "push_token",
                    "encoding_aes_key",
                ],
            },
        ),
        (gettext_lazy("Auto replies"), {"fields": ["silence_minutes"]}),
    ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: MiniProgram | None = None
    ) -> list[str]:
        # Where we send secrets to is for whoever owns the machine to say.
        return ["api_root", "push_address", *(["appid"] if obj else [])]

    @admin.display(description=gettext_lazy("push address (URL)"))
    def push_address(self, mini_program: MiniProgram) -> str:
        if not mini_program.appid:
            return _("Shown once it is saved.")
        return mini_programs.push_url(mini_program.appid)

    def save_model(
        self, request: HttpRequest, obj: MiniProgram, form: Any, change: bool
    ) -> None:
        with live.recording():
            super().save_model(request, obj, form, change)
            if not change:
                give_starting_rules(obj)
                Seat.objects.give_everyone(obj)
            if not change or {"name", "active"} & set(form.changed_data):
                live.mini_programs()
        if change and "app_secret" in form.changed_data:
            mini_programs.forget_token(obj)
