"""What every view does that says something to a customer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from conversations import barriers, reply_windows, sending
from conversations.models import Message
from conversations.models.parts import Part
from conversations.views.conversation import ConversationView
from conversations.views.pages import ThreadPage


class ReplyingView(ConversationView):
    def reply(
        self, parts: Sequence[Part], client_uuid: UUID, *, typing_first: bool = False
    ) -> HttpResponse:
        """Send the parts, one message each; answer with the messages, drawn.

        409: the browser is confused about what it has sent, somebody else has said
        something that it hasn't (`unseen` is the newest), or there is no room in the reply window. It
        says so in JSON.
        """
        seen = self.request.POST.get("seen", "")
        try:
            said = sending.reply(
                self.conversation,
                self.request.user,
                parts,
                client_uuid,
                typing_first=typing_first,
                seen=int(seen) if re.fullmatch("[0-9]{1,18}", seen) else None,
            )
        except sending.Conflict:
            return refusal(_("This was already sent, with other words."), status=409)
        except sending.Overtaken as exc:
            sentence = _("Something has been said meanwhile. Nothing was sent.")
            return refusal(sentence, status=409, unseen=exc.newest)
        except reply_windows.NotAllowed as exc:
            return refusal(exc.reason, status=409)
        barriers.reach("after_commit")
        pks = [message.pk for message in said]
        return self.draw(Message.objects.drawn().filter(pk__in=pks).in_order())

    def draw(self, messages: Iterable[Message]) -> HttpResponse:
        return self.draw_page(ThreadPage(list(messages), "", ""))

    def draw_page(self, page: ThreadPage) -> HttpResponse:
        return render(
            self.request,
            "conversations/_messages.html",
            {
                "messages_drawn": page.messages,
                "before_key": page.before,
                "after_key": page.after,
            },
        )


def refusal(sentence: str, status: int, **more: object) -> JsonResponse:
    """Say to the page why not, in the agent's language."""
    return JsonResponse({"error": sentence, **more}, status=status)
