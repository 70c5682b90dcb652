"""What browsers may send, checked before the domain sees it."""

from __future__ import annotations

from typing import Any

from django import forms

from conversations.models.parts import clean_parts


class ReplyForm(forms.Form):
    """An agent's words. `client_uuid` makes a repeated send harmless."""

    text = forms.CharField(strip=False, required=False)
    client_uuid = forms.UUIDField()

    def clean_text(self) -> str:
        [part] = clean_parts([{"kind": "text", "text": self.cleaned_data["text"]}])
        return part["text"]


class PickForm(forms.Form):
    """A canned answer as this browser shows it: which, and in which version."""

    answer = forms.IntegerField(min_value=1, max_value=2**62)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class PickedReplyForm(PickForm):
    """One to be sent as it is."""

    client_uuid = forms.UUIDField()


class DraftForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=20_000)


class SettlementForm(forms.Form):
    """What a human decides about a delivery that ended badly."""

    action = forms.ChoiceField(choices=[("delivered", "delivered"), ("again", "again")])


def first_error(form: forms.Form) -> str:
    """Return one sentence that says what is wrong with a form."""
    errors: list[Any] = [error for found in form.errors.values() for error in found]
    return str(errors[0]) if errors else ""
