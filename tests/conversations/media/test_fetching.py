"""A customer's pictures on their way from WeChat to us."""

from __future__ import annotations

import socket
import stat
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from conversations import media
from conversations.models import Attachment, LiveEvent, Message
from conversations.simulator import media as wechats_media
from conversations.wechat.client import DOWNLOAD
from tests import pictures
from tests.conftest import APPID
from tests.pictures import painting, seen

pytestmark = pytest.mark.django_db


@pytest.fixture
def sends(wechat, xiaoming):
    """Have Xiaoming send a picture, or a card with it for a cover."""

    def send(content: bytes | None = None, *, card: bool = False) -> Message:
        kept = wechats_media.keep(wechat.world, APPID, content or painting())
        if card:
            xiaoming.pushes(
                MsgType="miniprogrampage",
                Title="蓝牙耳机",
                AppId=APPID,
                PagePath="pages/goods/detail?id=7",
                ThumbUrl="http://127.0.0.1:1/thumb",
                ThumbMediaId=kept.media_id,
                MsgId="1",
            )
        else:
            xiaoming.pushes(
                MsgType="image",
                PicUrl="http://127.0.0.1:1/picture",
                MediaId=kept.media_id,
                MsgId=kept.media_id,
            )
        return Message.objects.filter(author="customer").latest("pk")

    return send


def test_a_picture_is_fetched_by_its_id_and_kept_by_us(sends, fetch, wechat):
    message = sends(painting(640, 480))
    assert message.attachment.state == "waiting"

    [attachment] = fetch()
    assert attachment.state == "kept"
    assert wechat.calls("get", "picture") == ["get"]
    picture = attachment.picture
    assert (picture.width, picture.height) == (640, 480)
    assert seen(media.path(picture).read_bytes()).size == (640, 480)
    assert max(seen(media.thumb_path(picture).read_bytes()).size) <= 480


@pytest.mark.parametrize("kind", ["image", "miniprogrampage"])
def test_an_address_in_a_push_is_never_called(xiaoming, fetch, wechat, kind):
    """Whoever can forge one could have us call anybody, from inside."""
    kept = wechats_media.keep(wechat.world, APPID, painting())
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        address = "http://{}:{}/".format(*elsewhere.getsockname())
        urls = {"PicUrl": address, "ThumbUrl": address}
        ids = {"MediaId": kept.media_id, "ThumbMediaId": kept.media_id}
        xiaoming.pushes(MsgType=kind, MsgId="1", Title="耳机", **urls, **ids)
        [attachment] = fetch()
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert attachment.state == "kept"


def test_the_files_are_ours_alone(sends, fetch, settings):
    sends()
    fetch()
    found = [settings.MEDIA_ROOT, *settings.MEDIA_ROOT.rglob("*")]
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in found}
    assert modes == {True: 0o700, False: 0o600}
    assert len([path for path in found if path.is_file()]) == 2


def test_the_thread_hears_of_it_when_it_is_there(sends, fetch):
    message = sends()
    before = LiveEvent.objects.filter(message=message.pk).count()
    fetch()
    assert LiveEvent.objects.filter(message=message.pk).count() == before + 1


def test_a_cards_cover_is_fetched_too(sends, fetch):
    message = sends(card=True)
    fetch()
    message = Message.objects.get(pk=message.pk)
    assert message.shown_picture is not None
    assert message.data["title"] == "蓝牙耳机"


def test_what_fails_is_tried_again_until_it_comes(sends, fetch, wechat):
    sends()
    wechat.fails("errcode", DOWNLOAD, errcode=-1, count=2)
    wechat.fails("html", DOWNLOAD, count=1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for pause in (1, 3, 10):
            assert [one.state for one in fetch()] == ["waiting"]
            assert [one.state for one in fetch()] == ["waiting"]  # Not yet
            clock.shift(timedelta(seconds=pause))
        assert [one.state for one in fetch()] == ["kept"]
    assert wechat.calls("get") == ["get"] * 4


def test_after_five_tries_it_has_failed_and_a_human_may_ask_again(sends, fetch, wechat):
    message = sends()
    wechat.fails("errcode", DOWNLOAD, errcode=-1, count=5)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(7):
            fetch()
            clock.shift(timedelta(minutes=10))
        [attachment] = fetch()
        assert (attachment.state, attachment.tries) == ("failed", 5)
        assert wechat.calls("get") == ["get"] * 5

        assert media.fetch_again(attachment)
        assert not media.fetch_again(attachment)  # A second click changes nothing
        [attachment] = fetch()
    assert attachment.state == "kept"
    assert message.attachment.pk == attachment.pk


def test_what_wechat_has_forgotten_is_not_asked_for_again(sends, fetch, wechat):
    sends()
    wechat.fails("errcode", DOWNLOAD, errcode=40007)
    [attachment] = fetch()
    assert (attachment.state, attachment.errcode) == ("failed", 40007)
    fetch()
    assert wechat.calls("get") == ["get"]


@pytest.mark.parametrize(
    ("content", "errcode"), [(pictures.SVG, 40005), (pictures.bomb(), 40009)]
)
def test_what_is_no_picture_is_not_kept(
    sends, fetch, wechat, settings, content, errcode
):
    message = sends()
    wechat.world.store.write("UPDATE media SET content = ?", content)
    [attachment] = fetch()
    assert (attachment.state, attachment.errcode) == ("failed", errcode)
    assert not settings.MEDIA_ROOT.exists()
    assert Message.objects.get(pk=message.pk).shown_picture is None


def test_a_picture_without_an_id_has_failed_from_the_start(xiaoming):
    xiaoming.pushes(MsgType="image", MsgId="1", PicUrl="http://127.0.0.1:1/")
    assert Attachment.objects.get().state == "failed"


def test_a_picture_that_ends_workers_is_given_up(sends, fetch, wechat):
    sends()
    Attachment.objects.update(tries=5)  # Each of which was claimed, and none settled
    [attachment] = fetch()
    assert attachment.state == "failed"
    assert wechat.calls("get") == []


def test_while_one_worker_fetches_another_leaves_it_alone(sends, fetch, wechat):
    sends()
    Attachment.objects.update(due_at=timezone.now() + timedelta(seconds=30))
    fetch()
    assert wechat.calls("get") == []
    assert media.fetch_due() == 0


def test_the_same_picture_twice_is_one_file(sends, fetch):
    sends()
    sends()
    first, second = fetch()
    assert first.picture_id == second.picture_id
