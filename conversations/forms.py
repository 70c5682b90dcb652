"""What browsers may send, checked before the domain sees it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models.parts import MOST_PARTS, fits, tidy
from conversations.wechat.splitting import split


class WordsForm(forms.Form):
    """What an agent has written, as it will go out: `parts` holds one text a message.

    own_appid  whose customer it is for
    """

    text = forms.CharField(strip=False, required=False)

    def __init__(self, data: Any, own_appid: str) -> None:
        super().__init__(data)
        self.own_appid = own_appid
        self.parts: list[str] = []

    def clean_text(self) -> str:
        text = tidy(self.cleaned_data["text"])
        self.parts = split(text, settings.TEXT_MAX_BYTES, self.own_appid)
        for part in self.parts:
            fits(part, self.own_appid)  # A link may be longer than a message
        return text


class ReplyForm(WordsForm):
    """An agent's words, to be sent. `client_uuid` makes a repeated send harmless.

    split  in how many messages the agent was told it would go; empty for one
    """

    client_uuid = forms.UUIDField()
    split = forms.IntegerField(required=False, min_value=1, max_value=10_000)

    def clean(self) -> None:
        if not self.parts:
            return
        agreed = self.cleaned_data.get("split") or 1
        if agreed == 1:
            fits(self.cleaned_data["text"], self.own_appid)
        if len(self.parts) > MOST_PARTS:
            raise ValidationError(
                _("It takes %(count)s messages; WeChat allows %(most)s at a time.")
                % {"count": len(self.parts), "most": MOST_PARTS}
            )
        if agreed != len(self.parts):
            raise ValidationError(
                _("It takes %(count)s messages. Press again to send.")
                % {"count": len(self.parts)}
            )


class ImageForm(forms.Form):
    """A picture to be sent. Whether it is one, `media` finds out."""

    image = forms.FileField(
        error_messages={
            "required": gettext_lazy("Choose a picture."),
            "missing": gettext_lazy("Choose a picture."),
            "empty": gettext_lazy("This file is empty."),
        }
    )
    client_uuid = forms.UUIDField()

    def clean_image(self) -> UploadedFile:
        image: UploadedFile = self.cleaned_data["image"]
        if (image.size or 0) > settings.IMAGE_MAX_BYTES:
            raise ValidationError(
                _("This picture has %(size)s; WeChat takes %(limit)s.")
                % {
                    "size": filesizeformat(image.size),
                    "limit": filesizeformat(settings.IMAGE_MAX_BYTES),
                }
            )
        return image


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
