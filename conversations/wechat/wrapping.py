"""What goes into an envelope: our encrypted answers, and the simulator's pushes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import xml
from .credentials import Credentials, Format
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
    form: Format | None = None,
    random16: bytes | None = None,
) -> str:
    """Return an encrypted answer, in the configured format unless another is given.

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
    return write(answer, form or credentials.format)


def transfer(openid: str, original_id: str, at: datetime) -> dict[str, Any]:
    """Return the answer that hands a message over to WeChat's own tool.

    Whom the message came from is whom the answer goes to, and the other way round. Only
    for messages: WeChat takes no such answer to an event.

    Source: developers.weixin.qq.com › miniprogram › 消息转发.
    """
    return {
        "ToUserName": openid,
        "FromUserName": original_id,
        "CreateTime": int(at.timestamp()),
        "MsgType": "transfer_customer_service",
    }


def write(fields: Mapping[str, Any], form: Format) -> str:
    """Return fields as JSON or as WeChat's XML."""
    if form == "xml":
        return xml.write(fields)
    return json.dumps(fields, ensure_ascii=False)


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
    message = write(fields, credentials.format)
    content_type = "text/xml" if credentials.format == "xml" else "application/json"
    if credentials.mode == "plain":
        return query, message.encode(), content_type

    sealed = encrypt(credentials.aes_keys[0], message.encode(), credentials.appid)
    query["encrypt_type"] = "aes"
    query["msg_signature"] = sign(credentials.token, timestamp, nonce, sealed)
    clear = fields if credentials.mode == "compatible" else _addressee(fields)
    body = write({**clear, "Encrypt": sealed}, credentials.format)
    return query, body.encode(), content_type


def _addressee(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"ToUserName": fields.get("ToUserName", "")}
