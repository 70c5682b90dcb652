from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from conversations.forms import WordsForm, first_error
from conversations.views.conversation import ConversationView
from conversations.views.replying import refusal


class SplittingView(ConversationView):
    """POST: in how many messages would these words go out? Nothing is sent."""

    def post(self, request: HttpRequest, pk: int) -> JsonResponse:
        form = WordsForm(request.POST, self.conversation.customer.mini_program.appid)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        return JsonResponse({"count": len(form.parts)})
