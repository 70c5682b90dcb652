"""Our pictures at WeChat: uploaded once for all that send them, and for three days.

The row is the cache. Who holds its lease uploads; the others wait for the result, in
this process or another.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from channels.db import database_sync_to_async
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations import mini_programs
from conversations.models import MiniProgram, Picture, Upload
from conversations.wechat.errors import NoAnswer, NotSent
from conversations.wechat.messages import Invalid

from .keeping import file_name, path

GOOD_FOR = timedelta(hours=60)  # of WeChat's 72, so that none dies on its way
LEASE = timedelta(seconds=20)  # longer than an upload may take
WAIT_FOR_ANOTHERS = 15.0  # s
LOOK_EVERY = 0.1  # s


async def media_id(
    mini_program: MiniProgram, picture: Picture, since: datetime | None = None
) -> str:
    """Return a media id under which WeChat has a picture, uploading it if need be.

    since  one uploaded before then is no good: WeChat has refused it

    Nothing has been sent to the customer when this fails. Raises NotSent (try again),
    WeChatError, and Invalid when the file is gone.
    """
    oldest = timezone.now() - GOOD_FOR
    oldest = max(oldest, since) if since else oldest
    until = asyncio.get_running_loop().time() + WAIT_FOR_ANOTHERS
    while asyncio.get_running_loop().time() < until:
        if found := await _in_database(_known)(mini_program, picture, oldest):
            return found
        if await _in_database(_lease)(mini_program, picture):
            return await _upload(mini_program, picture)
        await asyncio.sleep(LOOK_EVERY)
    raise NotSent("no upload in time")


async def _upload(mini_program: MiniProgram, picture: Picture) -> str:
    began_at = timezone.now()
    try:
        content = await asyncio.to_thread(path(picture).read_bytes)
        client = mini_programs.client(mini_program)
        new_id, _ = await client.upload_image(
            file_name(picture), content, picture.content_type
        )
    except FileNotFoundError:
        await _in_database(_release)(mini_program, picture)
        raise Invalid("picture", "is gone") from None
    except NoAnswer:
        # It may be there under an id we don't know. A second one does no harm.
        await _in_database(_release)(mini_program, picture)
        raise NotSent("the upload got no answer") from None
    except BaseException:
        await _in_database(_release)(mini_program, picture)
        raise
    await _in_database(_note)(mini_program, picture, new_id, began_at)
    return new_id


def _known(mini_program: MiniProgram, picture: Picture, oldest: datetime) -> str:
    found = _row(mini_program, picture).filter(uploaded_at__gt=oldest)
    return found.values_list("media_id", flat=True).first() or ""


def _lease(mini_program: MiniProgram, picture: Picture) -> bool:
    now = timezone.now()
    Upload.objects.bulk_create(
        [Upload(mini_program=mini_program, picture=picture, uploaded_at=now)],
        ignore_conflicts=True,
    )
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return bool(
        _row(mini_program, picture).filter(free).update(lease_until=now + LEASE)
    )


def _release(mini_program: MiniProgram, picture: Picture) -> None:
    _row(mini_program, picture).update(lease_until=None)


def _note(
    mini_program: MiniProgram, picture: Picture, new_id: str, at: datetime
) -> None:
    _row(mini_program, picture).update(
        media_id=new_id, uploaded_at=at, lease_until=None
    )


def _row(mini_program: MiniProgram, picture: Picture) -> QuerySet[Upload]:
    return Upload.objects.filter(mini_program=mini_program, picture=picture)


_in_database = database_sync_to_async
