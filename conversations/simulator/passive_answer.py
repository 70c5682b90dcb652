"""Whether what came back from the push URL is an answer WeChat accepts.

    success, or nothing             taken
    transfer_customer_service       taken, and the message goes to WeChat's own console
    anything else, any other status not taken

The transfer packet answers a message, never an event; it comes in the format that the
mini program is set up with, its names swapped, and encrypted in secure mode. A cloud
function's is JSON, and neither that nor a container's is encrypted.

Source: developers.weixin.qq.com › miniprogram › 消息推送, 回复; 消息转发.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import httpx

from conversations.wechat import crypto, signature

from .records import App, Push

ACCEPTED = "accepted"
TRANSFERRED = "transferred"
TAKEN = {ACCEPTED, TRANSFERRED}
BAD_ANSWER = "bad answer"


def judge(push: Push, app: App, response: httpx.Response) -> str:
    """Return `accepted`, `transferred` or `bad answer`."""
    if app.way == "relay" and response.status_code == 400:
        return ACCEPTED  # Never readable, so the function lets it go
    if response.status_code != 200:
        return BAD_ANSWER
    if response.content in (b"", b"success"):
        return ACCEPTED
    if push.is_event:
        return BAD_ANSWER
    try:
        fields = _parse(app, response.content)
        if app.way == "url" and app.mode == "secure":
            fields = _parse(app, _open(app, fields))
    except (ValueError, KeyError, ElementTree.ParseError, crypto.Undecryptable):
        return BAD_ANSWER
    expected = {
        "ToUserName": push.openid,
        "FromUserName": app.original_id,
        "MsgType": "transfer_customer_service",
    }
    if all(fields.get(name) == value for name, value in expected.items()):
        return TRANSFERRED
    return BAD_ANSWER


def _parse(app: App, body: bytes) -> dict[str, Any]:
    if app.format == "json" or app.way == "relay":
        fields = json.loads(body)
        if not isinstance(fields, dict):
            raise ValueError("not an object")
        return fields
    if b"<!" in body.replace(b"<![CDATA[", b""):
        raise ValueError("a document type")  # No entities, so nothing to blow up
    root = ElementTree.fromstring(body)  # noqa: S314
    return {element.tag: element.text or "" for element in root}


def _open(app: App, fields: dict[str, Any]) -> bytes:
    ciphertext = str(fields["Encrypt"])
    parts = (str(fields["TimeStamp"]), str(fields["Nonce"]), ciphertext)
    if signature.sign(app.token, *parts) != fields["MsgSignature"]:
        raise ValueError("a wrong signature")
    [key] = app.credentials().aes_keys
    return crypto.decrypt(key, ciphertext, app.appid)
