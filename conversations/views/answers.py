"""The canned answers an agent may pick, as the page keeps them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import View

from conversations import answers
from conversations.forms import PickForm, first_error
from conversations.models.parts import preview
from conversations.views.conversation import ConversationView, quick_replies
from conversations.views.replying import refusal


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


class PicksView(ConversationView):
    """POST: a common answer has been put into this conversation's box.

    204, and the use is counted. 409: it isn't what the browser put there; says in JSON
    what holds now, with `replacement` when that is one text, too.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = PickForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        try:
            answers.pick(
                request.user,
                form.cleaned_data["answer"],
                form.cleaned_data["version"],
                self.conversation.customer.mini_program_id,
            )
        except answers.Stale as exc:
            return _stale(exc)
        return HttpResponse(status=204)


def _stale(exc: answers.Stale) -> JsonResponse:
    if exc.answer is None:
        return refusal(
            _("This answer is no longer available. Check the text before you send it."),
            status=409,
        )
    first, *rest = exc.answer.parts
    return refusal(
        _("This answer has changed. Check the text before you send it; it now says:"),
        status=409,
        text=preview(exc.answer.parts),
        replacement=None if rest or first["kind"] != "text" else first["text"],
    )
