from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from conversations.models import Pin
from conversations.views.conversation import ConversationView

MOST = 20  # of one agent: what is all on top is not on top


class PinView(ConversationView):
    """POST: keep it on top of the agent's own lists. DELETE: no longer."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        others = Pin.objects.filter(agent=request.user).exclude(conversation=pk)
        if others.count() >= MOST:
            sentence = _("You have pinned %(n)s already. Unpin one first.") % {
                "n": MOST
            }
            return JsonResponse({"error": sentence}, status=409)
        Pin.objects.get_or_create(agent=request.user, conversation=self.conversation)
        return HttpResponse(status=204)

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        Pin.objects.filter(agent=request.user, conversation=self.conversation).delete()
        return HttpResponse(status=204)
