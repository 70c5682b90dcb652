from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from conversations import handling
from conversations.views.conversation import ConversationView
from conversations.views.notices import with_notice


class AssignmentView(ConversationView):
    """POST: claim. DELETE: release. Both answer with the header as it then is."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        claimed = handling.claim(self.conversation, request.user)
        response = self.draw_header()
        holder = self.conversation.assignee
        if not claimed and holder and holder != request.user:
            return with_notice(
                response, _("Taken by %(agent)s") % {"agent": holder.name}
            )
        return response

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        released = handling.release(self.conversation, request.user)
        response = self.draw_header()
        holder = self.conversation.assignee
        if not released and holder and holder != request.user:
            return with_notice(
                response, _("%(agent)s has it.") % {"agent": holder.name}
            )
        return response
