"""The socket of a tab: drawings come down, and what is worthless a minute later goes up.

    up    {"resume": 17, "looking_at": 42} · {"looking_at": 43} · {"mini_program": 3}
          {"typing": 42} · {"not_typing": 42} · {"typed": 42} · {"noting": 42}
          {"here": 61200}, by the tab's own count of milliseconds
    down  {"seq": 18, "topic": "inbox", "html": "…"} · {"through": 18} · {"reset": true, …}
          {"here": 61200, "now": "2025-06-01T04:00:00+00:00"}

A socket refused before it is accepted looks to the browser like a broken network, and it
would knock for ever. So accept, then close with a code that says why.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone, translation

from conversations import access, attention, hub, typing_state
from conversations.hub import Tab

LONGEST_FRAME = 2048  # characters; nothing a tab has to say is longer
MOST_FRAMES = 40  # in ten seconds
CLOSED, GOING_AWAY = 1000, 1001
SIGNED_OUT = 4401
NOT_FOUND = 4404  # for a tab that looks at what its agent may not see
TOO_MUCH = 4429  # for a tab that says too much; Daphne takes no 1008 from us


# What a tab says of typing: what it does for the customer, what for colleagues.
TYPING: list[tuple[str, Callable[..., None] | None, Callable[[int, int], None]]] = [
    ("typing", typing_state.agent_types, attention.types),
    ("not_typing", typing_state.agent_stops, attention.stops_typing),
    ("noting", None, attention.types),
    ("typed", None, attention.stops_typing),
]


class LiveConsumer(AsyncWebsocketConsumer):
    """Joins the hub while it is open; draws nothing and accepts no change."""

    tab: Tab | None = None
    pump: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        agent = self.scope["user"]
        if not agent.is_authenticated or not agent.is_active:
            await self.close(SIGNED_OUT)
            return
        self.heard: deque[float] = deque(maxlen=MOST_FRAMES)
        self.tab = Tab(
            agent_id=agent.pk,
            access_version=agent.access_version,
            language=translation.get_supported_language_variant(agent.language),
            seats=await database_sync_to_async(access.seats_of)(agent),
        )
        self.hub = hub.of_this_process()
        await self.hub.join(self.tab)
        self.pump = asyncio.create_task(self._pump(self.tab))

    async def disconnect(self, code: int) -> None:
        if self.pump:
            self.pump.cancel()
        if self.tab:
            is_dead = code not in (CLOSED, GOING_AWAY)
            await self.hub.leave(self.tab, is_dead=is_dead)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.tab is None:
            return
        now = time.monotonic()
        if len(self.heard) == MOST_FRAMES and now - self.heard[0] < 10:
            await self.close(TOO_MUCH)
            return
        self.heard.append(now)
        self.tab.heard_at = timezone.now()
        said = _decode(text_data)
        if "looking_at" in said:
            await self._look_at(self.tab, said["looking_at"])
        if "mini_program" in said:
            chosen = said["mini_program"]
            self.hub.narrow(self.tab, chosen if _is_number(chosen) else None)
        if "resume" in said:
            after = said["resume"]
            await self.hub.resume(self.tab, after if _is_number(after) else None)
        if _is_number(said.get("here")):
            now_here = {"here": said["here"], "now": timezone.now().isoformat()}
            self.tab.put(json.dumps(now_here))
        await self._hear_typing(self.tab, said)

    async def _hear_typing(self, tab: Tab, said: dict[str, Any]) -> None:
        """What the customer is shown, and what colleagues are.

        A message that went out ends it at WeChat by itself; a note never began it there.
        """
        for word, does, shows in TYPING:
            about = said.get(word)
            if not await self._customer_of(tab, about):
                continue
            if does:
                await database_sync_to_async(does)(about, tab.agent_id)
            await database_sync_to_async(shows)(tab.agent_id, about)

    async def _look_at(self, tab: Tab, conversation_id: Any) -> None:
        tab.customer_id = await self._customer_of(tab, conversation_id)
        if tab.customer_id is None and _is_number(conversation_id):
            await self.close(NOT_FOUND)
            return
        await self.hub.look(tab, conversation_id if tab.customer_id else None)

    async def _customer_of(self, tab: Tab, conversation_id: Any) -> int | None:
        if not _is_number(conversation_id):
            return None
        find = database_sync_to_async(access.customer_of)
        return await find(conversation_id, tab.seats)

    async def _pump(self, tab: Tab) -> None:
        """Write what the hub has for this tab, one frame after the other."""
        while True:
            text = await tab.queue.get()
            if tab.signed_out:
                await self.close(SIGNED_OUT)
                return
            await self.send(text_data=text)


def _decode(text: str | None) -> dict[str, Any]:
    """Return what a tab said; {} for anything that isn't a small JSON object."""
    if not text or len(text) > LONGEST_FRAME:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63
