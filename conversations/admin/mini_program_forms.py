"""The forms of a mini program. Its secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from conversations.models import MiniProgram
from conversations.wechat.crypto import BadKey, decode_key

SECRETS = ("app_secret", "push_token", "encoding_aes_key", "relay_secret")
Mode = MiniProgram.Mode


class SecretField(forms.CharField):
    """A secret that goes in and never comes out: blank keeps what is stored."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password"}, render_value=False
        )
        kwargs.setdefault("required", False)
        super().__init__(widget=widget, max_length=256, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class NewMiniProgramForm(forms.ModelForm):
    """What we can't know by ourselves; the rest is made, or learned from a push."""

    app_secret = SecretField(
        label="AppSecret",
        required=True,
        help_text=gettext_lazy(
            "In the mini program's console, under development management. WeChat shows "
            "it once; here it is never shown."
        ),
    )

    class Meta:
        model = MiniProgram
        fields = ["name", "appid", "app_secret"]
        help_texts = {
            "name": gettext_lazy("As agents call it."),
            "appid": gettext_lazy("wx and 16 letters and digits."),
        }
        error_messages = {
            "appid": {
                "unique": gettext_lazy(
                    "This mini program is there already. Its Token and EncodingAESKey "
                    "were shown once; its own page makes new ones."
                )
            }
        }


class MiniProgramForm(forms.ModelForm):
    app_secret = SecretField(label="AppSecret")
    push_token = SecretField(label="Token")
    encoding_aes_key = SecretField(label="EncodingAESKey")
    relay_secret = SecretField(label=gettext_lazy("Relay secret"))

    class Meta:
        model = MiniProgram
        fields = [
            *("name", "appid", "original_id", "active"),
            "app_secret",
            *("mode", "format", "push_token", "encoding_aes_key"),
            *("silence_minutes", "rules_may_spend"),
            *("relay_secret", "cloud_run", "cloud_run_calls"),
            *("hand_over_from", "hand_over_until", "transfer_format"),
            *("message_grant", "message_hours", "entry_grant", "entry_seconds"),
            *("typing_path", "send_path", "card_appid"),
        ]
        widgets = {
            name: UnfoldAdminTextInputWidget(attrs={"type": "time", "step": "60"})
            for name in ("hand_over_from", "hand_over_until")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secrets_before = {name: getattr(self.instance, name) for name in SECRETS}
        for name, stored in self.secrets_before.items():
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
        begins, ends = cleaned.get("hand_over_from"), cleaned.get("hand_over_until")
        if (begins is None) != (ends is None):
            self.add_error("hand_over_until", _("Give both times, or neither."))
        return cleaned
