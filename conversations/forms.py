"""What browsers may send, checked before the domain sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Agent
from conversations.models import CannedAnswer, Draft
from conversations.models.parts import (
    CARD_LENGTHS,
    LINK_LENGTHS,
    MOST_PARTS,
    clean_parts,
    fits,
    tidy,
)
from conversations.patterns import folded
from conversations.wechat.splitting import split

ADDRESS_BYTES = 1024
UPLOAD_BYTES = 10 * 1024 * 1024
BLOCK_DAYS = 366
NEEDED = gettext_lazy("This is needed.")
TOO_LONG = gettext_lazy("It is too long: %(limit_value)s characters at most.")


def https(address: str) -> None:
    if not re.match(r"https://[^/\s]\S*\Z", address, re.IGNORECASE):
        raise ValidationError(_("An address begins with https://."))


def fits_an_address(address: str) -> None:
    if len(address.encode()) > ADDRESS_BYTES:
        raise ValidationError(
            _("It is longer than %(most)s bytes.") % {"most": ADDRESS_BYTES}
        )


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
    """A picture to be sent. Whether it is one, `media` finds out.

    It may have more bytes than WeChat gets to see: then its quality is lowered.
    """

    image = forms.FileField(
        error_messages={
            "required": gettext_lazy("Choose a picture."),
            "missing": gettext_lazy("Choose a picture."),
            "empty": gettext_lazy("This file is empty."),
        }
    )
    client_uuid = forms.UUIDField()


class LinkForm(forms.Form):
    """A web page as a card: WeChat wants all four."""

    title = forms.CharField(max_length=LINK_LENGTHS["title"])
    description = forms.CharField(max_length=LINK_LENGTHS["description"])
    url = forms.CharField(validators=[https, fits_an_address])
    thumb_url = forms.CharField(validators=[https, fits_an_address])
    client_uuid = forms.UUIDField()


class CardForm(forms.Form):
    """A page of the mini program as a card.

    cover  the picture on it; without one, that of `page`, one of our list
    """

    title = forms.CharField(max_length=CARD_LENGTHS["title"])
    page_path = forms.CharField(validators=[fits_an_address])
    appid = forms.RegexField(r"^[0-9A-Za-z_-]{1,32}\Z", required=False)
    cover = forms.FileField(
        required=False, error_messages={"required": gettext_lazy("Choose a cover.")}
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    client_uuid = forms.UUIDField()

    def clean_page_path(self) -> str:
        path: str = self.cleaned_data["page_path"].removeprefix("/")  # As in app.json
        if not path or re.search(r"[\s\x00-\x1f]", path):
            raise ValidationError(_("A page’s path has no blanks in it."))
        return path


class PickForm(forms.Form):
    """A canned answer as this browser shows it: which, and in which version."""

    answer = forms.IntegerField(min_value=1, max_value=2**62)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class PickedReplyForm(PickForm):
    """One to be sent as it is."""

    client_uuid = forms.UUIDField()


class DraftForm(forms.Form):
    mode = forms.ChoiceField(choices=Draft.Mode.choices, required=False)
    text = forms.CharField(strip=False, required=False, max_length=20_000)


class SettlementForm(forms.Form):
    """What a human decides about a delivery that ended badly."""

    action = forms.ChoiceField(choices=[("delivered", "delivered"), ("again", "again")])


class SeenForm(forms.Form):
    """The newest message that somebody has seen."""

    seen = forms.IntegerField(min_value=1, max_value=2**62)


def errors_by_field(form: forms.Form) -> dict[str, str]:
    """Return what is wrong with each field, in one sentence."""
    return {name: str(errors[0]) for name, errors in form.errors.items()}


def first_error(form: forms.Form) -> str:
    """Return one sentence that says what is wrong with a form."""
    errors: list[Any] = [error for found in form.errors.values() for error in found]
    return str(errors[0]) if errors else ""


class RemarkForm(forms.Form):
    """What colleagues call a customer: nothing takes the name away."""

    remark = forms.CharField(
        required=False, max_length=40, error_messages={"max_length": TOO_LONG}
    )


class TagForm(forms.Form):
    tag = forms.IntegerField(min_value=1, max_value=2**62)


class BlockForm(forms.Form):
    """Until when a customer is blocked, and why. Never for good.

    days   from now; or
    until  a moment, as the office's clock shows it
    """

    days = forms.IntegerField(required=False, min_value=1, max_value=BLOCK_DAYS)
    until = forms.DateTimeField(
        required=False,
        error_messages={"invalid": gettext_lazy("Say a day and a time.")},
    )
    reason = forms.CharField(
        max_length=200,
        error_messages={
            "required": gettext_lazy("Say why: colleagues will ask."),
            "max_length": TOO_LONG,
        },
    )

    def clean(self) -> None:
        now = timezone.now()
        if days := self.cleaned_data.get("days"):
            self.cleaned_data["until"] = now + timedelta(days=days)
        if "until" in self.errors:
            return
        until = self.cleaned_data.get("until")
        if until is None:
            self.add_error("until", _("Say until when."))
        elif until <= now:
            self.add_error("until", _("That is over already."))
        elif until > now + timedelta(days=BLOCK_DAYS):
            self.add_error("until", _("At most %(days)s days.") % {"days": BLOCK_DAYS})


NOTE_LENGTH = 2000


class NoteForm(forms.Form):
    """What colleagues write to each other. `mentions` are ids that the box put in."""

    text = forms.CharField(
        max_length=NOTE_LENGTH, error_messages={"max_length": TOO_LONG}
    )
    client_uuid = forms.UUIDField()
    mentions = forms.ModelMultipleChoiceField(
        Agent.objects.filter(is_active=True), required=False
    )


class TransferForm(forms.Form):
    """To whom a conversation goes, a word for them, and what was begun to be written."""

    to = forms.ModelChoiceField(
        Agent.objects.filter(is_active=True),
        error_messages={"required": gettext_lazy("Choose a colleague.")},
    )
    note = forms.CharField(
        required=False, max_length=200, error_messages={"max_length": TOO_LONG}
    )
    draft = forms.CharField(required=False, strip=False, max_length=20_000)


class AvailabilityForm(forms.Form):
    availability = forms.ChoiceField(choices=Agent.Availability.choices)


class OwnAnswerForm(forms.Form):
    """An agent's own answer.

    taken  the shortcuts of their others
    """

    use = forms.ChoiceField(choices=CannedAnswer.Use.choices)
    title = forms.CharField(
        max_length=40,
        error_messages={"required": NEEDED, "max_length": TOO_LONG},
    )
    shortcut = forms.CharField(
        required=False, max_length=20, error_messages={"max_length": TOO_LONG}
    )
    text = forms.CharField(strip=False, error_messages={"required": NEEDED})

    def __init__(self, data: Any, taken: Iterable[str]) -> None:
        super().__init__(data)
        self.taken = {folded(one) for one in taken if one}

    def clean_shortcut(self) -> str:
        shortcut: str = self.cleaned_data["shortcut"].strip().lstrip("/／、")
        if re.search(r"[\s/／]", shortcut):
            raise ValidationError(_("A shortcut has no blanks and no / in it."))
        if folded(shortcut) in self.taken:
            raise ValidationError(_("Another of your answers has this shortcut."))
        return shortcut

    def clean_text(self) -> str:
        [part] = clean_parts([{"kind": "text", "text": self.cleaned_data["text"]}])
        return str(part["text"])
