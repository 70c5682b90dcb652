"""The page with the phones. What a phone shows it reads from `control`, as it changes.

No sign-in: whoever can reach the simulator is playing. It is on in the demo only, which
answers on loopback.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from . import actions, bench, control, media
from .errors import Refusal
from .http import PREFIX
from .state import world

# The pages of a make-believe mini program that have a contact button.
ENTRANCES = ["商品详情页", "order/20260918001", "训练营", "售后退款", "首页客服"]
CARD_TITLE = "订单 20260918001"
CARD_PATH = "pages/order/detail"
CARD_QUERY = "id=20260918001"
# WeChat's own faces travel as their names in brackets, and each client draws them.
FACES = {
    "[微笑]": "🙂", "[呲牙]": "😁", "[偷笑]": "🤭", "[调皮]": "😜", "[害羞]": "☺️",
    "[流泪]": "😢", "[发怒]": "😡", "[捂脸]": "🤦", "[抱拳]": "🙏", "[强]": "👍",
    "[OK]": "👌", "[握手]": "🤝", "[玫瑰]": "🌹", "[爱心]": "❤️", "[庆祝]": "🎉",
    "[再见]": "👋",
}  # fmt: skip
EMOJI = "😀😁😂😊😍😘😎🤔😅😭😡😱🙄😴🥺😜👍👎👌🙏👏💪🤝👋💖💔🌹🎉🎁🎂🍻🔥"  # one character each


@login_not_required
@require_GET
def phones(request: HttpRequest) -> HttpResponse:
    """Draw the page in the language of `?lang=`, or the browser's."""
    apps = world().apps()
    chosen = request.GET.get("app")
    app = next((one for one in apps if one.appid == chosen), apps[0] if apps else None)
    customers = world().customers(app.appid) if app else []
    in_hand = request.GET.get("customer") or (customers[0].openid if customers else "")
    language = request.GET.get("lang", "")
    if language not in dict(settings.LANGUAGES):
        language = translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        return render(
            request,
            "simulator/phones.html",
            {
                "apps": apps,
                "app": app,
                "openid": in_hand,
                "language": language,
                "languages": settings.LANGUAGES,
                "entrances": ENTRANCES,
                "emoji": EMOJI,
                "faces": FACES,
                "samples": media.SAMPLES,
                "calls": bench.CALLS,
                "pushes": bench.PUSHES,
                "ways": bench.WAYS,
                "modes": bench.MODES,
                "control_url": f"{PREFIX}/_",
                "card_title": CARD_TITLE,
                "card_path": CARD_PATH,
                "card_query": CARD_QUERY,
                "state_url": f"{PREFIX}/_state",
                "pictures_url": f"{PREFIX}/_pictures/",
            },
        )


@login_not_required
@require_POST
def add_customer(request: HttpRequest) -> JsonResponse:
    """Add a customer {appid, name} and return {openid}."""
    try:
        values = json.loads(request.body)
        name = str(values["name"]).strip()[:32]
        if not name:
            raise ValueError("A customer has a name.")
        customer = world().add_customer(str(values["appid"]), name)
    except (Refusal, ValueError, LookupError, TypeError) as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"openid": customer.openid})


@login_not_required
@require_POST
def act(request: HttpRequest, openid: str, act: str) -> JsonResponse:
    """Do something as a customer; see `control` for what. Does not wait for the push."""
    root = request.build_absolute_uri(PREFIX)
    try:
        if act == "image" and request.FILES:
            actions.send_picture(world(), openid, _picture(request), root)
        elif act == "push":
            raise LookupError("Phones push nothing but what people do.")
        else:
            control.start(world(), openid, act, _values(request), root)
    except (Refusal, ValueError, LookupError, TypeError) as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({})


def _picture(request: HttpRequest) -> bytes:
    file = request.FILES.get("picture")
    if file is None or not file.size:
        raise ValueError("An empty file is no picture.")
    return file.read()


def _values(request: HttpRequest) -> dict[str, Any]:
    values = json.loads(request.body or b"{}")
    if not isinstance(values, dict):
        raise ValueError("The body must be a JSON object.")
    return {name: value for name, value in values.items() if name != "options"}
