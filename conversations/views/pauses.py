"""The banners that say why nothing goes out, and asking WeChat again."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from conversations import access, pauses
from conversations.models import MiniProgram
from conversations.views.notices import with_notice


@require_safe
def banners(request: HttpRequest) -> HttpResponse:
    """GET /pauses/: those of the mini programs at which the agent has a seat."""
    shown = pauses.at(access.seats_of(request.user))
    return render(request, "conversations/_pauses.html", {"pauses": shown})


@require_POST
def try_again(request: HttpRequest, mini_program_pk: int) -> HttpResponse:
    """POST /pauses/<mini program>/: a supervisor has put right what was wrong."""
    if not request.user.is_supervisor:
        raise PermissionDenied
    mini_program = get_object_or_404(MiniProgram, pk=mini_program_pk)
    if pauses.try_again(mini_program):
        return with_notice(HttpResponse(status=204), _("WeChat is being asked again."))
    return with_notice(HttpResponse(status=204), _("Nothing is paused any more."))
