"""One per process: reads what changed, draws it once, hands it to the tabs concerned.

    announced numbers ─▶ read from the table ─▶ draw once per language ─▶ tabs' queues

The numbers in the table have no gaps and appear in commit order. So the hub needs only
the last one it has seen: what is above it is new, however it heard of it. It looks when
an announcement comes, and every few seconds when none does: a hint may be lost, an event
not. Nothing is drawn for a language nobody here reads, and nothing per tab.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError
from django.utils import timezone

from agents import presence
from conversations import access, attention, broker, drawing, house, live
from conversations.access import Seats
from conversations.attention import Look
from conversations.models import LiveEvent

logger = logging.getLogger(__name__)

MOST_MISSED = 500  # events a tab may ask for; past it, it reloads
# Frames a tab may be behind; past it, it reloads. There is room for a whole catch-up, in
# which a conversation is two frames.
LONGEST_QUEUE = 2 * MOST_MISSED + 24
MOST_AT_ONCE = 500  # events read in one go
LOOK_EVERY = 3.0  # s between looks at the head and at who may still be here
RENEW_EVERY = 15.0  # s between renewals of tabs' leases and of our place in the group
COUNT_EVERY = 0.5  # s between two counts

RESYNC = '{"resync": true}'

Scope = tuple[Seats, int | None]


@dataclass(eq=False)
class Tab:
    """One browser tab and what is on its way to it."""

    agent_id: int
    access_version: int
    language: str
    seats: Seats = None  # whose conversations the agent sees
    mini_program_id: int | None = None  # the only one its list shows
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    customer_id: int | None = None  # whose thread it shows
    conversation_id: int | None = None  # and by which of their entrances
    heard_at: datetime = field(default_factory=timezone.now)
    resumed: bool = False  # has said what it has, and been given the rest
    signed_out: bool = False
    queue: asyncio.Queue[str] = field(
        default_factory=lambda: asyncio.Queue(LONGEST_QUEUE)
    )

    @property
    def look(self) -> Look | None:
        """Who looks at what; None when the tab shows no conversation."""
        if self.conversation_id is None:
            return None
        return self.agent_id, self.conversation_id

    def put(self, text: str) -> None:
        """Hand over a frame; a tab too far behind gets one word instead of all."""
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(RESYNC)

    @property
    def scope(self) -> Scope:
        """What its badges count."""
        return self.seats, self.mini_program_id

    def sign_out(self) -> None:
        self.signed_out = True
        self.put("{}")  # Wakes whoever writes to the tab


class Hub:
    """Of one event loop. Runs while there are tabs."""

    def __init__(self) -> None:
        self.tabs: set[Tab] = set()
        self.seq = 0
        self._tasks: list[asyncio.Task[None]] = []
        # One name for good: Redis keeps the dead ones in the group for a day, and each
        # would be sent everything.
        self._channel = f"hub.{uuid.uuid4().hex}"
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._renewed = 0.0
        self._counted: dict[Scope, str] = {}
        self._count_wanted = asyncio.Event()
        self._worker_is_silent = False

    async def join(self, tab: Tab) -> None:
        """Add a tab: from now on it gets what concerns it."""
        await database_sync_to_async(presence.arrived)(tab.agent_id, tab.id)
        self.tabs.add(tab)
        if not self._tasks:
            self._ready.clear()
            self._tasks = [
                asyncio.create_task(self._listen(), name="hub-listen"),
                asyncio.create_task(self._run(), name="hub-run"),
                asyncio.create_task(self._look(), name="hub-look"),
                asyncio.create_task(self._count(), name="hub-count"),
            ]
        await self._ready.wait()

    async def leave(self, tab: Tab, *, is_dead: bool = False) -> None:
        """Remove a tab; the last one puts the hub to rest.

        is_dead  nobody closed it: its line broke, some time after it was last heard
        """
        self.tabs.discard(tab)
        if not self.tabs:
            for task in self._tasks:
                task.cancel()
            self._tasks = []
        await self.look(tab, None)
        heard_at = tab.heard_at if is_dead else None
        await database_sync_to_async(presence.left)(tab.id, heard_at)

    async def look(self, tab: Tab, conversation_id: int | None) -> None:
        """Note what a tab's agent looks at now."""
        before, tab.conversation_id = tab.look, conversation_id
        if before == tab.look:
            return
        left = before[1] if before and before not in self._looks() else None
        await database_sync_to_async(attention.move)(
            tab.agent_id, left, conversation_id
        )

    def _looks(self) -> set[Look]:
        return {tab.look for tab in self.tabs if tab.look}

    async def resume(self, tab: Tab, after: int | None) -> None:
        """Give a tab what it missed since number `after`, or have it reload.

        The tab is in the hub already, so nothing falls between; what it gets twice
        replaces itself.
        """
        missed = None
        if after is not None:
            missed = await database_sync_to_async(frames_after)(
                after, tab.customer_id, tab.language, tab.seats, tab.agent_id
            )
        if missed is None:
            tab.put(json.dumps({"reset": True, "through": self.seq}))
        else:
            frames, through = missed
            for frame in frames:
                tab.put(frame)
            tab.put(json.dumps({"through": through}))
        tab.resumed = True
        tab.put(house.frame(worker_is_silent=self._worker_is_silent))
        self._give_counts(tab)
        self._news.set()

    def narrow(self, tab: Tab, mini_program_id: int | None) -> None:
        """Count for a tab what its list is narrowed to."""
        tab.mini_program_id = mini_program_id
        self._give_counts(tab)

    def _give_counts(self, tab: Tab) -> None:
        if counts := self._counted.get(tab.scope):
            tab.put(counts)
        self._count_wanted.set()

    async def _listen(self) -> None:
        """Take announcements, for as long as Redis is there; then try again."""
        while True:
            layer = get_channel_layer("hub")
            try:
                await layer.group_add(broker.HUBS, self._channel)
                self._news.set()  # What was announced before we could hear it
                while True:
                    await layer.receive(self._channel)
                    self._news.set()
            except asyncio.CancelledError:
                raise
            except Exception as exc:
                logger.warning("The hub hears nothing: %s", type(exc).__name__)
                await asyncio.sleep(1)

    async def _look(self) -> None:
        """Now and then see for ourselves: hints get lost, and agents leave."""
        while True:
            self._news.set()
            try:
                await self._check_access()
                await self._check_worker()
                await database_sync_to_async(attention.sweep)()
                if time.monotonic() - self._renewed > RENEW_EVERY:
                    self._renewed = time.monotonic()
                    await self._renew()
            except asyncio.CancelledError:
                raise
            except Exception as exc:
                logger.warning("The hub's look failed: %s", type(exc).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def _check_access(self) -> None:
        tabs = list(self.tabs)  # Who joins meanwhile is not asked about
        versions = await database_sync_to_async(presence.access_versions)(
            {tab.agent_id for tab in tabs}
        )
        for tab in tabs:
            if versions.get(tab.agent_id) != tab.access_version:
                tab.sign_out()

    async def _check_worker(self) -> None:
        """Tell everybody when the worker falls silent, and when it is heard again."""
        is_silent = await database_sync_to_async(house.worker_is_silent)()
        if is_silent == self._worker_is_silent:
            return
        self._worker_is_silent = is_silent
        for tab in self.tabs:
            if tab.resumed:  # Else it is told when it does
                tab.put(house.frame(worker_is_silent=is_silent))

    async def _renew(self) -> None:
        if self._counted:
            self._count_wanted.set()  # Some counts change by the clock alone
        for tab in self.tabs:
            if tab.resumed:  # Else it would take itself for up to date
                tab.put(json.dumps({"through": self.seq}))
        await database_sync_to_async(presence.still_here)([t.id for t in self.tabs])
        await database_sync_to_async(attention.renew)(self._looks())
        # A flushed Redis forgets its groups and leaves us deaf without a word.
        async with asyncio.timeout(1):
            await get_channel_layer("hub").group_add(broker.HUBS, self._channel)

    async def _run(self) -> None:
        """Keep up with the table, and pass on what is new."""
        while True:
            try:
                if not self._ready.is_set():
                    self.seq = await database_sync_to_async(live.head)()
                    self._ready.set()
                await self._news.wait()
                self._news.clear()
                await self._advance()
            except asyncio.CancelledError:
                raise
            except Exception as exc:
                logger.exception("The hub stumbled: %s", type(exc).__name__)
                await asyncio.sleep(1)
                self._news.set()

    async def _advance(self) -> None:
        while events := await database_sync_to_async(_events_after)(self.seq):
            try:
                await self._pass_on(events)
            except DatabaseError:
                raise
            except Exception:
                # One thing that can't be drawn must not keep back all that follows.
                logger.exception("Drawing %s to %s", events[0].seq, events[-1].seq)
                for tab in self.tabs:
                    tab.put(RESYNC)
            self.seq = events[-1].seq
            self._count_wanted.set()

    async def _pass_on(self, events: list[LiveEvent]) -> None:
        wanted = {tab.customer_id for tab in self.tabs if tab.customer_id}
        languages = {tab.language for tab in self.tabs}
        if any(event.kind == LiveEvent.Kind.PROGRAMS for event in events):
            await self._seat_again()
        await self._look_again(events)
        draw = database_sync_to_async(drawing.draw)
        for frame in await draw(events, languages, wanted):
            for tab in list(self.tabs):
                if not frame.concerns(tab.customer_id, tab.seats, tab.agent_id):
                    continue
                if text := frame.texts.get(tab.language):
                    tab.put(text)

    async def _look_again(self, events: list[LiveEvent]) -> None:
        """What an agent's tab elsewhere has left, another of theirs may show here."""
        changed = {
            event.conversation_id
            for event in events
            if event.kind == LiveEvent.Kind.ATTENTION
        }
        looks = {look for look in self._looks() if look[1] in changed}
        if looks:
            await database_sync_to_async(attention.renew)(looks)

    async def _seat_again(self) -> None:
        """Look up what tabs see: a new mini program comes with seats for agents who
        had not all."""
        tabs = list(self.tabs)
        find = database_sync_to_async(access.seats_of_each)
        seats = await find({tab.agent_id for tab in tabs})
        for tab in tabs:
            tab.seats = seats.get(tab.agent_id, frozenset())

    async def _count(self) -> None:
        """Keep the tabs' badges right, at leisure: no drawing waits for them."""
        while True:
            await self._count_wanted.wait()
            self._count_wanted.clear()
            # Few differ in what they see, so few different counts are made.
            counted: dict[Scope, str] = {}
            try:
                for scope in {tab.scope for tab in self.tabs}:
                    counts = await database_sync_to_async(drawing.counts)(*scope)
                    counted[scope] = json.dumps(counts)
            except DatabaseError as exc:
                logger.warning("Counting failed: %s", type(exc).__name__)
            else:
                self._spread(counted)
            await asyncio.sleep(COUNT_EVERY)

    def _spread(self, counted: dict[Scope, str]) -> None:
        for tab in self.tabs:
            counts = counted.get(tab.scope, "")
            is_news = counts and counts != self._counted.get(tab.scope)
            if is_news and tab.resumed:  # Else it is given them when it does
                tab.put(counts)
        self._counted = counted


def frames_after(
    after: int,
    customer_id: int | None,
    language: str,
    seats: Seats = None,
    agent_id: int | None = None,
) -> tuple[list[str], int] | None:
    """Return the frames past a number that concern a tab, and through where.

    None when that is too much, or too long ago to be known.
    """
    events = list(
        LiveEvent.objects.filter(seq__gt=after).order_by("seq")[: MOST_MISSED + 1]
    )
    if not events:
        return ([], after) if live.head() == after else None
    if len(events) > MOST_MISSED or events[0].seq != after + 1:
        return None
    frames = drawing.draw(events, {language}, {customer_id} if customer_id else set())
    texts = [
        frame.texts[language]
        for frame in frames
        if frame.concerns(customer_id, seats, agent_id)
    ]
    return texts, events[-1].seq


def _events_after(seq: int) -> list[LiveEvent]:
    return list(LiveEvent.objects.filter(seq__gt=seq).order_by("seq")[:MOST_AT_ONCE])


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def of_this_process() -> Hub:
    """Return the running event loop's hub."""
    loop = asyncio.get_running_loop()
    for other in [one for one in _hubs if one.is_closed()]:
        del _hubs[other]
    return _hubs.setdefault(loop, Hub())
