from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations import handling
from conversations.views.conversation import ConversationView


class ClosureView(ConversationView):
    """POST: close. DELETE: reopen, and with ?undo=1 as it was before one's own closing of
    a moment ago. All answer with the header as it then is."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        handling.close(self.conversation, request.user)
        return self.draw_header()

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        is_undone = "undo" in request.GET and handling.take_back_closing(
            self.conversation, request.user
        )
        if not is_undone:
            handling.reopen(self.conversation, request.user)
        return self.draw_header()
