"""A message of ours as WeChat takes it, with its picture uploaded first."""

from __future__ import annotations

from datetime import datetime

from channels.db import database_sync_to_async

from conversations import media
from conversations.models import Delivery, Message
from conversations.wechat import jump_links, messages

from .outcomes import BAD_MEDIA_ID

Kind = Message.Kind


async def outgoing(delivery: Delivery) -> messages.OutgoingMessage:
    """Return what to send. Nothing has been sent yet when this fails.

    Raises NotSent, WeChatError and messages.Invalid.
    """
    message = delivery.message
    said, mini_program = message.data, message.customer.mini_program
    match message.kind:
        case Kind.IMAGE:
            return messages.Image(await _media_id(delivery))
        case Kind.CARD:
            own_appid = mini_program.appid if mini_program.card_appid else ""
            return messages.Card(
                title=said["title"],
                page_path=said["page_path"],
                thumb_media_id=await _media_id(delivery),
                appid=said.get("appid") or own_appid,
            )
        case Kind.LINK:
            return messages.Link(
                title=said["title"],
                description=said["description"],
                url=said["url"],
                thumb_url=said["thumb_url"],
            )
    return messages.Text(jump_links.written(message.text, mini_program.appid))


async def _media_id(delivery: Delivery) -> str:
    message = delivery.message
    if message.picture is None:
        raise messages.Invalid("picture")
    since = await database_sync_to_async(_refused_at)(delivery)
    return await media.media_id(message.customer.mini_program, message.picture, since)


def _refused_at(delivery: Delivery) -> datetime | None:
    """Return when WeChat refused the picture's media id, if that was the last of it."""
    if delivery.errcode != BAD_MEDIA_ID:
        return None
    attempts = delivery.attempts.filter(errcode=BAD_MEDIA_ID).order_by("-pk")
    return attempts.values_list("began_at", flat=True).first()
