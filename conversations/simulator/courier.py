"""Carries requests to where a mini program has its pushes go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from . import ways
from .limits import Limits
from .records import App

if TYPE_CHECKING:
    from .state import World

NO_CONNECTION = (httpx.HTTPError, httpx.InvalidURL, OSError)


class Courier:
    """Opens a connection for each request, as WeChat does, and follows no redirect."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def request(
        self, method: str, app: App, parcel: ways.Parcel, limits: Limits
    ) -> httpx.Response:
        """Raises TimeoutError when the whole of it takes too long, or NO_CONNECTION."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                limits=httpx.Limits(max_keepalive_connections=0),
                timeout=None,  # noqa: S113  All of it is timed below
                trust_env=False,
            )
        async with asyncio.timeout(getattr(limits, ways.TIMEOUT[app.way])):
            return await self._client.request(
                method,
                httpx.URL(app.address).copy_merge_params(parcel.query),
                content=parcel.body,
                headers=parcel.headers,
            )

    async def check(self, app: App, world: World) -> dict[str, Any]:
        """Ask an address what WeChat asks when it is set up: {ok, status, answer}.

        ok is None for a cloud function, which nobody asks anything.
        """
        question = ways.check(app, world.now())
        if question is None or not app.address:
            return {"ok": None, "status": None, "answer": ""}
        method, parcel, expected = question
        try:
            response = await self.request(method, app, parcel, world.limits)
        except (TimeoutError, *NO_CONNECTION) as error:
            return {"ok": False, "status": None, "answer": type(error).__name__}
        answers = {expected.encode()} | ({b""} if expected == "success" else set())
        return {
            "ok": response.status_code == 200 and response.content in answers,
            "status": response.status_code,
            "answer": response.text[:80],
        }

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
