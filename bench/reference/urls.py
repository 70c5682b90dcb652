"""What `conversations.intake` is measured against: a view, one transaction a push."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from console.urls import urlpatterns as console_urlpatterns
from conversations import mini_programs, receiving
from conversations.models import MiniProgram
from conversations.wechat import pushes
from conversations.wechat.envelope import Rejected, open_envelope


@csrf_exempt
@login_not_required
def push(request: HttpRequest, appid: str) -> HttpResponse:
    mini_program = get_object_or_404(MiniProgram, appid=appid, active=True)
    credentials, now = mini_programs.credentials(mini_program), timezone.now()
    try:
        opened = open_envelope(request.GET.dict(), request.body, credentials, now)
    except Rejected as rejected:
        return HttpResponse(status=rejected.status)
    arrival = receiving.Arrival(
        mini_program_id=mini_program.pk,
        push=pushes.parse(opened.fields, appid, now, opened.content),
        body=opened.content.decode(),
        authenticated_by=opened.authenticated_by,
    )
    receiving.receive([arrival])
    return HttpResponse("success")


urlpatterns = [path("reference/<str:appid>/push", push), *console_urlpatterns]
