"""Why a push was not believed: which of the shared settings differs.

For a supervisor's eyes, never for whoever sent it. What comes out holds no secret, no
openid and nothing of a message.

    fault      the likely cause
    token      no signature fits our Token
    body       WeChat's `signature` fits, the one over the body doesn't: altered on the way
    key        signed with our Token, not encrypted with our EncodingAESKey
    appid      opens with our key, and is meant for another AppID
    clear      in the clear, where encryption is configured
    clock      signed well, by a clock too far from ours
    query      without the timestamp and nonce that WeChat sends
    format     neither JSON nor XML, or an echostr WeChat doesn't make
    size       over the limit
    unconfigured  there is no Token here yet
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import body as bodies
from .credentials import Credentials
from .crypto import receive_id_of
from .envelope import NONCE, TIMESTAMP
from .errors import Unreadable
from .signature import sign, verify

SIGNATURE = re.compile(r"[0-9a-f]{40}")
APPID = re.compile(r"[0-9A-Za-z_-]{1,32}")


def of(
    reason: str,
    query: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    now: datetime,
) -> dict[str, Any]:
    """Return what a supervisor may know of a rejected push, or check of the address.

    reason  the Rejected's
    body    as it came; empty for a check of the address
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    has_stamps = bool(TIMESTAMP.fullmatch(timestamp) and NONCE.fullmatch(nonce))
    details: dict[str, Any] = {
        "fault": reason,
        "check": "push" if body else "url",
        "size": len(body),
        "form": _form(body),
        "sealed": "msg_signature" in query,
    }
    if not has_stamps:
        return {
            **details,
            "fault": "unconfigured" if not credentials.token else "query",
        }
    details |= {
        "timestamp": timestamp,
        "nonce": nonce,
        "signature": _signature(query.get("signature", "")),
        "skew": int(now.timestamp()) - int(timestamp),
    }
    return details | _closer(reason, query, body, credentials)


def expected(details: Mapping[str, Any], token: str) -> str:
    """Return the `signature` that our Token gives the stamps of a rejected push, or ""
    where it came without."""
    if not token or "timestamp" not in details:
        return ""
    return sign(token, details["timestamp"], details["nonce"])


def _closer(
    reason: str, query: Mapping[str, str], body: bytes, credentials: Credentials
) -> dict[str, Any]:
    match reason:
        case "signature":
            stamps = query["timestamp"], query["nonce"]
            given = query.get("signature", "")
            ours = any(verify(given, token, *stamps) for token in credentials.tokens)
            return {"fault": "body" if ours else "token"}
        case "decrypt":
            return _unopened(query, body, credentials)
        case "downgrade":
            return {"fault": "clear"}
        case "timestamp":
            return {"fault": "clock"}
    return {}


def _unopened(
    query: Mapping[str, str], body: bytes, credentials: Credentials
) -> dict[str, Any]:
    """Tell a wrong key from a wrong AppID. The signature was right: it is WeChat's."""
    try:
        sealed = bodies.parse(body).get("Encrypt") if body else query["echostr"]
    except Unreadable:
        sealed = None
    for key in credentials.aes_keys:
        receive_id = receive_id_of(key, str(sealed))
        if receive_id is not None and APPID.fullmatch(receive_id):
            return {"fault": "appid", "meant_for": receive_id}
    return {"fault": "key"}


def _form(body: bytes) -> str:
    return {b"{": "json", b"<": "xml"}.get(body.lstrip()[:1], "other" if body else "")


def _signature(given: str) -> str:
    return given if SIGNATURE.fullmatch(given) else ""
