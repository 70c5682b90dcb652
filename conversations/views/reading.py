from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations import handling
from conversations.views.conversation import ConversationView


class ReadingView(ConversationView):
    """POST: somebody has what the customer said before their eyes."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        handling.read(self.conversation)
        return HttpResponse(status=204)
