"""One request of WeChat's to our push address, authenticated and opened.

    mode        authenticated by                 the body holds
    plain       signature (not over the body)    the message
    compatible  msg_signature (over Encrypt)     the message, and the message encrypted
    secure      msg_signature (over Encrypt)     the message encrypted

`signature` stands in the query in every mode. With encryption configured it proves
nothing about the body, so a body that comes with it alone is refused: it would be a way
round the encryption. The clear copies in a compatible body are never looked at.

Source: developers.weixin.qq.com › miniprogram › message-push (消息推送).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from . import body as bodies
from .credentials import Credentials
from .crypto import Undecryptable, decrypt
from .errors import Unreadable
from .signature import verify
from .wrapping import seal, wrap

__all__ = [
    "Credentials",
    "Opened",
    "Rejected",
    "check_url",
    "open_envelope",
    "seal",
    "wrap",
]

MAX_BYTES = 64 * 1024
FRESH = timedelta(seconds=600)  # either way; plain mode only

# As strict as WeChat's own: a signature over parts with nothing between them is also
# good for the same characters cut elsewhere.
TIMESTAMP = re.compile(r"[0-9]{10}")  # Unix seconds, until the year 2286
NONCE = re.compile(r"[0-9A-Za-z]{1,64}")
CLEAR_ECHOSTR = re.compile(r"[0-9A-Za-z]{1,64}")
ENCRYPTED_ECHOSTR_MAX = 256  # characters of base64

FORBIDDEN = 403
CONTENT_TOO_LARGE = 413

Authentication = Literal["signature", "msg_signature"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A push that is WeChat's.

    fields      the message as it was sent, uncleaned; {} if unreadable
    skew        our clock minus WeChat's timestamp: positive when it came late
    content     the message's bytes in the clear, to be stored as they came
    unreadable  it is WeChat's, but it is neither a JSON object nor flat XML
    token, key  what it was signed and encrypted with; answers take the same
    """

    fields: dict[str, Any]
    authenticated_by: Authentication
    skew: timedelta
    content: bytes = b""
    unreadable: bool = False
    key: bytes | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)


class Rejected(Exception):
    """Not WeChat's, as far as we can tell. Answer the status, store nothing.

    reason  for our own counters and never for the sender: unconfigured, size, format,
            timestamp, signature, downgrade, decrypt
    status  403; 413 for a body over the limit
    details what a supervisor may know of it; of `diagnosis`
    """

    details: Mapping[str, Any]

    def __init__(self, reason: str, status: int = FORBIDDEN) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.details = {}


def check_url(
    query: Mapping[str, str], credentials: Credentials, now: datetime | None = None
) -> str:
    """Return the echostr that answers WeChat's GET check of our address, or raise
    Rejected.

    A mini program's echostr is clear and signed by `signature`. Other WeChat products
    encrypt theirs and sign it by `msg_signature`; base64 in blocks of 32 bytes is never
    mistaken for a clear one. Whatever comes back is letters and digits, safe on a page.

    Given `now`, plain mode also wants a fresh timestamp, as for a push.
    """
    timestamp, nonce = _stamps(query, credentials)
    echostr = query.get("echostr", "")
    if not CLEAR_ECHOSTR.fullmatch(echostr):
        return _decrypted_echostr(query, credentials, echostr)
    _require(query.get("signature", ""), credentials, timestamp, nonce)
    if now and credentials.mode == "plain":
        _require_fresh(_skew(timestamp, now))
    return echostr


def _decrypted_echostr(
    query: Mapping[str, str], credentials: Credentials, echostr: str
) -> str:
    if not 0 < len(echostr) <= ENCRYPTED_ECHOSTR_MAX:
        raise Rejected("format")
    signed = (query["timestamp"], query["nonce"], echostr)
    _require(query.get("msg_signature", ""), credentials, *signed)
    content, _ = _decrypt(echostr, credentials)
    answer = content.decode("utf-8", "replace")
    if not CLEAR_ECHOSTR.fullmatch(answer):
        raise Rejected("format")
    return answer


def open_envelope(
    query: Mapping[str, str], body: bytes, credentials: Credentials, now: datetime
) -> Opened:
    """Return what WeChat pushed, or raise Rejected.

    query  decoded, as in the URL
    body   as it came, at most 64 KiB
    now    aware; plain mode refuses what is more than ten minutes off, as nothing else
           stops a replay with another body. The other modes only measure: a wrong clock
           on our side must not lose messages, and a replay there is a duplicate.

    An authenticated body that can't be read comes back as `unreadable` and is to be
    stored: WeChat would only send the same again.
    """
    if len(body) > MAX_BYTES:
        raise Rejected("size", CONTENT_TOO_LARGE)
    timestamp, nonce = _stamps(query, credentials)
    skew = _skew(timestamp, now)
    if credentials.mode == "plain" and not _is_encrypted(query, credentials):
        token = _require(query.get("signature", ""), credentials, timestamp, nonce)
        _require_fresh(skew)
        return _read(body, "signature", skew, token)

    ciphertext = _ciphertext(query, body)
    signature = query["msg_signature"]
    token = _require(signature, credentials, timestamp, nonce, ciphertext)
    content, key = _decrypt(ciphertext, credentials)
    return _read(content, "msg_signature", skew, token, key)


def _is_encrypted(query: Mapping[str, str], credentials: Credentials) -> bool:
    # In the minutes between switching encryption on at WeChat and here. Stricter than
    # what plain mode asks for, so there is nothing to gain by it.
    return "msg_signature" in query and bool(credentials.aes_keys)


def _ciphertext(query: Mapping[str, str], body: bytes) -> str:
    """Return Encrypt from a body nobody has vouched for yet."""
    try:
        ciphertext = bodies.parse(body).get("Encrypt")
    except Unreadable:
        raise Rejected("format") from None
    if not query.get("msg_signature") or not isinstance(ciphertext, str):
        raise Rejected("downgrade")
    return ciphertext


def _decrypt(ciphertext: str, credentials: Credentials) -> tuple[bytes, bytes]:
    """Return the content and the key that opened it: the current, or an older one."""
    for key in credentials.aes_keys:
        try:
            return decrypt(key, ciphertext, credentials.appid), key
        except Undecryptable:
            continue
    raise Rejected("decrypt")


def _read(
    content: bytes,
    authenticated_by: Authentication,
    skew: timedelta,
    token: str,
    key: bytes | None = None,
) -> Opened:
    try:
        fields, unreadable = bodies.parse(content), False
    except Unreadable:
        fields, unreadable = {}, True
    return Opened(fields, authenticated_by, skew, content, unreadable, key, token)


def _stamps(query: Mapping[str, str], credentials: Credentials) -> tuple[str, str]:
    if not credentials.tokens:
        raise Rejected("unconfigured")
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not TIMESTAMP.fullmatch(timestamp) or not NONCE.fullmatch(nonce):
        raise Rejected("format")
    return timestamp, nonce


def _require(signature: str, credentials: Credentials, *parts: str) -> str:
    """Return the token under which WeChat signed: the current, or the previous one."""
    for token in credentials.tokens:
        if verify(signature, token, *parts):
            return token
    raise Rejected("signature")


def _skew(timestamp: str, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(int(timestamp), UTC)


def _require_fresh(skew: timedelta) -> None:
    if abs(skew) > FRESH:
        raise Rejected("timestamp")
