"""A push inside WeChat's own network, to a Cloud Run (云托管) container.

It carries no signature. What says that it is WeChat's are headers that the gateway adds,
and that anybody who reaches the container past the gateway can add as well: believe
them only where nobody can.

    X-WX-SOURCE                who calls; on what comes from WeChat it is never missing
    X-WX-APPID, X-WX-OPENID    whom it is about
    X-WX-FROM-…                the same, where mini programs share one environment

WeChat takes `success` for an answer and no other: nothing can be handed over this way.

Source: developers.weixin.qq.com › miniprogram › 微信云托管, 消息推送; 获取用户信息. The
push page calls the header x-wx-sources; the others, x-wx-source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import body as bodies
from .envelope import MAX_BYTES, Rejected
from .errors import Unreadable

SOURCE = "x-wx-source"
PLURAL_SOURCE = "x-wx-sources"
PROBE = {"action": "CheckContainerPath"}
CONTENT_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Called:
    """What Cloud Run brought.

    fields    the message; {} if it can't be read: to be stored all the same, as WeChat
              would only send it again
    is_probe  WeChat asks whether the path is there, and it is no message
    """

    fields: dict[str, Any]
    is_probe: bool = False


def open_call(
    headers: Mapping[str, str], body: bytes, appid: str, *, plural_source: bool = False
) -> Called:
    """Return what WeChat brought, or raise Rejected.

    headers        by lowercase name
    appid          the mini program at whose address it arrived
    plural_source  the header's other name is good as well
    """
    if len(body) > MAX_BYTES:
        raise Rejected("size", CONTENT_TOO_LARGE)
    try:
        fields = bodies.parse(body)
    except Unreadable:
        fields = {}
    if fields == PROBE:  # Whoever asks learns nothing by the answer
        return Called(fields, is_probe=True)
    sources = [SOURCE, PLURAL_SOURCE] if plural_source else [SOURCE]
    if not any(headers.get(name, "").strip() for name in sources):
        raise Rejected("cloud_run_source")
    if _about(headers, "appid") not in ("", appid):
        raise Rejected("cloud_run_appid")
    if fields and _about(headers, "openid") not in ("", fields.get("FromUserName")):
        raise Rejected("cloud_run_openid")
    return Called(fields)


def _about(headers: Mapping[str, str], what: str) -> str:
    # In a shared environment the plain header may be its owner's.
    shared = headers.get(f"x-wx-from-{what}", "")
    return shared or headers.get(f"x-wx-{what}", "")
