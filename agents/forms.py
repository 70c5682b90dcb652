"""What people may change about themselves."""

from __future__ import annotations

from django import forms

from agents.models import Agent


class AccountForm(forms.ModelForm):
    """An agent's own name and language; role and sign-in name are a supervisor's."""

    class Meta:
        model = Agent
        fields = ["display_name", "language"]
