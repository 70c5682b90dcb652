"""What a cloud function hands on to us, and how it proves that it did.

WeChat signs nothing on its way to a cloud function, so the function signs what it hands
on, with a secret that it shares with us:

    X-Relay-Timestamp   Unix seconds, ten digits
    X-Relay-Nonce       8 to 64 letters and digits, anew each time
    X-Relay-Signature   HMAC-SHA256 of timestamp LF nonce LF sha256(body), all in hex

The body is JSON: the event as the function got it, MsgId as text, and

    userInfo  {appId, openId}: whom the platform says it is about. What the event says
              of that is only compared: anybody can call a function with any event
    relay     {queued: true} on what was kept for a while, when WeChat has long had its
              answer

The answer is what the function is to return: `success`, or the object that hands the
message over.

Source: the signature is ours. developers.weixin.qq.com › miniprogram › 云函数接收消息推送;
Cloud.getWXContext.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import strict_json
from .envelope import MAX_BYTES, TIMESTAMP, Rejected
from .errors import Unreadable

NONCE = re.compile(r"[0-9A-Za-z]{8,64}")
SIGNATURE = re.compile(r"[0-9a-f]{64}")
FRESH = timedelta(seconds=300)  # either way

BAD_REQUEST = 400
UNAUTHORIZED = 401
NOT_FOUND = 404
CONTENT_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Relayed:
    """A push that our cloud function handed on.

    fields  the event, with FromUserName from the platform, and without what the
            function added
    nonce   to be taken once
    queued  WeChat has had its answer already
    """

    fields: dict[str, Any]
    nonce: str
    queued: bool = False


def sign(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Return the signature of a body, in lowercase hex (64 characters)."""
    signed = f"{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def open_relayed(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    appid: str,
    now: datetime,
) -> Relayed:
    """Return what was handed on, or raise Rejected.

    headers  by lowercase name
    secrets  the current one, then the previous; with none there is no such address
    appid    the mini program at whose address it arrived
    """
    if not secrets:
        raise Rejected("relay_off", NOT_FOUND)
    if len(body) > MAX_BYTES:
        raise Rejected("size", CONTENT_TOO_LARGE)
    timestamp = headers.get("x-relay-timestamp", "")
    nonce = headers.get("x-relay-nonce", "")
    signature = headers.get("x-relay-signature", "")
    formed = TIMESTAMP.fullmatch(timestamp) and NONCE.fullmatch(nonce)
    if not formed or not SIGNATURE.fullmatch(signature):
        raise Rejected("relay_format", UNAUTHORIZED)
    if not _is_signed(signature, secrets, timestamp, nonce, body):
        raise Rejected("relay_signature", UNAUTHORIZED)
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > FRESH:
        raise Rejected("relay_timestamp", UNAUTHORIZED)
    try:
        event = strict_json.parse(body)
    except Unreadable:
        raise Rejected("relay_body", BAD_REQUEST) from None
    about = event.get("relay")
    queued = isinstance(about, dict) and about.get("queued") is True
    return Relayed(fields_of(event, appid), nonce, queued)


def fields_of(event: Mapping[str, Any], appid: str) -> dict[str, Any]:
    """Return the push in a relayed body, or raise Rejected: it is about another mini
    program, or speaks for another customer than the one it came from."""
    user = event.get("userInfo")
    user = user if isinstance(user, dict) else {}
    openid = user.get("openId")
    if user.get("appId") != appid:
        raise Rejected("relay_appid", UNAUTHORIZED)
    if not isinstance(openid, str) or event.get("FromUserName", openid) != openid:
        raise Rejected("relay_openid", UNAUTHORIZED)
    ours = {"userInfo", "relay"}
    fields = {name: value for name, value in event.items() if name not in ours}
    return {**fields, "FromUserName": openid}


def _is_signed(
    signature: str, secrets: Sequence[str], timestamp: str, nonce: str, body: bytes
) -> bool:
    made = [sign(secret, timestamp, nonce, body) for secret in secrets]
    return any(hmac.compare_digest(signature, one) for one in made)
