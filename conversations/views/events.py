"""What a tab without a socket asks for every few seconds: the same frames."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_safe

from conversations import access, drawing, hub, live


@require_safe
def events(request: HttpRequest) -> JsonResponse | HttpResponseBadRequest:
    """Answer {"frames": […], "through": n}, or {"reset": true, "through": n}.

    after       the last number the tab has
    looking_at  the conversation it shows, if any
    mini_program  the only one its list shows, if any
    """
    after = request.GET.get("after", "")
    looking_at = request.GET.get("looking_at", "")
    if not after.isdecimal() or len(after) > 18:
        return HttpResponseBadRequest("after must be a number")
    seats = access.seats_of(request.user)
    customer_id = None
    if looking_at.isdecimal() and len(looking_at) <= 18:
        customer_id = access.customer_of(int(looking_at), seats)
    missed = hub.frames_after(
        int(after), customer_id, request.LANGUAGE_CODE, seats, request.user.pk
    )
    if missed is None:
        return JsonResponse({"reset": True, "through": live.head()})
    texts, through = missed
    chosen = request.GET.get("mini_program", "")
    is_number = chosen.isdecimal() and len(chosen) <= 18
    counts = drawing.counts(seats, int(chosen) if is_number else None)
    frames = [*map(json.loads, texts), counts]
    return JsonResponse({"frames": frames, "through": through})
