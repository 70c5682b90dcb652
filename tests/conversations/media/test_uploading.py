"""Our pictures on their way to WeChat."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.utils import timezone, translation

from conversations import media, mini_programs, sending
from conversations.models import Customer, Delivery, Pause, Picture, Upload
from conversations.simulator import ledger
from conversations.wechat.client import SEND, UPLOAD
from tests.conftest import XIAOMING, new_uuid, text
from tests.pictures import painting

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(db) -> Picture:
    return media.keep(painting())


@pytest.fixture
def send(xiaoming, lin, picture, outbox, wechat):
    """Have Lin send the picture, or a card with it, and the worker deliver it."""
    xiaoming.writes("发张图看看")

    def run(**part) -> Delivery:
        part = part or {"kind": "image"}
        parts = [{**part, "picture": picture.pk}]
        [message] = sending.reply(xiaoming.conversation, lin, parts, new_uuid())
        outbox()
        return Delivery.objects.get(message=message)

    return run


def test_a_picture_reaches_the_phone(send, wechat):
    assert send().state == "sent"
    [line] = received(wechat)
    assert line["kind"] == "image"
    assert wechat.calls("upload", "send") == ["upload", "send"]


def test_a_card_reaches_the_phone_with_its_cover(send, wechat):
    card = {"kind": "card", "title": "蓝牙耳机", "page_path": "pages/goods?id=7"}
    assert send(**card).state == "sent"
    [line] = received(wechat)
    assert (line["kind"], line["data"]["title"]) == ("miniprogrampage", "蓝牙耳机")
    assert line["data"]["pagepath"] == "pages/goods?id=7"


def test_the_same_picture_twice_is_uploaded_once(send, wechat):
    send()
    send()
    assert wechat.calls("upload") == ["upload"]
    assert len(received(wechat)) == 2


def test_after_71_hours_it_is_uploaded_anew(send, wechat):
    send()
    with time_machine.travel(timezone.now() + timedelta(hours=71)):
        wechat.world.clock_ahead += 71 * 3600
        wechat.grant()
        Customer.objects.update(
            message_granted_at=timezone.now(), message_used=0, window_refusal=None
        )
        assert send().state == "sent"
    assert wechat.calls("upload") == ["upload"] * 2


def test_forgotten_by_wechat_it_is_uploaded_anew_without_a_word(send, wechat, outbox):
    send()
    wechat.world.store.write("DELETE FROM media")
    delivery = send()
    outbox()
    delivery.refresh_from_db()
    assert delivery.state == "sent"
    assert wechat.calls("upload") == ["upload"] * 2
    outcomes = delivery.attempts.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["refused", "sent"]


def test_refused_twice_it_has_failed(send, wechat, outbox):
    wechat.fails("errcode", SEND, errcode=40007, count=2)
    delivery = send()
    outbox()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.errcode) == ("failed", 40007)
    assert wechat.calls("upload") == ["upload"] * 2
    assert received(wechat) == []


def test_an_upload_without_an_answer_is_tried_again_and_nothing_is_unconfirmed(
    send, wechat, outbox
):
    wechat.fails("drop", UPLOAD)
    delivery = send()
    assert delivery.state == "queued"
    assert received(wechat) == []
    Delivery.objects.update(not_before=timezone.now())
    outbox()
    delivery.refresh_from_db()
    assert delivery.state == "sent"


@pytest.mark.parametrize(
    "errcode", [40004, 40005, 40006, 40009, 41005, 41006, 44001, 45001]
)
def test_a_picture_wechat_wont_have_is_one_visible_failure(send, wechat, errcode):
    wechat.fails("errcode", UPLOAD, errcode=errcode)
    delivery = send()
    assert (delivery.state, delivery.errcode) == ("failed", errcode)
    with translation.override("zh-hans"):
        assert "图片" in delivery.reason
    assert wechat.calls("upload", "send") == ["upload"]


@pytest.mark.parametrize("errcode", [-1, 45009, 45011, 48001])
def test_what_is_no_fault_of_the_pictures_lets_it_wait(send, wechat, outbox, errcode):
    wechat.fails("errcode", UPLOAD, errcode=errcode)
    assert send().state == "queued"
    assert Pause.objects.exists() == (errcode != -1)
    Delivery.objects.update(not_before=timezone.now())
    Pause.objects.update(probe_at=timezone.now())
    assert [one.state for one in outbox()] == ["sent"]
    assert len(received(wechat)) == 1


def test_an_upload_with_a_refused_token_is_made_again_with_another(send, wechat):
    wechat.fails("errcode", UPLOAD, errcode=40001)
    assert send().state == "sent"
    assert wechat.calls("upload", "send") == ["upload", "upload", "send"]


def test_words_never_hide_that_their_picture_has_failed(
    xiaoming, lin, client, picture, wechat, outbox
):
    xiaoming.writes("发张图看看")
    parts = [*text("请看图"), {"kind": "image", "picture": picture.pk}]
    wechat.fails("errcode", UPLOAD, errcode=40009)
    sending.reply(xiaoming.conversation, lin, parts, new_uuid())
    assert [one.state for one in outbox()] == ["sent", "failed"]
    client.force_login(lin)
    thread = client.get(f"/conversations/{xiaoming.conversation.pk}/messages/").text
    assert thread.count("delivery--sent") == thread.count("delivery--failed") == 1
    assert "(40009" in thread


def test_a_picture_whose_file_is_gone_is_one_visible_failure(send, picture, wechat):
    media.path(picture).unlink()
    assert send().state == "failed"
    assert wechat.calls("send") == []


def test_lanes_that_send_it_at_once_upload_it_once(wechat, mini_program, picture):
    async def together() -> list[str]:
        asked = [media.media_id(mini_program, picture) for _ in range(8)]
        found = await asyncio.gather(*asked)
        await mini_programs.hang_up()
        return found

    assert len(set(async_to_sync(together)())) == 1
    assert wechat.calls("upload") == ["upload"]


def test_who_died_uploading_keeps_others_waiting_for_a_moment_only(
    wechat, mini_program, picture
):
    Upload.objects.create(
        mini_program=mini_program,
        picture=picture,
        uploaded_at=timezone.now(),
        lease_until=timezone.now() + timedelta(seconds=0.3),
    )

    async def ask() -> str:
        found = await media.media_id(mini_program, picture)
        await mini_programs.hang_up()
        return found

    assert async_to_sync(ask)()


def received(wechat) -> list[dict]:
    return ledger.as_json(wechat.world, XIAOMING)["received"]
