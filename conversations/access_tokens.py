"""The one source of a mini program's access_token, for all processes.

The row is the cache, and its lease the lock: who holds it fetches, the others wait for
what it brings. That needs no Redis.

    at least five minutes left    used
    less than that                used, and a new one fetched beside it
    none, over, or refused        fetched; whoever needs one waits

So while the token endpoint is away, nothing fails before the token's end. A token that
WeChat refuses before its end is replaced at most twice a minute: if that doesn't help,
somebody else renews it too, and asking faster would only make the two of us take turns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import httpx
from channels.db import database_sync_to_async
from django.db.models import F
from django.utils import timezone

from conversations import lights
from conversations.models import AccessToken, Light, MiniProgram
from conversations.wechat.errors import NoAnswer, NotSent, TokenRejected, WeChatError
from conversations.wechat.tokens import fetch_stable

logger = logging.getLogger(__name__)

RENEW_EARLY = timedelta(minutes=5)  # the platform makes a new one by then
FETCH_LEASE = timedelta(seconds=12)
FETCH_DEADLINE = 10  # s
AFTER_FAILURE = timedelta(seconds=1)  # until anybody asks again
AFTER_RENEWAL = timedelta(seconds=5)  # the same, while the one we have still holds
WAIT_FOR_ANOTHERS = 10.0  # s
LOOK_EVERY = 0.05  # s
A_MINUTE = timedelta(minutes=1)

NOT_LATEST = 40001

_in_database = database_sync_to_async
_under_way: set[asyncio.Task[Any]] = set()  # A task nobody holds may vanish


class Tokens:
    """Where a client gets its token. Of one mini program, on one event loop."""

    def __init__(
        self, mini_program: MiniProgram, http: httpx.AsyncClient, api_root: str
    ) -> None:
        self._mini_program = mini_program
        self._http = http
        self._api_root = api_root

    async def get(self) -> str:
        """Return a token. Raises NotSent and WeChatError."""
        row = await _in_database(self._row)()
        if row is None or not _lasts(row, timedelta()):
            return await self._another("", timedelta())
        if not _lasts(row, RENEW_EARLY):
            _begin(self._renew())
        return row.token

    async def replace(self, failed: str) -> str:
        """Return another token than the one WeChat has just refused.

        Raises TokenRejected when that has been of no use lately, NotSent and
        WeChatError.
        """
        return await self._another(failed, timedelta())

    async def _another(self, than: str, lasting: timedelta) -> str:
        until = asyncio.get_running_loop().time() + WAIT_FOR_ANOTHERS
        while asyncio.get_running_loop().time() < until:
            if token := await _in_database(self._kept)(than, lasting):
                return token
            if await _in_database(self._lease)():
                # Who waits for it may be out of patience before it is there; the
                # others aren't, and the lease must be given back.
                return await asyncio.shield(_begin(self._fetch(than, lasting)))
            await asyncio.sleep(LOOK_EVERY)
        raise NotSent("no access_token in time")

    async def _renew(self) -> None:
        """Fetch the next one while the present one still holds."""
        if not await _in_database(self._lease)():
            return
        try:
            await self._fetch("", RENEW_EARLY)
        except (WeChatError, NotSent) as exc:
            logger.warning("The next access_token: %s", exc)

    async def _fetch(self, than: str, lasting: timedelta) -> str:
        """Ask WeChat, holding the lease. It may have been fetched since we looked."""
        try:
            if token := await _in_database(self._kept)(than, lasting):
                await _in_database(self._release)(timedelta())
                return token
            token, seconds = await self._ask_for_another(than)
        except (WeChatError, NotSent) as exc:
            await _in_database(self._release)(
                AFTER_RENEWAL if lasting else AFTER_FAILURE
            )
            await self._light(False, exc)
            raise
        await _in_database(self._keep)(token, timedelta(seconds=seconds))
        await self._light(True)
        return token

    async def _ask_for_another(self, than: str) -> tuple[str, int]:
        if than:
            await _in_database(self._note_replacement)()
        token, seconds = await self._ask(force=False)
        if token != than:
            return token, seconds
        # The platform still hands out what its own API refuses: have it make a new one,
        # which it does 20 times a day.
        if not await _in_database(self._may_force)():
            raise TokenRejected(
                NOT_LATEST, "refused though the platform calls it valid"
            )
        return await self._ask(force=True)

    async def _ask(self, force: bool) -> tuple[str, int]:
        try:
            return await fetch_stable(
                self._http,
                self._api_root,
                self._mini_program.appid,
                self._mini_program.app_secret,
                force=force,
                deadline=FETCH_DEADLINE,
            )
        except NoAnswer:
            pass  # No harm done: it may always be asked again
        except WeChatError as exc:
            if not force:
                raise
            raise TokenRejected(NOT_LATEST, f"not renewed: {exc}") from None
        raise NotSent("the token endpoint gave no answer")

    async def _light(self, ok: bool, exc: Exception | None = None) -> None:
        note = _in_database(lights.note)
        await note(self._mini_program.pk, Light.Name.TOKEN, ok, exc)

    def _row(self) -> AccessToken | None:
        return AccessToken.objects.filter(mini_program=self._mini_program).first()

    def _kept(self, than: str, lasting: timedelta) -> str:
        """Return the kept token if it will do, else "".

        Raises TokenRejected when it won't, and has been replaced twice for nothing.
        """
        row = self._row()
        if row is None or not _lasts(row, lasting):
            return ""
        if row.token != than:
            return row.token
        if _within(row.replaced_before_at, timezone.now() - A_MINUTE):
            raise TokenRejected(NOT_LATEST, "refused again after two replacements")
        return ""

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
                mini_program=self._mini_program, lease_until__lte=now
            ).update(lease_until=now + FETCH_LEASE)
        )

    def _release(self, rest: timedelta) -> None:
        self._update(lease_until=timezone.now() + rest)

    def _keep(self, token: str, life: timedelta) -> None:
        now = timezone.now()
        # Handed out anew with little left: no use asking again at once.
        rest = timedelta() if life > RENEW_EARLY else AFTER_RENEWAL
        self._update(token=token, expires_at=now + life, lease_until=now + rest)

    def _note_replacement(self) -> None:
        self._update(replaced_at=timezone.now(), replaced_before_at=F("replaced_at"))

    def _may_force(self) -> bool:
        row, now = self._row(), timezone.now()
        if row is None or _within(row.forced_at, now - A_MINUTE):
            return False
        self._update(forced_at=now)
        return True

    def _update(self, **changes: object) -> None:
        AccessToken.objects.filter(mini_program=self._mini_program).update(**changes)


def forget(mini_program: MiniProgram) -> None:
    """Drop the kept token, as when its AppSecret has changed."""
    AccessToken.objects.filter(mini_program=mini_program).delete()


def _lasts(row: AccessToken, lasting: timedelta) -> bool:
    return bool(row.token) and row.expires_at > timezone.now() + lasting


def _within(moment: datetime | None, since: datetime) -> bool:
    return moment is not None and moment > since


def _begin(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    task = asyncio.get_running_loop().create_task(work)
    _under_way.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()  # Seen, also when nobody waits for it any more
