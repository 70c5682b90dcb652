"""What a tab without a socket asks for every few seconds: the same frames."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_safe

from conversations import hub, live


@require_safe
def events(request: HttpRequest) -> JsonResponse | HttpResponseBadRequest:
    """Answer {"frames": […], "through": n}, or {"reset": true, "through": n}.

    after       the last number the tab has
    looking_at  the conversation it shows, if any
    """
    after = request.GET.get("after", "")
    looking_at = request.GET.get("looking_at", "")
    if not after.isdecimal() or len(after) > 18:
        return HttpResponseBadRequest("after must be a number")
    customer_id = None
    if looking_at.isdecimal() and len(looking_at) <= 18:
        customer_id = hub.customer_of(int(looking_at))
    missed = hub.frames_after(int(after), customer_id, request.LANGUAGE_CODE)
    if missed is None:
        return JsonResponse({"reset": True, "through": live.head()})
    texts, through = missed
    return JsonResponse({"frames": [json.loads(t) for t in texts], "through": through})
