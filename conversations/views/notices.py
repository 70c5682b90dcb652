"""A sentence the page shows for a moment."""

from __future__ import annotations

import json

from django.http import HttpResponse


def with_notice(response: HttpResponse, sentence: str) -> HttpResponse:
    """Have the page show a sentence besides what it swaps in."""
    response["HX-Trigger"] = json.dumps({"desk:notice": {"text": sentence}})
    return response
