"""A push of which nothing could be made, taken up again: after a fault of ours is gone.

What was kept is what WeChat sent, so it goes through the same door as a new one. WeChat
has long had its answer: it is not handed over any more.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from conversations import mini_programs, receiving
from conversations.models import ReceivedPush
from conversations.once_only import Arrival
from conversations.wechat import body as bodies
from conversations.wechat import pushes, relay
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import Undecryptable, decrypt
from conversations.wechat.errors import Unreadable

logger = logging.getLogger(__name__)

Outcome = ReceivedPush.Outcome


def replay(push_id: int) -> ReceivedPush | None:
    """Receive a failed push again. Returns its row, anew or still failed; None if there
    is no failed push of this id."""
    failed = ReceivedPush.objects.select_related("mini_program")
    try:
        with transaction.atomic():
            row = (
                failed.select_for_update(of=("self",))
                .filter(pk=push_id, outcome=Outcome.FAILED)
                .first()
            )
            return _again(row) if row else None
    except Exception as exc:
        logger.error("Push %s failed again: %s", push_id, type(exc).__name__)
        still = ReceivedPush.objects.filter(pk=push_id, outcome=Outcome.FAILED)
        still.update(error=type(exc).__name__[:100])
        return still.first()


def _again(row: ReceivedPush) -> ReceivedPush:
    arrival = _arrival(row, timezone.now())
    row.delete()  # Its key stands for a push that has been received
    receiving.receive([arrival])
    anew = ReceivedPush.objects.get(dedupe_key=arrival.push.dedupe_key)
    anew.received_at, anew.repeats = row.received_at, row.repeats
    anew.save(update_fields=["received_at", "repeats"])
    return anew


def _arrival(row: ReceivedPush, now: datetime) -> Arrival:
    """Raises Unreadable and Undecryptable, when it still can't be read."""
    content = row.body.encode()
    fields = bodies.parse(content)
    if "Encrypt" in fields and "FromUserName" not in fields:
        ours = mini_programs.credentials(row.mini_program)
        content = _decrypted(str(fields["Encrypt"]), ours)
        fields = bodies.parse(content)
    relayed = row.authenticated_by == "relay"
    if relayed:
        fields = relay.fields_of(fields, row.mini_program.appid)
    push = pushes.parse(fields, row.mini_program.appid, now, content, rounded=relayed)
    if not push.fields:
        raise Unreadable
    return Arrival(
        mini_program_id=row.mini_program_id,
        push=push,
        body=pushes.clean(content.decode("utf-8", "replace")),
        authenticated_by=row.authenticated_by,
        answered=True,
    )


def _decrypted(ciphertext: str, ours: Credentials) -> bytes:
    for key in ours.aes_keys:
        try:
            return decrypt(key, ciphertext, ours.appid)
        except Undecryptable:
            continue
    raise Undecryptable
