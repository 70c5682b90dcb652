from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.template.defaultfilters import truncatechars
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.models import AutoReplyRule

from .base import OfMiniProgram, OrderedAdmin
from .parts import PartsField

Action = AutoReplyRule.Action
Trigger = AutoReplyRule.Trigger
Comparison = AutoReplyRule.Comparison

# What a rule that hands over may be set off by: a message, the moment it comes.
HANDING_OVER = {Trigger.KEYWORD, Trigger.NOBODY_ONLINE}
MAY_HAND_OVER = "trigger == 'keyword' || trigger == 'nobody_online'"  # for the page


class RuleForm(forms.ModelForm):
    parts = PartsField(label=gettext_lazy("What it says"))

    class Meta:
        model = AutoReplyRule
        fields = [
            "mini_program",
            "name",
            "active",
            "trigger",
            "after_seconds",
            "comparison",
            "keywords",
            "session_match",
            "session_from",
            "action",
            "cooldown_seconds",
            "parts",
        ]
        help_texts = {
            "action": gettext_lazy(
                "Handing over sends the message to WeChat's own customer-service tool, "
                "unless an agent here has the customer or was there a moment ago. Once "
                "somebody takes the customer there, what they write no longer comes "
                "here; after 30 minutes, or when the session there is closed, it does "
                "again. Not possible where pushes come by Cloud Run."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "keywords" in self.fields:  # The list's form has nothing but the order
            self.fields["keywords"].widget.attrs["rows"] = 4
            self.fields["action"].required = False  # Hidden where there is no choice

    def clean(self) -> dict[str, Any]:
        """Store nothing that the form has hidden."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("trigger") != Trigger.KEYWORD:
            cleaned["keywords"] = ""
            cleaned["comparison"] = Comparison.CONTAINS
        if cleaned.get("trigger") not in HANDING_OVER or not cleaned.get("action"):
            cleaned["action"] = Action.ANSWER
        if not cleaned.get("session_match"):
            cleaned["session_from"] = ""
        return cleaned


@admin.register(AutoReplyRule)
class RuleAdmin(OfMiniProgram, OrderedAdmin):
    """In each list the first rule that fits answers; dragging changes which is first."""

    form = RuleForm
    list_display = ["name", "sentence", "says", "mini_program", "active"]
    list_filter = ["mini_program", "trigger", "active"]
    list_select_related = ["mini_program"]
    ordering = ["mini_program", "position", "pk"]
    search_fields = ["name", "keywords"]
    conditional_fields = {
        "after_seconds": "trigger == 'no_answer'",
        "comparison": "trigger == 'keyword'",
        "keywords": "trigger == 'keyword'",
        "session_from": "session_match != ''",
        "action": MAY_HAND_OVER,
        "parts": f"action != 'hand_over' || !({MAY_HAND_OVER})",
        "cooldown_seconds": f"action != 'hand_over' || !({MAY_HAND_OVER})",
    }
    fieldsets = [
        (None, {"fields": ["mini_program", "name", "active"]}),
        (
            gettext_lazy("When"),
            {
                "fields": [
                    "trigger",
                    "after_seconds",
                    "comparison",
                    "keywords",
                    "session_match",
                    "session_from",
                ]
            },
        ),
        (gettext_lazy("Then"), {"fields": ["action", "parts", "cooldown_seconds"]}),
    ]

    @admin.display(description=gettext_lazy("when"), ordering="trigger")
    def sentence(self, rule: AutoReplyRule) -> str:
        return " · ".join(filter(None, [_from_where(rule), _sets_off(rule)]))

    @admin.display(description=gettext_lazy("what it says"))
    def says(self, rule: AutoReplyRule) -> str:
        if rule.action == Action.HAND_OVER:
            return rule.get_action_display()
        return truncatechars(rule.preview, 40)


def _from_where(rule: AutoReplyRule) -> str:
    if not rule.session_match:
        return ""
    return _("SessionFrom %(match)s “%(value)s”") % {
        "match": rule.get_session_match_display(),
        "value": truncatechars(rule.session_from, 30),
    }


def _sets_off(rule: AutoReplyRule) -> str:
    if rule.trigger == Trigger.NO_ANSWER:
        return ngettext(
            "no agent has answered for %(count)s second",
            "no agent has answered for %(count)s seconds",
            rule.after_seconds,
        ) % {"count": rule.after_seconds}
    if rule.trigger != Trigger.KEYWORD:
        return str(rule.get_trigger_display())
    words = " / ".join(rule.keywords.split("\n"))
    return _("the text %(comparison)s: %(words)s") % {
        "comparison": rule.get_comparison_display(),
        "words": truncatechars(words, 40),
    }
