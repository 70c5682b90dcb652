"""The three ways a push leaves WeChat.

    way       who delivers                   proof                     form
    url       WeChat                         signature, msg_signature  as set up
    relay     a cloud function hands it on   HMAC-SHA256, X-Relay-*    JSON, in the clear
    cloudrun  WeChat, inside its own network X-WX-* headers            as set up, in the
                                                                       clear

A cloud function gets the message as JSON with `userInfo` added. It makes MsgId a text,
as JavaScript has no 64-bit integers, and signs what it hands on:

    timestamp LF nonce LF sha256-hex(body)

To WeChat it returns `success` within the time, or the console's answer. What it couldn't
hand on it keeps, and brings again with `relay: {queued: true}`.

A container is asked for its service path once, when that is set up, with the action
CheckContainerPath; a server with its own URL, by GET with an echostr to give back.

Source: developers.weixin.qq.com › miniprogram › 消息推送; 云函数, 接收消息推送;
微信云托管, 消息推送. The signature between function and console is ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from conversations.wechat import envelope, xml

from .records import App, Push

TIMEOUT = {"url": "push_timeout", "relay": "relay_timeout", "cloudrun": "push_timeout"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request that delivers a push."""

    body: bytes = b""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def pack(push: Push, app: App, now: float, *, is_kept: bool = False) -> Parcel:
    """Return the request that brings a push by the app's way.

    is_kept  by a cloud function that couldn't hand it on at once

    Options: wrong_signature, old_key and clock_skew, as far as the way has such a thing.
    Raises ValueError when there is no such key.
    """
    now += push.options.get("clock_skew", 0)
    if app.way == "relay":
        return _by_relay(push, app, now, is_kept)
    return (_by_url if app.way == "url" else _by_cloudrun)(push, app, now)


def _by_url(push: Push, app: App, now: float) -> Parcel:
    credentials = app.credentials(old_key=bool(push.options.get("old_key")))
    if push.options.get("wrong_signature"):
        credentials = replace(credentials, token=credentials.token + "x")
    nonce = str(secrets.randbelow(9 * 10**8) + 10**8)
    query, body, content_type = envelope.wrap(
        push.fields, credentials, str(int(now)), nonce, push.openid
    )
    headers = {"Content-Type": content_type, "User-Agent": "Mozilla/4.0"}
    return Parcel(body, query, headers)


def _by_relay(push: Push, app: App, now: float, is_kept: bool) -> Parcel:
    secret = app.relay_secret
    if push.options.get("old_key"):
        if not app.previous_relay_secret:
            raise ValueError("There was no secret before this one.")
        secret = app.previous_relay_secret
    if push.options.get("wrong_signature"):
        secret += "x"
    event: dict[str, Any] = dict(push.fields)
    if "MsgId" in event:
        event["MsgId"] = str(event["MsgId"])
    event["userInfo"] = {"appId": app.appid, "openId": push.openid}
    if is_kept:
        event["relay"] = {"queued": True}
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp, nonce = str(int(now)), secrets.token_hex(8)
    signed = f"{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "X-Relay-Timestamp": timestamp,
        "X-Relay-Nonce": nonce,
        "X-Relay-Signature": mac.hexdigest(),
    }
    return Parcel(body, headers=headers)


def _by_cloudrun(push: Push, app: App, now: float) -> Parcel:
    # Without the header that says it comes from WeChat, it might be anybody's.
    headers = (
        {} if push.options.get("wrong_signature") else {"X-WX-SOURCE": "wx_client"}
    )
    headers |= {
        "X-WX-OPENID": push.openid,
        "X-WX-APPID": app.appid,
        "X-WX-ENV": "prod-simulated",
    }
    return _clear(push.fields, app, headers)


def _clear(fields: dict[str, Any], app: App, headers: dict[str, str]) -> Parcel:
    if app.format == "xml":
        return Parcel(
            xml.write(fields).encode(), headers={"Content-Type": "text/xml", **headers}
        )
    body = json.dumps(fields, ensure_ascii=False).encode()
    return Parcel(body, headers={"Content-Type": "application/json", **headers})


def check(app: App, now: float) -> tuple[str, Parcel, str] | None:
    """Return the request made when an address is set up: method, parcel and the answer
    that is expected ("success", where nothing will do too). None for a cloud function,
    which nobody checks."""
    if app.way == "url":
        echostr = str(secrets.randbelow(9 * 10**18) + 10**18)
        empty = Push(0, app.appid, "", None, {}, {}, now, "")
        query = _by_url(empty, replace(app, mode="plain"), now).query
        del query["openid"]
        return "GET", Parcel(query={**query, "echostr": echostr}), echostr
    if app.way == "cloudrun":
        headers = {"X-WX-SOURCE": "wx_unknown", "X-WX-APPID": app.appid}
        return "POST", _clear({"action": "CheckContainerPath"}, app, headers), "success"
    return None
