"""What it says: the AES scheme of WeChat's encrypted pushes and answers.

    key         base64(EncodingAESKey + "="), 32 bytes; its first 16 are the IV
    plaintext   16 random bytes · length (uint32, big endian) · message · receive id
    padding     PKCS7 in blocks of 32: 1 to 32 bytes, each holding their number
    cipher      AES-256-CBC, then base64

The receive id is the appid: the one thing that ties a message to its mini program.

Source: developers.weixin.qq.com › miniprogram › message-push (消息推送), 安全模式.
"""

from __future__ import annotations

import base64
import os
import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

RANDOM = 16  # bytes in front
HEADER = RANDOM + 4  # bytes in front of the message: random and length
BLOCK = 32  # bytes; the padding's, twice that of AES

ENCODING_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


class BadKey(ValueError):
    """An EncodingAESKey that WeChat could not have issued."""

    def __init__(self) -> None:
        super().__init__("An EncodingAESKey is 43 letters and digits.")


class Undecryptable(Exception):
    """It could not be decrypted. Never says why: the reason would help a forger."""

    def __init__(self) -> None:
        super().__init__("cannot be decrypted")


def decode_key(encoding_aes_key: str) -> bytes:
    """Return the 32 bytes behind a mini program's EncodingAESKey, or raise BadKey.

    The last character carries two bits too many. Keys in use don't always leave them
    zero, so a strict base64 decoder would refuse some that WeChat accepts.
    """
    if not ENCODING_AES_KEY.fullmatch(encoding_aes_key):
        raise BadKey
    return base64.b64decode(encoding_aes_key + "=")


def encrypt(
    key: bytes, plaintext: bytes, receive_id: str, random16: bytes | None = None
) -> str:
    """Return the base64 ciphertext of a message. Tests fix the 16 random bytes."""
    random16 = os.urandom(RANDOM) if random16 is None else random16
    length = len(plaintext).to_bytes(4, "big")
    content = random16 + length + plaintext + receive_id.encode()
    pad = BLOCK - len(content) % BLOCK
    encryptor = _cipher(key).encryptor()
    sealed = encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(key: bytes, ciphertext: str, receive_id: str) -> bytes:
    """Return the message in a base64 ciphertext, or raise Undecryptable.

    Checks base64, padding, length and receive id. Does not check who sent it: verify
    the signature over the ciphertext first.
    """
    content, end = _content(key, ciphertext)
    if len(content) < end or content[end:] != receive_id.encode():
        raise Undecryptable
    return content[HEADER:end]


def receive_id_of(key: bytes, ciphertext: str) -> str | None:
    """Return whom a ciphertext is meant for; None where the key doesn't open it.

    To explain a refusal, after it: `decrypt` is what opens.
    """
    try:
        content, end = _content(key, ciphertext)
        return content[end:].decode() if end <= len(content) else None
    except (Undecryptable, UnicodeDecodeError):
        return None


def _content(key: bytes, ciphertext: str) -> tuple[bytes, int]:
    """Return what was encrypted, and where the message in it says it ends."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        decryptor = _cipher(key).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except ValueError:
        raise Undecryptable from None
    content = _unpad(padded)
    return content, HEADER + int.from_bytes(content[RANDOM:HEADER], "big")


def _unpad(padded: bytes) -> bytes:
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise Undecryptable
    return padded[:-pad]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
