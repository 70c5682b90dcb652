from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.generic import View

from agents.models import Agent
from conversations import access, answers, live, reading, sending
from conversations.forms import UPLOAD_BYTES
from conversations.models import Conversation, Draft
from conversations.views import pages
from conversations.views.inbox import asks_for_pane, desk_context, list_context


class ConversationView(View):
    """One resource of one conversation, which is found before any method runs."""

    conversation: Conversation

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.conversation = get_object_or_404(
            access.conversations_for(request.user).drawn(), pk=kwargs["pk"]
        )

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Whatever was to be said: when the reply window has no room, answer why."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except sending.NotAllowed as exc:
            return JsonResponse({"error": exc.reason}, status=409)

    def draw_header(self) -> HttpResponse:
        """Answer with the header as it is now."""
        conversation = Conversation.objects.drawn().get(pk=self.conversation.pk)
        return render(
            self.request,
            "conversations/_header.html",
            {"conversation": conversation},
        )


class DeskView(ConversationView):
    """GET /conversations/42/: the whole desk, or the pane when a page asks for it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = conversation_context(self.conversation, request.user)
        if asks_for_pane(request):
            return render(request, "conversations/_conversation.html", context)
        home = pages.home_of(self.conversation, request.user)
        around = list_context(
            request.user,
            request.GET.get("view", home),
            request.GET,
        )
        # The older of the two numbers: what either pane may have missed comes again.
        context["live_seq"] = min(context["live_seq"], around.pop("live_seq"))
        return render(
            request,
            "conversations/desk.html",
            around | context | desk_context(request),
        )


def conversation_context(conversation: Conversation, agent: Agent) -> dict[str, Any]:
    """What the conversation pane is drawn from."""
    live_seq = live.head()
    page = pages.thread_page(conversation.customer)
    theirs = Conversation.objects.filter(customer=conversation.customer_id)
    begun = Draft.objects.filter(agent=agent, conversation=conversation)
    drafts = {draft.mode: draft for draft in begun}
    return {
        "live_seq": live_seq,
        "conversation": conversation,
        "messages_drawn": page.messages,
        "before_key": page.before,
        "seen": reading.mark_of(agent, conversation.customer_id),
        "unread": theirs.aggregate(sum=Sum("unread"))["sum"] or 0,
        "draft": drafts.get(Draft.Mode.REPLY),
        "note_draft": drafts.get(Draft.Mode.NOTE),
        "quick_replies": quick_replies(agent, conversation.customer.mini_program_id),
        "text_max_bytes": settings.TEXT_MAX_BYTES,
        "image_max_bytes": settings.IMAGE_MAX_BYTES,
        "upload_max_bytes": UPLOAD_BYTES,
    }


def quick_replies(agent: Agent, mini_program_id: int | None) -> list[dict[str, Any]]:
    """Return the answers that one tap sends to a mini program's customers."""
    return [
        answer
        for answer in answers.library(agent)
        if answer["use"] == "quick_reply"
        and answer["mini_program"] in (None, mini_program_id)
    ]
