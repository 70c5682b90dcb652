"""Whether the installation lives, and what to say when a form has gone stale."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from conversations import health
from conversations import metrics as measuring


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that this process lives; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the main job can run, else 503 and which part is missing."""
    parts = health.check()
    status = 200 if all(parts.values()) else 503
    return JsonResponse(
        {name: "ok" if up else "down" for name, up in parts.items()}, status=status
    )


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with numbers to whoever bears METRICS_TOKEN; without one there are none."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(measuring.exposition(), content_type=CONTENT_TYPE_LATEST)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)
