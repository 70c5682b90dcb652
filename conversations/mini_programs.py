"""A mini program's row becomes its keys and its client.

The one seam between what we know of a mini program and how we talk to WeChat for it.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from weakref import WeakKeyDictionary

import httpx
from django.conf import settings

from conversations import access_tokens
from conversations.models import MiniProgram
from conversations.wechat.client import (
    BUSINESS_SEND,
    BUSINESS_TYPING,
    PLAIN_TYPING,
    SEND,
    Client,
)
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import BadKey, decode_key

SEND_PATHS: dict[str, str] = {
    MiniProgram.SendPath.PLAIN: SEND,
    MiniProgram.SendPath.BUSINESS: BUSINESS_SEND,
}
# Not among them: AUTO, whichever WeChat takes.
TYPING_PATHS: dict[str, str] = {
    MiniProgram.TypingPath.BUSINESS: BUSINESS_TYPING,
    MiniProgram.TypingPath.PLAIN: PLAIN_TYPING,
}
# Inside Cloud Run WeChat adds the token itself, to what comes by plain HTTP.
CLOUD_RUN_API_ROOT = "http://api.weixin.qq.com"

_https: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
    WeakKeyDictionary()
)
# Which typing path a mini program's WeChat understood, remembered by appid.
_typing_paths: dict[str, dict[str, str]] = {}


def api_root(mini_program: MiniProgram) -> str:
    """Return where the API is: the row's own, else the simulator's, else WeChat's."""
    if mini_program.api_root:
        return mini_program.api_root.rstrip("/")
    if settings.WECHAT_SIMULATOR:
        return str(settings.SIMULATOR_API_ROOT)
    if mini_program.cloud_run_calls:
        return CLOUD_RUN_API_ROOT
    return str(settings.WECHAT_API_ROOT)


def push_url(appid: str) -> str:
    """Return the address to enter in the mini program's console."""
    return f"{settings.SITE_URL}/wechat/{appid}/push"


def credentials(mini_program: MiniProgram) -> Credentials:
    """Return what authenticates a push to this mini program."""
    return _credentials(
        mini_program.appid,
        mini_program.push_token,
        mini_program.encoding_aes_key,
        mini_program.mode,
        mini_program.format,
        mini_program.previous_push_token,
        mini_program.previous_aes_key,
    )


@lru_cache(maxsize=256)
def _credentials(
    appid: str,
    token: str,
    aes_key: str,
    mode: str,
    push_format: str,
    previous_tokens: str,
    previous_aes_keys: str,
) -> Credentials:
    held = [aes_key, *previous_aes_keys.splitlines()]
    keys = tuple(filter(None, map(_decoded, held)))
    return Credentials(
        appid,
        token,
        keys,
        mode,  # type: ignore[arg-type]
        push_format,  # type: ignore[arg-type]
        tuple(previous_tokens.splitlines()),
    )


def _decoded(aes_key: str) -> bytes:
    """Return the key's 32 bytes, or none for one that WeChat could not have issued."""
    try:
        return decode_key(aes_key)
    except BadKey:
        return b""


def client(mini_program: MiniProgram) -> Client:
    """Return the API client of a mini program, on the running event loop."""
    http, root = _http(), api_root(mini_program)
    calls_bear_token = not mini_program.cloud_run_calls
    return Client(
        http,
        root,
        access_tokens.Tokens(mini_program, http, root) if calls_bear_token else None,
        _typing_paths.setdefault(mini_program.appid, {}),
        deadline=settings.SEND_DEADLINE,
        send_path=SEND_PATHS[mini_program.send_path],
        typing_path=TYPING_PATHS.get(mini_program.typing_path),
    )


def _http() -> httpx.AsyncClient:
    # One a process, for its connections and because making one takes 35 ms.
    loop = asyncio.get_running_loop()
    if loop not in _https:
        _https[loop] = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=settings.LANES * 3),
            timeout=httpx.Timeout(settings.SEND_DEADLINE, connect=5),
            trust_env=False,
        )
    return _https[loop]


async def hang_up() -> None:
    """Close the running event loop's connections to WeChat."""
    http = _https.pop(asyncio.get_running_loop(), None)
    if http is not None:
        await http.aclose()


def forget_token(mini_program: MiniProgram) -> None:
    """Drop the kept token, as when its AppSecret has changed."""
    access_tokens.forget(mini_program)
