from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from conversations import sending
from conversations.forms import SettlementForm, first_error
from conversations.models import Message
from conversations.views.conversation import ConversationView
from conversations.views.notices import with_notice
from conversations.views.replying import refusal


class SettlementView(ConversationView):
    """POST: a human's word about a delivery that failed or whose outcome is unknown.

    Answers with the message as it then is.
    """

    def post(self, request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
        form = SettlementForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        drawn = Message.objects.drawn().filter(customer=self.conversation.customer_id)
        message = get_object_or_404(drawn, pk=message_pk, delivery__isnull=False)
        decide = {"delivered": sending.mark_delivered, "again": sending.send_again}
        notice = _("A colleague has already decided this.")
        try:
            decided = decide[form.cleaned_data["action"]](
                message.delivery, request.user
            )
        except sending.NotAllowed as exc:
            decided, notice = False, exc.reason
        response = render(
            request,
            "conversations/_message.html",
            {"message": drawn.get(pk=message_pk)},
        )
        if not decided:
            return with_notice(response, notice)
        return response
