"""The five lights of a mini program's connection: what we last saw of each.

Noted by whoever sees it, shown where the connection is checked. A light is a courtesy:
noting one never fails and never costs much, so it may be done on the way of a message.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, transaction
from django.utils import timezone

from conversations.models import Light
from conversations.wechat.errors import WeChatError

logger = logging.getLogger(__name__)

NOTE_EVERY = 10.0  # s between two notes of what hasn't changed

_lock = threading.Lock()
# (mini program, light) → when this process last noted it, and as what
_noted: dict[tuple[int, str], tuple[float, bool, int | None]] = {}


def note(
    mini_program_id: int, name: str, ok: bool, exc: Exception | None = None
) -> None:
    """Note how a part of the connection did just now.

    name  one of Light.Name
    exc   what went wrong, if it did
    """
    errcode = exc.errcode if isinstance(exc, WeChatError) else None
    if not _is_news((mini_program_id, name), ok, errcode):
        return
    light = Light(
        mini_program_id=mini_program_id,
        name=name,
        ok=ok,
        at=timezone.now(),
        errcode=errcode,
        errmsg=(exc.errmsg if isinstance(exc, WeChatError) else str(exc or ""))[:300],
        rid=exc.rid[:64] if isinstance(exc, WeChatError) else "",
    )
    try:
        with transaction.atomic():  # Its failure must not be that of a message's
            Light.objects.bulk_create(
                [light],
                update_conflicts=True,
                unique_fields=["mini_program", "name"],
                update_fields=["ok", "at", "errcode", "errmsg", "rid"],
            )
    except DatabaseError as error:
        logger.info("The light %s was not noted: %s", name, type(error).__name__)


def _is_news(key: tuple[int, str], ok: bool, errcode: int | None) -> bool:
    now = time.monotonic()
    with _lock:
        at, *before = _noted.get(key, (0.0, None, None))
        if before == [ok, errcode] and now - at < NOTE_EVERY:
            return False
        _noted[key] = (now, ok, errcode)
    return True
