"""POST /inbox/bulk/: one thing done to the conversations chosen in the list."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from agents.models import Agent
from conversations import access, in_bulk
from conversations.in_bulk import Deed, Refused
from conversations.models import Tag

NAMED = 3  # of those to which it could not be done


@require_POST
def bulk(request: HttpRequest) -> JsonResponse:
    """Answer {"done": [pk], "refused": [{"conversation", "name", "reason"}], "text"}.

    action  claim, close, take_back_closing, snooze (until), tag (tag) or unread
    conversation  whose, once for each; those the agent doesn't see are left out

    422 for what is no action, or no conversations.
    """
    chosen = [pk for pk in request.POST.getlist("conversation") if _is_id(pk)]
    deed = _deed(request.user, request.POST.get("action", ""), request.POST)
    if deed is None or not 0 < len(chosen) <= in_bulk.MOST:
        return JsonResponse({"text": _("That did not work. Try again.")}, status=422)
    seen = access.conversations_for(request.user).filter(pk__in=chosen)
    theirs = list(seen.select_related("customer"))
    refused = in_bulk.do(theirs, deed)
    failed = {one.conversation.pk for one in refused}
    return JsonResponse(
        {
            "done": [one.pk for one in theirs if one.pk not in failed],
            "refused": [
                {
                    "conversation": one.conversation.pk,
                    "name": one.conversation.customer.name,
                    "reason": one.reason,
                }
                for one in refused
            ],
            "text": _text(len(theirs), refused),
        }
    )


def _deed(agent: Agent, action: str, given: dict[str, str]) -> Deed | None:
    match action:
        case "claim":
            return in_bulk.claim(agent)
        case "close":
            return in_bulk.close(agent)
        case "take_back_closing":
            return in_bulk.take_back_closing(agent)
        case "unread":
            return in_bulk.mark_unread
        case "snooze":
            return in_bulk.snooze(agent, given.get("until", ""))
        case "tag" if _is_id(given.get("tag", "")):
            word = Tag.objects.filter(pk=given["tag"]).first()
            return in_bulk.tag(word) if word else None
    return None


def _text(count: int, refused: list[Refused]) -> str:
    """Return what to tell the agent: what was left undone by name, else nothing for one
    and the number for several."""
    if refused:
        said = [
            _("%(name)s: %(reason)s")
            % {"name": one.conversation.customer.name, "reason": one.reason}
            for one in refused[:NAMED]
        ]
        if (more := len(refused) - NAMED) > 0:
            said.append(ngettext("%(n)s more", "%(n)s more", more) % {"n": more})
        return _("Not done. %(reasons)s") % {"reasons": " · ".join(said)}
    if count == 1:
        return ""
    done = ngettext(
        "Done for %(n)s conversation", "Done for %(n)s conversations", count
    )
    return done % {"n": count}


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= 18
