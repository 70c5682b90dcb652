from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from conversations import transferring
from conversations.forms import TransferForm, first_error
from conversations.views.conversation import ConversationView
from conversations.views.notices import with_notice
from conversations.views.replying import refusal


class TransferView(ConversationView):
    """GET: whom it can be given to. POST: give it; answers with the header."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = {
            "conversation": self.conversation,
            "colleagues": transferring.colleagues(self.conversation, request.user),
        }
        return render(request, "conversations/_transfer.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = TransferForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        given = form.cleaned_data
        try:
            line = transferring.transfer(
                self.conversation,
                request.user,
                given["to"],
                given["note"],
                given["draft"],
            )
        except transferring.Refused as exc:
            return refusal(_why(exc), status=409)
        if line.data["event"] == "transfer_offered":
            said = _("Offered to %(agent)s, who is to accept it.")
        else:
            said = _("Given to %(agent)s.")
        return with_notice(self.draw_header(), said % {"agent": given["to"].name})


class AcceptanceView(ConversationView):
    """POST: take what a colleague offers."""

    def post(self, request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
        if transferring.accept(self.conversation, request.user, line_pk):
            return self.draw_header()
        return with_notice(self.draw_header(), _("It is not offered to you any more."))


def _why(exc: transferring.Refused) -> str:
    if exc.holder:
        return _("%(agent)s has it.") % {"agent": exc.holder.name}
    return _("It can’t be given to them.")
