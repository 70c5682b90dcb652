"""The canned answers an agent may pick, as the page keeps them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.generic import View

from conversations import answers
from conversations.views.conversation import ConversationView, quick_replies


class AnswersView(View):
    """GET: all of them, for the picker. Says whose they are, too: a page left open finds
    out by it that somebody else has signed in."""

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse(
            {"agent": request.user.pk, "answers": answers.library(request.user)}
        )


class QuickRepliesView(ConversationView):
    """GET: the row of buttons above a conversation's box."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        shown = quick_replies(request.user, self.conversation.customer.mini_program_id)
        return render(
            request,
            "conversations/_quick_replies.html",
            {"quick_replies": shown},
        )
