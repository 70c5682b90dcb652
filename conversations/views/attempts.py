from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from conversations.models import DeliveryAttempt, Message
from conversations.views.conversation import ConversationView


class AttemptsView(ConversationView):
    """GET: what was tried to deliver a message, when, by whom, and how it ended."""

    def get(self, request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
        theirs = Message.objects.drawn().filter(customer=self.conversation.customer_id)
        message = get_object_or_404(theirs, pk=message_pk)
        attempts = DeliveryAttempt.objects.filter(delivery__message=message)
        return render(
            request,
            "conversations/_attempts.html",
            {
                "message": message,
                "attempts": attempts.select_related("agent").order_by("pk"),
            },
        )
