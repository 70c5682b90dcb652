from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations import handling
from conversations.views.conversation import ConversationView


class ClosureView(ConversationView):
    """POST: close. DELETE: reopen. Both answer with the header as it then is."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        handling.close(self.conversation, request.user)
        return self.draw_header()

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        handling.reopen(self.conversation, request.user)
        return self.draw_header()
