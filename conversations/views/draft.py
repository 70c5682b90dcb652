from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict

from conversations.forms import DraftForm, first_error
from conversations.models import Draft
from conversations.views.conversation import ConversationView
from conversations.views.replying import refusal


class DraftView(ConversationView):
    """PUT: keep what the agent has begun to write; nothing, when it is empty."""

    def put(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = DraftForm(QueryDict(request.body))
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        theirs = {
            "agent": request.user,
            "conversation": self.conversation,
            "mode": form.cleaned_data["mode"] or Draft.Mode.REPLY,
        }
        if text := form.cleaned_data["text"]:
            Draft.objects.update_or_create(**theirs, defaults={"text": text})
        else:
            Draft.objects.filter(**theirs).delete()
        return HttpResponse(status=204)
