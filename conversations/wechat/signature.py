"""Who sent it: the signatures WeChat puts in the query of everything it asks us."""

from __future__ import annotations

import hashlib
import hmac


def sign(token: str, *parts: str) -> str:
    """Return the signature of some parts under the token we share with WeChat.

    Sorts the token and the parts as strings, joins them with nothing between, and takes
    the SHA-1, in lowercase hex (40 characters).

    A plain push is signed over (timestamp, nonce), an encrypted one over (timestamp,
    nonce, ciphertext). All are taken exactly as they stand in the URL or the body: a
    timestamp is a decimal string, never an int.

    With nothing between them, the parts can be cut elsewhere and still give the same
    signature: whoever verifies must also hold the parts to their formats.

    Source: developers.weixin.qq.com › miniprogram › message-push (消息推送), 验证消息.
    """
    joined = _bytes("".join(sorted((token, *parts))))
    # SHA-1 is WeChat's choice; the token in front of an attacker's guesses is what holds.
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def verify(signature: str, token: str, *parts: str) -> bool:
    """Return whether WeChat made this signature, in a time that tells nothing.

    Compares bytes: `compare_digest` raises on text that isn't ASCII, and what stands in
    a URL is anybody's.
    """
    return hmac.compare_digest(_bytes(signature), _bytes(sign(token, *parts)))


def _bytes(text: str) -> bytes:
    # JSON can hold half a surrogate pair, which has no UTF-8 of its own.
    return text.encode("utf-8", "surrogatepass")
