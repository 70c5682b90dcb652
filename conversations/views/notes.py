"""Notes beside a conversation, and what in them calls an agent by name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations import notes, sending, transferring
from conversations.forms import NoteForm, first_error
from conversations.models import Draft, Message
from conversations.views.conversation import ConversationView
from conversations.views.replying import ReplyingView, refusal


class NoteView(ReplyingView):
    """POST: keep a note; answers with the note, drawn. GET: whom it may call."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = {
            "colleagues": transferring.seated(self.conversation)
            .exclude(pk=request.user.pk)
            .order_by("display_name", "username")
        }
        return render(request, "conversations/_callable.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = NoteForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        said = form.cleaned_data
        try:
            note = notes.write(
                self.conversation,
                request.user,
                said["text"],
                said["client_uuid"],
                [one.pk for one in said["mentions"]],
            )
        except sending.Conflict:
            return refusal(_("This was already sent, with other words."), status=409)
        Draft.objects.filter(
            agent=request.user, conversation=self.conversation, mode=Draft.Mode.NOTE
        ).delete()
        return self.draw(Message.objects.drawn().filter(pk=note.pk))


class MentionsSeenView(ConversationView):
    """POST: the agent has what calls them here before their eyes."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        notes.see(self.conversation, request.user)
        return mentions_list(request)


@require_safe
def mentions(request: HttpRequest) -> HttpResponse:
    """GET /mentions/: the agent's own, not yet seen."""
    return mentions_list(request)


def mentions_list(request: HttpRequest) -> HttpResponse:
    context = {"mentions": notes.unseen(request.user)}
    return render(request, "conversations/_mentions.html", context)
