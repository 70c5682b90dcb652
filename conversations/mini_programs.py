"""A mini program's row becomes its keys and its client.

The one seam between what we know of a mini program and how we talk to WeChat for it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import lru_cache
from weakref import WeakKeyDictionary

import httpx
from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from conversations.models import AccessToken, MiniProgram
from conversations.wechat.client import Client
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import BadKey, decode_key
from conversations.wechat.errors import NoAnswer, NotSent
from conversations.wechat.tokens import fetch_stable

logger = logging.getLogger(__name__)

RENEW_EARLY = timedelta(minutes=5)  # the platform makes a new one by then
FETCH_LEASE = timedelta(seconds=12)
FETCH_DEADLINE = 10  # s
WAIT_FOR_ANOTHERS = 10.0  # s

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
    previous_token: str,
    previous_aes_key: str,
) -> Credentials:
    keys = tuple(filter(None, map(_decoded, (aes_key, previous_aes_key))))
    return Credentials(
        appid,
        token,
        keys,
        mode,  # type: ignore[arg-type]
        push_format,  # type: ignore[arg-type]
        previous_token,
    )


def _decoded(aes_key: str) -> bytes:
    """Return the key's 32 bytes, or none for one that WeChat could not have issued."""
    try:
        return decode_key(aes_key)
    except BadKey:
        return b""


def client(mini_program: MiniProgram) -> Client:
    """Return the API client of a mini program, on the running event loop."""
    return Client(
        _http(),
        api_root(mini_program),
        Tokens(mini_program),
        _typing_paths.setdefault(mini_program.appid, {}),
        deadline=settings.SEND_DEADLINE,
    )


def _http() -> httpx.AsyncClient:
    # One a process, for its connections and because making one takes 35 ms.
    loop = asyncio.get_running_loop()
    if loop not in _https:
        _https[loop] = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=settings.LANES * 2),
            timeout=httpx.Timeout(settings.SEND_DEADLINE, connect=5),
            trust_env=False,
        )
    return _https[loop]


async def hang_up() -> None:
    """Close the running event loop's connections to WeChat."""
    http = _https.pop(asyncio.get_running_loop(), None)
    if http is not None:
        await http.aclose()


class Tokens:
    """The one source of a mini program's access_token, for all processes.

    The row is the cache. Who holds its lease fetches; the others wait for the result.
    """

    def __init__(self, mini_program: MiniProgram) -> None:
        self._mini_program = mini_program

    async def get(self) -> str:
        """Return a token that holds for a while. Raises NotSent and WeChatError."""
        return await self._token(rejected="")

    async def replace(self, failed: str) -> str:
        """Return another token than the one WeChat has just rejected."""
        return await self._token(rejected=failed)

    async def _token(self, rejected: str) -> str:
        until = timezone.now() + timedelta(seconds=WAIT_FOR_ANOTHERS)
        while timezone.now() < until:
            if token := await database_sync_to_async(self._kept)(rejected):
                return token
            if await database_sync_to_async(self._lease)():
                return await self._fetch(rejected)
            await asyncio.sleep(0.05)
        raise NotSent("no access_token in time")

    async def _fetch(self, rejected: str) -> str:
        try:
            token, seconds = await self._ask(force=False)
            if token == rejected:
                # The platform still hands out what its own API refuses: have it make
                # a new one.
                token, seconds = await self._ask(force=True)
        except NoAnswer:
            await database_sync_to_async(self._release)()
            raise NotSent("the token endpoint gave no answer") from None
        except Exception:
            await database_sync_to_async(self._release)()
            raise
        expires_at = timezone.now() + timedelta(seconds=seconds)
        await database_sync_to_async(self._keep)(token, expires_at)
        return token

    async def _ask(self, force: bool) -> tuple[str, int]:
        return await fetch_stable(
            _http(),
            api_root(self._mini_program),
            self._mini_program.appid,
            self._mini_program.app_secret,
            force=force,
            deadline=FETCH_DEADLINE,
        )

    def _kept(self, rejected: str) -> str:
        row = AccessToken.objects.filter(mini_program=self._mini_program).first()
        if row is None or row.token == rejected:
            return ""
        return row.token if row.expires_at > timezone.now() + RENEW_EARLY else ""

    def _lease(self) -> bool:
        now = timezone.now()
        AccessToken.objects.bulk_create(
            [
                AccessToken(
                    mini_program=self._mini_program, expires_at=now, lease_until=now
                )
            ],
            ignore_conflicts=True,
        )
        return bool(
            AccessToken.objects.filter(
                Q(lease_until__lte=now), mini_program=self._mini_program
            ).update(lease_until=now + FETCH_LEASE)
        )

    def _release(self) -> None:
        AccessToken.objects.filter(mini_program=self._mini_program).update(
            lease_until=timezone.now()
        )

    def _keep(self, token: str, expires_at: datetime) -> None:
        # With a life shorter than our early renewal it must still serve once.
        soonest = timezone.now() + RENEW_EARLY + timedelta(seconds=5)
        AccessToken.objects.filter(mini_program=self._mini_program).update(
            token=token,
            expires_at=max(expires_at, soonest),
            lease_until=timezone.now(),
        )


def forget_token(mini_program: MiniProgram) -> None:
    """Drop the kept token, as when its AppSecret has changed."""
    AccessToken.objects.filter(mini_program=mini_program).delete()
