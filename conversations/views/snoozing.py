from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from conversations import snoozing
from conversations.views.conversation import ConversationView


class SnoozeView(ConversationView):
    """POST (until): put it off; 409 with the reason when it can't be. DELETE: back.

    Both answer with the header as it then is.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            snoozing.snooze(
                self.conversation, request.user, request.POST.get("until", "")
            )
        except snoozing.NotThen as exc:
            return JsonResponse({"error": exc.reason}, status=409)
        return self.draw_header()

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        snoozing.wake(self.conversation)
        return self.draw_header()
