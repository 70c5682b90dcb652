from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations import reading
from conversations.forms import SeenForm, first_error
from conversations.views.conversation import ConversationView
from conversations.views.replying import refusal


class ReadingView(ConversationView):
    """POST: an agent has what was said before their eyes, through message `seen`."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = SeenForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        reading.seen(self.conversation, request.user, form.cleaned_data["seen"])
        return HttpResponse(status=204)
