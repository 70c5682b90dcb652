"""The field in which people write what a canned answer or a rule says."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from conversations.models.parts import MOST_PARTS, Part

FIRST: list[Part] = [{"kind": "text", "text": ""}]


class PartsWidget(forms.Widget):
    """Texts and links, one under another, posted as JSON in one hidden field."""

    template_name = "admin/parts.html"

    def format_value(self, value: Any) -> str:
        """Return JSON that the page can read, whatever was posted."""
        try:
            parts = json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            parts = None
        if not isinstance(parts, list):
            parts = []
        kept = [part for part in parts if isinstance(part, dict)]
        shown = json.dumps(kept or FIRST, ensure_ascii=False)
        return shown.encode(errors="replace").decode()  # Half a pair can't be drawn

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        context = self.get_context(name, value, attrs)["widget"]
        # Not by the form's renderer, which doesn't look into the project's templates.
        return render_to_string(
            self.template_name,
            {
                "widget": context,
                "most": MOST_PARTS,
                "input": " ".join(INPUT_CLASSES),
                "select": " ".join(SELECT_CLASSES),
                "textarea": " ".join(TEXTAREA_CLASSES),
            },
        )


class PartsField(forms.Field):
    """A list of parts without the empty ones; the model's `clean` judges the rest."""

    widget = PartsWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> list[Part]:
        try:
            parts = json.loads(value or "[]")
        except (ValueError, RecursionError):
            raise ValidationError(_("This can't be read. Reload the page.")) from None
        if not isinstance(parts, list):
            raise ValidationError(_("This can't be read. Reload the page."))
        return [_storable(part) for part in parts if _says_something(part)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or []))
        except ValidationError:
            return True


def _says_something(part: Any) -> bool:
    if not isinstance(part, dict):
        return True
    said = [value for key, value in part.items() if key != "kind"]
    return any(str(value).strip() for value in said)


def _storable(part: Any) -> Part:
    """Return the strings of a part that a database takes and WeChat can be sent."""
    if not isinstance(part, dict):
        raise ValidationError(_("A part must be a text or a link."))
    kept = {key: value for key, value in part.items() if isinstance(value, str)}
    for value in kept.values():
        try:
            value.encode()
        except UnicodeEncodeError:
            value = "\x00"
        if "\x00" in value:
            raise ValidationError(_("It holds characters that can't be sent."))
    return kept
