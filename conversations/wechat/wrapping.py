"""What goes into an envelope: our encrypted answers, and the simulator's pushes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import xml
from .credentials import Credentials
from .crypto import encrypt
from .signature import sign


def seal(
    plaintext: str,
    credentials: Credentials,
    timestamp: str,
    nonce: str,
    *,
    token: str = "",
    key: bytes | None = None,
    random16: bytes | None = None,
) -> str:
    """Return an encrypted answer, in the configured format.

    Only for an answer with content: `success` and the empty one stay in the clear.

    timestamp   ours, in decimal Unix seconds
    nonce       the request's own, given back
    token, key  those the push came under; the current ones unless given
    """
    token = token or credentials.token
    key = key or credentials.aes_keys[0]
    sealed = encrypt(key, plaintext.encode(), credentials.appid, random16)
    answer = {
        "Encrypt": sealed,
        "MsgSignature": sign(token, timestamp, nonce, sealed),
        "TimeStamp": int(timestamp),
        "Nonce": nonce,
    }
    return _write(answer, credentials)


def wrap(
    fields: Mapping[str, Any],
    credentials: Credentials,
    timestamp: str,
    nonce: str,
    openid: str,
) -> tuple[dict[str, str], bytes, str]:
    """Return a push as WeChat makes it: query parameters, body, content type."""
    query = {
        "signature": sign(credentials.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    message = _write(fields, credentials)
    content_type = "text/xml" if credentials.format == "xml" else "application/json"
    if credentials.mode == "plain":
        return query, message.encode(), content_type

    sealed = encrypt(credentials.aes_keys[0], message.encode(), credentials.appid)
    query["encrypt_type"] = "aes"
    query["msg_signature"] = sign(credentials.token, timestamp, nonce, sealed)
    clear = fields if credentials.mode == "compatible" else _addressee(fields)
    body = _write({**clear, "Encrypt": sealed}, credentials)
    return query, body.encode(), content_type


def _addressee(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"ToUserName": fields.get("ToUserName", "")}


def _write(fields: Mapping[str, Any], credentials: Credentials) -> str:
    if credentials.format == "xml":
        return xml.write(fields)
    return json.dumps(fields, ensure_ascii=False)
