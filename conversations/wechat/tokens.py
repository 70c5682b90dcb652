"""The access token: what lets us speak for a mini program, for two hours at most.

Whoever holds the current one, for all processes at once, is somebody else's business;
the client asks for it through `TokenSource`.

Source: developers.weixin.qq.com › miniprogram › mp-access-token › getStableAccessToken
(获取稳定版接口调用凭据).
"""

from __future__ import annotations

import json
from typing import Protocol

import httpx

from . import exchange
from .errors import NoAnswer

STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105  A path


class TokenSource(Protocol):
    """Where the client gets its token. Both may raise what `fetch_stable` does."""

    async def get(self) -> str:
        """Return the current token, fetching one if there is none."""

    async def replace(self, failed: str) -> str:
        """Return a token other than the one WeChat has just refused.

        If another process has replaced it meanwhile, that one will do.
        """


async def fetch_stable(
    http: httpx.AsyncClient,
    api_root: str,
    appid: str,
    secret: str,
    *,
    force: bool = False,
    deadline: float = 10,
) -> tuple[str, int]:
    """Ask WeChat for a token. Return it with the seconds it has left, 7,200 at most.

    While one is valid WeChat returns the same again. `force` makes a new one and kills
    the old at once: 20 times a day, half a minute apart.

    Raises WeChatError when WeChat refuses (secret, address of ours, quota), NotSent and
    NoAnswer as any call. No outcome does harm: it may always be asked again.
    """
    request = {
        "grant_type": "client_credential",
        "appid": appid,
        "secret": secret,
        "force_refresh": force,
    }
    answer = await exchange.call(
        http,
        "POST",
        api_root.rstrip("/") + STABLE_TOKEN,
        deadline=deadline,
        content=json.dumps(request).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    fields = exchange.read_json(answer)
    token, seconds = fields.get("access_token"), fields.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(seconds, int):
        raise NoAnswer("no token in the answer", answer.status)
    return token, seconds
