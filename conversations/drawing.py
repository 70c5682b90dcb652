"""One drawing of each thing that changed: the same a page, a response and a socket get.

A fragment takes one noun and knows nothing of who looks, so a change is drawn once for
each language that somebody here reads, however many tabs it goes to.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from agents.models import Agent
from conversations import access, agent_news, customer_panel
from conversations.access import Seats
from conversations.customer_panel import Panel
from conversations.models import (
    Conversation,
    DeskSettings,
    LiveEvent,
    Message,
    Pause,
)
from conversations.models.listing import listed
from conversations.tallies import tally

Kind = LiveEvent.Kind


@dataclass(frozen=True, slots=True)
class Frame:
    """One drawing on its way to tabs.

    texts        {language: the frame as JSON}, written out once for all tabs
    customer_id  whose thread it belongs to; None goes to every list
    seat         the mini program it is of; None concerns everybody
    agent_id     the only agent it is for
    """

    texts: dict[str, str]
    customer_id: int | None = None
    seat: int | None = None
    agent_id: int | None = None

    def concerns(
        self, customer_id: int | None, seats: Seats = None, agent_id: int | None = None
    ) -> bool:
        """Return whether a tab shows it: by the thread on show, its agent's seats, and
        the agent."""
        if self.agent_id is not None and self.agent_id != agent_id:
            return False
        if self.customer_id is not None and self.customer_id != customer_id:
            return False
        return seats is None or self.seat is None or self.seat in seats


def draw(
    events: Iterable[LiveEvent], languages: Collection[str], wanted: Collection[int]
) -> list[Frame]:
    """Draw what some events changed, each thing once, as it is now.

    wanted  the customers whose threads are on show somewhere; others' aren't drawn
    """
    newest: dict[tuple[str, int | None, int | None], LiveEvent] = {}
    for event in events:
        key = (
            event.kind,
            event.message_id
            or event.conversation_id
            or event.mini_program_id
            or event.customer_id,
            event.agent_id,
        )
        newest.pop(key, None)
        newest[key] = event
    messages = Message.objects.drawn().in_bulk(
        [
            event.message_id
            for event in newest.values()
            if event.kind == Kind.MESSAGE and event.customer_id in wanted
        ]
    )
    conversations: dict[int | None, Conversation] = {
        **listed(Conversation.objects.all()).in_bulk(
            [
                event.conversation_id
                for event in newest.values()
                if event.kind == Kind.CONVERSATION and event.conversation_id
            ]
        )
    }
    panels = customer_panel.panels_of(
        [
            event.customer_id
            for event in newest.values()
            if event.kind == Kind.CUSTOMER
            and event.customer_id
            and event.customer_id in wanted
        ]
    )
    of_people = _of_people(list(newest.values()), languages)
    frames: list[Frame] = []
    for event in newest.values():
        if event.kind in (Kind.ATTENTION, Kind.AGENT):
            frames += of_people.get(event.seq, [])
        elif message := messages.get(event.message_id):
            frames.append(_message(event, message, languages))
        elif event.kind == Kind.ANSWERS:
            frames.append(_answers(event, languages))
        elif event.kind == Kind.PROGRAMS:
            frames.append(_programs(event, languages))
        elif event.kind == Kind.PAUSE:
            frames.append(_pause(event, languages))
        elif event.kind == Kind.CUSTOMER:
            if panel := panels.get(event.customer_id or 0):
                frames.append(_customer(event, panel, languages))
        elif event.kind != Kind.CONVERSATION:
            continue
        elif conversation := conversations.get(event.conversation_id):
            frames.extend(_conversation(event, conversation, languages, wanted))
    return frames


def counts(seats: Seats = None, mini_program_id: int | None = None) -> dict[str, Any]:
    """Return {"topic": "counts", mini_program, waiting, closing, all,
    mine: {agent id: count}, unread: {agent id: how many of them hold something unread}}.

    mini_program_id  the only one whose conversations count; None: all that are seen
    """
    seen = access.conversations_at(seats)
    if mini_program_id is not None:
        seen = seen.filter(customer__mini_program=mini_program_id)
    held = list(
        seen.awake()
        .filter(assignee__isnull=False)
        .values_list("assignee")
        .annotate(count=Count("pk"), fresh=Count("pk", filter=Q(unread__gt=0)))
        .order_by()
    )
    within = timedelta(hours=DeskSettings.current().closing_soon_hours)
    counted = {
        "waiting": seen.waiting(),
        "closing": seen.closing(timezone.now(), within),
        "all": seen.open(),
    }
    return {
        "topic": "counts",
        "mini_program": mini_program_id,
        **tally(counted),
        "mine": {str(agent): count for agent, count, _ in held},
        "unread": {str(agent): fresh for agent, _, fresh in held if fresh},
    }


def _of_people(
    events: list[LiveEvent], languages: Collection[str]
) -> dict[int, list[Frame]]:
    """Draw who looks and types where, and what single agents are told, by number."""
    watched = {e.conversation_id: e for e in events if e.kind == Kind.ATTENTION}
    told = [event for event in events if event.kind == Kind.AGENT]
    frames: dict[int, list[Frame]] = {}
    if watched:
        shown = Conversation.objects.select_related("customer")
        found = shown.prefetch_related("attention__agent").in_bulk(list(watched))
        for pk, conversation in found.items():
            event = watched[pk]
            frames[event.seq] = [_attention(event, conversation, languages)]
    if told:
        lines = Message.objects.select_related("agent", "customer")
        messages = lines.in_bulk([event.message_id for event in told])
        agents = Agent.objects.in_bulk([event.agent_id for event in told])
        for event in told:
            frames[event.seq] = list(_told(event, messages, agents, languages))
    return frames


def _attention(
    event: LiveEvent, conversation: Conversation, languages: Collection[str]
) -> Frame:
    """The faces: the same on its row and in its header."""
    texts = {}
    for language in languages:
        with translation.override(language):
            faces = render_to_string(
                "conversations/_attention.html", {"conversation": conversation}
            )
        frame = {
            "seq": event.seq,
            "topic": "attention",
            "conversation": conversation.pk,
            "faces": faces.strip(),
        }
        texts[language] = json.dumps(frame, ensure_ascii=False)
    return Frame(texts, seat=conversation.customer.mini_program_id)


def _told(
    event: LiveEvent,
    messages: dict[int, Message],
    agents: dict[int, Agent],
    languages: Collection[str],
) -> Iterable[Frame]:
    texts = {}
    for language in languages:
        with translation.override(language):
            if event.message_id in messages:
                told = agent_news.frame(messages[event.message_id])
            elif event.message_id is None and event.agent_id in agents:
                told = agent_news.availability(agents[event.agent_id])
            else:
                told = None
        if told is None:
            return
        told = {"seq": event.seq, "topic": "agent", **told}
        texts[language] = json.dumps(told, ensure_ascii=False)
    is_for_one = event.message_id is not None
    yield Frame(texts, agent_id=event.agent_id if is_for_one else None)


def _answers(event: LiveEvent, languages: Collection[str]) -> Frame:
    # Nothing drawn: who sees which of them differs, so each tab asks for its own.
    text = json.dumps({"seq": event.seq, "topic": "answers"})
    return Frame(dict.fromkeys(languages, text))


def _programs(event: LiveEvent, languages: Collection[str]) -> Frame:
    # What it changes is on every row and in the list's head: a reload, as after a gap.
    text = json.dumps({"seq": event.seq, "resync": True})
    return Frame(dict.fromkeys(languages, text))


def _message(event: LiveEvent, message: Message, languages: Collection[str]) -> Frame:
    texts = _texts(event, "conversation", languages, "_message", message=message)
    return Frame(texts, event.customer_id, message.customer.mini_program_id)


def _pause(event: LiveEvent, languages: Collection[str]) -> Frame:
    """The banner as it is now: none when it is over."""
    about = event.mini_program_id
    pauses = Pause.objects.select_related("mini_program")
    pause = pauses.filter(mini_program=about).first()
    frame = {"seq": event.seq, "topic": "pause", "mini_program": about, "banner": ""}
    texts = {}
    for language in languages:
        if pause:
            with translation.override(language):
                html = render_to_string("conversations/_pause.html", {"pause": pause})
            frame["banner"] = html.strip()
        texts[language] = json.dumps(frame, ensure_ascii=False)
    return Frame(texts, seat=about)


def _customer(event: LiveEvent, panel: Panel, languages: Collection[str]) -> Frame:
    texts = _texts(event, "customer", languages, "_customer_panel", panel=panel)
    return Frame(texts, panel.customer.pk, panel.customer.mini_program_id)


def _conversation(
    event: LiveEvent,
    conversation: Conversation,
    languages: Collection[str],
    wanted: Collection[int],
) -> Iterable[Frame]:
    row = _texts(event, "inbox", languages, "_row", conversation=conversation)
    seat = conversation.customer.mini_program_id
    yield Frame(row, seat=seat)
    if event.customer_id in wanted:
        header = _texts(
            event, "conversation", languages, "_header", conversation=conversation
        )
        yield Frame(header, event.customer_id, seat)


def _texts(
    event: LiveEvent,
    topic: str,
    languages: Collection[str],
    fragment: str,
    **context: Any,
) -> dict[str, str]:
    texts = {}
    for language in languages:
        with translation.override(language):
            html = render_to_string(f"conversations/{fragment}.html", context).strip()
        frame = {"seq": event.seq, "topic": topic, "html": html}
        texts[language] = json.dumps(frame, ensure_ascii=False)
    return texts
