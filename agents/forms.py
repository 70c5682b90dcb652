"""What people may change about themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents import alerts
from agents.models import Agent


class ProfileForm(forms.ModelForm):
    """An agent's own name and look; role and sign-in name are a supervisor's."""

    class Meta:
        model = Agent
        fields = ["display_name", "language", "theme"]


class WritingForm(forms.ModelForm):
    """How the reply box and the keyboard behave."""

    class Meta:
        model = Agent
        fields = ["send_key", "undo_seconds", "single_keys"]
        help_texts = {
            "undo_seconds": _("0 sends at once. WeChat takes nothing back."),
            "single_keys": _("Such as J and K. Outside of fields only."),
        }
        widgets = {"undo_seconds": forms.NumberInput(attrs={"min": 0, "max": 5})}


class VolumeField(forms.IntegerField):
    """0 is silence, 100 the loudest."""

    widget = forms.NumberInput(attrs={"type": "range", "step": 10})

    def __init__(self, tone: str, **options: Any) -> None:
        super().__init__(min_value=0, max_value=100, **options)
        self.widget.attrs["data-tone"] = tone
        self.tone = tone


class AlertsForm(forms.Form):
    """How an agent is told that somebody needs them."""

    volume_message = VolumeField("message", label=_("New message to me"))
    volume_waiting = VolumeField("waiting", label=_("Somebody waits"))
    volume_closing = VolumeField("closing", label=_("The time to reply runs out"))
    volume_called = VolumeField("called", label=_("Handed to me, or my name in a note"))
    repeat = forms.BooleanField(
        required=False,
        label=_("Sound again while somebody waits too long"),
        help_text=_("Every 30 seconds, three times at most."),
    )
    desktop = forms.BooleanField(required=False, label=_("Notices on the desktop"))
    hide_text = forms.BooleanField(
        required=False,
        label=_("Hide what the customer says in notices"),
        help_text=_("For screens that others see."),
    )

    def __init__(self, data: Any = None, *, instance: Agent, **options: Any) -> None:
        self.instance = instance
        chosen = alerts.complete(instance.alerts)
        volumes = {f"volume_{tone}": at for tone, at in chosen["volume"].items()}
        super().__init__(data, initial={**chosen, **volumes}, **options)

    def save(self) -> Agent:
        given = self.cleaned_data
        self.instance.alerts = {
            "volume": {tone: given[f"volume_{tone}"] for tone in alerts.TONES},
            **{name: given[name] for name in alerts.SWITCHES},
        }
        self.instance.save(update_fields=["alerts"])
        return self.instance
