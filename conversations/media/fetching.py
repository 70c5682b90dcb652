"""A customer's pictures, fetched from WeChat before it forgets them.

    expect ─▶ RQ queue "media" ─▶ fetch_now ─▶ the worker's loop ─▶ kept | failed

By media id and from WeChat's API alone: a push also names an address, and whoever forged
one could have us call anybody. Fetching has places of its own on the loop, so a slow
picture holds up no message. What a dead worker or a forgetful Redis left, `fetch_due`
finds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from channels.db import database_sync_to_async
from django.db.models import QuerySet
from django.utils import timezone

from conversations import broker, lanes, live, mini_programs
from conversations.models import Attachment, Message, Picture
from conversations.wechat.errors import Action, NoAnswer, NotSent, TooBig, WeChatError

from .decoding import MOST_BYTES, TOO_BIG, Unusable, make_anew
from .keeping import store

logger = logging.getLogger(__name__)

FETCH = "conversations.media.fetch_now"
PAUSES = [1, 3, 10, 600]  # s between tries; after the last one a human asks again
LEASE = timedelta(seconds=60)  # for one try, decoding included
MOST_DUE = 100  # fetched in one round of the sweeper
ID_MAX = 256  # characters of a media id

FORGOTTEN = 40007  # WeChat's word for an id it has forgotten, or never knew

State = Attachment.State


def expect(messages: Sequence[Message], now: datetime) -> None:
    """Note the pictures of messages that were just stored, and have them fetched."""
    attachments = [
        Attachment(
            message=message,
            media_id=media_id[:ID_MAX],
            due_at=now,
            state=State.WAITING if media_id else State.FAILED,
            errcode=None if media_id else FORGOTTEN,
        )
        for message in messages
        if (media_id := _media_id(message)) is not None
    ]
    for attachment in Attachment.objects.bulk_create(attachments):
        if attachment.state == State.WAITING:
            broker.enqueue("media", FETCH, attachment.pk)


def _media_id(message: Message) -> str | None:
    """Return by what a message's picture is fetched; None when it has none."""
    if message.kind == Message.Kind.IMAGE:
        return str(message.data.get("media_id", ""))
    if message.kind == Message.Kind.CARD:
        return message.data.get("thumb_media_id") or None  # A card may lack a cover
    return None


def fetch_again(attachment: Attachment) -> bool:
    """Try a picture once more, on a human's word. False when it isn't a failed one."""
    with live.recording():
        asked = Attachment.objects.filter(pk=attachment.pk, state=State.FAILED).update(
            state=State.WAITING, tries=0, errcode=None, due_at=timezone.now()
        )
        if asked:
            live.message(attachment.message)
            broker.enqueue("media", FETCH, attachment.pk)
    return bool(asked)


def fetch_now(attachment_id: int) -> None:
    """Fetch one picture. A worker's job; harmless to run twice, or at once."""
    lanes.wake(_fetch, attachment_id, room=lanes.MEDIA)


def fetch_due() -> int:
    """Fetch what nobody else does. Returns how many pictures that are."""
    due = Attachment.objects.filter(state=State.WAITING, due_at__lte=timezone.now())
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:MOST_DUE])
    for attachment_id in ids:
        fetch_now(attachment_id)
    return len(ids)


async def _fetch(attachment_id: int) -> float | None:
    """Try once. Returns in how many seconds to try again, or None."""
    attachment = await _in_database(_claim)(attachment_id)
    if attachment is None:
        return None
    client = mini_programs.client(attachment.message.customer.mini_program)
    try:
        content, _ = await client.get_media(attachment.media_id, MOST_BYTES)
        # In a thread of its own: the database's is needed by all the lanes.
        made = await asyncio.to_thread(make_anew, content)
        picture = await _in_database(store)(made)
    except Unusable as exc:
        await _in_database(_fail)(attachment, exc.errcode)
    except TooBig:
        await _in_database(_fail)(attachment, TOO_BIG)
    except WeChatError as exc:
        if exc.action is not Action.FINAL:
            return await _in_database(_postpone)(attachment, exc.errcode)
        # Nothing comes of asking again, as for an id that WeChat has forgotten.
        await _in_database(_fail)(attachment, exc.errcode)
    except (NotSent, NoAnswer, OSError) as exc:
        logger.info("Picture %s: %s", attachment.pk, type(exc).__name__)
        return await _in_database(_postpone)(attachment, None)
    else:
        await _in_database(_keep)(attachment, picture)
    return None


def _claim(attachment_id: int) -> Attachment | None:
    """Take a picture that is to be fetched now; None when it isn't, or is another's."""
    now = timezone.now()
    waiting = Attachment.objects.filter(
        pk=attachment_id, state=State.WAITING, due_at__lte=now
    )
    attachment = waiting.select_related("message__customer__mini_program").first()
    if attachment is None:
        return None
    if attachment.tries > len(PAUSES):
        # Its tries are used up though none of them ended: it may be what ends workers.
        _fail(attachment, None)
        return None
    claimed = waiting.filter(tries=attachment.tries).update(
        tries=attachment.tries + 1, due_at=now + LEASE
    )
    attachment.tries += 1
    return attachment if claimed else None


def _postpone(attachment: Attachment, errcode: int | None) -> float | None:
    if attachment.tries > len(PAUSES):
        _fail(attachment, errcode)
        return None
    pause = PAUSES[attachment.tries - 1]
    due_at = timezone.now() + timedelta(seconds=pause)
    _waiting(attachment).update(due_at=due_at, errcode=errcode)
    return float(pause)


def _fail(attachment: Attachment, errcode: int | None) -> None:
    _settle(attachment, state=State.FAILED, errcode=errcode)


def _keep(attachment: Attachment, picture: Picture) -> None:
    _settle(attachment, state=State.KEPT, picture=picture, errcode=None)


def _settle(attachment: Attachment, **changes: object) -> None:
    with live.recording():
        if _waiting(attachment).update(**changes):
            live.message(attachment.message)


def _waiting(attachment: Attachment) -> QuerySet[Attachment]:
    return Attachment.objects.filter(pk=attachment.pk, state=State.WAITING)


_in_database = database_sync_to_async
