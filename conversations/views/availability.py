from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations import availability
from conversations.forms import AvailabilityForm, first_error
from conversations.views.replying import refusal


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """POST /availability/: what the agent says of themselves; answers with the menu."""
    form = AvailabilityForm(request.POST)
    if not form.is_valid():
        return refusal(first_error(form), status=422)
    availability.choose(request.user, form.cleaned_data["availability"])
    return render(request, "conversations/_availability.html")
