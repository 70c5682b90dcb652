"""The page of an entrance from which a developer copies its contact button."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from conversations.models import Entrance
from conversations.models.entrance import Match, entrance_for
from conversations.wechat.contact_button import (
    LONGEST_SESSION_FROM,
    Card,
    Snippet,
    snippet,
)


class ContactButtonForm(forms.Form):
    """What stands on a button of an entrance."""

    session_from = forms.CharField(
        label="session-from", max_length=LONGEST_SESSION_FROM
    )
    card = forms.BooleanField(
        label=gettext_lazy("The chat offers to send a card of the page"),
        required=False,
    )
    title = forms.CharField(
        label=gettext_lazy("Card's title"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Empty: the page's own title."),
    )
    path = forms.CharField(
        label=gettext_lazy("Card's page"),
        required=False,
        max_length=1024,
        help_text=gettext_lazy("Empty: the page's own path."),
    )
    image = forms.CharField(
        label=gettext_lazy("Card's picture"),
        required=False,
        max_length=1024,
        help_text=gettext_lazy("Empty: a picture of the page."),
    )

    def __init__(self, entrance: Entrance, given: QueryDict) -> None:
        # What nobody has chosen yet: the entrance's own, and no card.
        known = "" if entrance.match == Match.PATTERN else entrance.pattern
        super().__init__(given if given else {"session_from": known})
        self.entrance = entrance

    def clean_session_from(self) -> str:
        """Refuse what customers would not come in by this entrance with."""
        session_from = self.cleaned_data["session_from"]
        theirs = Entrance.objects.filter(mini_program=self.entrance.mini_program_id)
        found = entrance_for(theirs, session_from)
        if found is None:
            raise forms.ValidationError(_("This entrance doesn't know it."))
        if found != self.entrance:
            raise forms.ValidationError(
                _("“%(name)s” stands before this entrance, and knows it too.")
                % {"name": found.label}
            )
        return session_from

    def made(self) -> Snippet:
        """Return the code for what the form says."""
        said = self.cleaned_data
        card = (
            Card(said["title"], said["path"], said["image"]) if said["card"] else None
        )
        return snippet(said["session_from"], _("Contact us"), card)


class ContactButtonPage:
    """Mixed into the admin of entrances, whose permissions hold here too."""

    opts: Any
    admin_site: Any

    @action(
        description=gettext_lazy("Contact button"),
        icon="code",
        url_path="contact-button",
    )
    def contact_button(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what a developer copies into the mini program for this entrance."""
        entrance = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if entrance is None:
            raise Http404
        if not self.has_view_permission(request, entrance):  # type: ignore[attr-defined]
            raise PermissionDenied
        form = ContactButtonForm(entrance, request.GET)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Contact button for “%(name)s”") % {"name": entrance.label},
            "opts": self.opts,
            "entrance": entrance,
            "form": form,
            "made": form.made() if form.is_valid() else None,
        }
        return render(request, "admin/contact_button.html", context)
