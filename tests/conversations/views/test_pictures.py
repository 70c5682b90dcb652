"""Pictures in the thread: sent, shown, fetched again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import drawing, media
from conversations.models import Attachment, LiveEvent, Message, MiniProgram, Page
from tests import pictures
from tests.conftest import Xiaoming, new_uuid
from tests.pictures import SCRIPT, painting, seen

from .conftest import say


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("发张图看看")
    return xiaoming.conversation


def send(browser: Client, conversation, content: bytes, name: str = "a.jpg", **fields):
    return browser.post(
        f"/conversations/{conversation.pk}/images/",
        {
            "image": SimpleUploadedFile(name, content),
            "client_uuid": new_uuid(),
            **fields,
        },
    )


def shows(conversation, at: float = 1, picture=None, **fields: Any) -> Message:
    """Have the customer send a picture, which is here already."""
    message = say(conversation, at, "", kind="image", **fields)
    Attachment.objects.create(
        message=message,
        media_id="m",
        due_at=timezone.now(),
        state="kept",
        picture=picture or media.keep(painting()),
    )
    return message


def where(message: Message, thumb: bool = False) -> str:
    path = f"/conversations/{message.conversation_id}/pictures/{message.pk}/"
    return f"{path}thumb/" if thumb else path


# Sending.


def test_a_picture_is_sent_and_drawn(desk, conversation, lin):
    answer = send(desk, conversation, painting(800, 600))
    assert answer.status_code == 200
    message = Message.objects.get(kind="image")
    assert (message.agent, message.delivery.state) == (lin, "queued")
    assert f'src="{where(message, thumb=True)}"' in answer.text
    assert 'width="240" height="180"' in answer.text
    assert "[图片]" in desk.get("/inbox/?view=mine").text


def test_the_same_file_twice_under_one_uuid_is_one_message(desk, conversation):
    uuid = new_uuid()
    for _ in range(2):
        answer = send(desk, conversation, painting(), client_uuid=uuid)
        assert answer.status_code == 200
    assert Message.objects.filter(kind="image").count() == 1
    other = send(desk, conversation, painting(colour="red"), client_uuid=uuid)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pictures.SVG, "JPEG"),
        (b"<html>" + SCRIPT, "JPEG"),
        (pictures.bomb(), "2500 万"),
        (b"", "文件"),
    ],
)
def test_what_cant_be_sent_is_said_in_the_agents_language(
    desk, conversation, content, sentence
):
    answer = send(desk, conversation, content)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]
    assert not Message.objects.filter(author="agent").exists()


def test_without_a_file_it_is_said(desk, conversation):
    url = f"/conversations/{conversation.pk}/images/"
    answer = desk.post(url, {"client_uuid": new_uuid()})
    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "name",
    [
        "shell\u200b.php",
        ".htaccess",
        "..",
        "../../../settings.py",
        "a\u202egnp.exe",
        "a\x00.php",
        "图" * 300 + ".jpg",
        "a" * 5000,
        "con.jpg:stream",
        "",
    ],
)
def test_no_name_reaches_the_disk(desk, conversation, settings, name):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="client_uuid"\r\n\r\n'
        + str(new_uuid()).encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="image"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: text/html\r\n\r\n'
        + painting()
        + b"\r\n--x--\r\n"
    )
    url = f"/conversations/{conversation.pk}/images/"
    answer = desk.post(url, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code in (200, 400, 422)
    files = [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert len(files) == (2 if answer.status_code == 200 else 0)
    for path in files:
        assert path.parent.parent == settings.MEDIA_ROOT
        stem, *endings = path.name.split(".")
        assert set(stem) <= set("0123456789abcdef")
        assert endings in (["jpg"], ["thumb", "webp"])


def test_a_large_picture_is_made_to_fit(desk, conversation, settings):
    settings.IMAGE_MAX_BYTES = 400_000
    noise = pictures.saved(pictures.Image.effect_noise((700, 700), 80), "PNG")
    assert len(noise) > settings.IMAGE_MAX_BYTES
    assert send(desk, conversation, noise).status_code == 200
    assert Message.objects.get(kind="image").picture.size <= settings.IMAGE_MAX_BYTES


# Showing.


def test_a_picture_goes_out_as_nothing_but_a_picture(desk, conversation):
    message = shows(conversation, picture=media.keep(painting() + SCRIPT))
    for url, kind in [
        (where(message), "image/jpeg"),
        (where(message, thumb=True), "image/webp"),
    ]:
        answer = desk.get(url)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (
            answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        )
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"].startswith("private")
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
        assert b"script" not in answer.content
        assert seen(answer.content).size == (60, 40)


def test_who_has_no_seat_sees_no_picture(client, zhao, conversation):
    message = shows(conversation)
    client.force_login(zhao)
    assert client.get(where(message)).status_code == 404
    assert client.get(where(message, thumb=True)).status_code == 404
    assert client.post(where(message)).status_code == 404
    assert send(client, conversation, painting()).status_code == 404


def test_a_picture_is_found_only_under_its_own_customer(
    desk, conversation, mini_program
):
    message = shows(conversation)
    other = Xiaoming(mini_program, "oSomebodyElse")
    other.writes("在吗")
    path = f"/conversations/{other.conversation.pk}/pictures/{message.pk}/"
    assert desk.get(path).status_code == 404
    assert desk.post(path).status_code == 404


def test_a_picture_whose_file_is_gone_is_not_there(desk, conversation):
    message = shows(conversation)
    media.path(message.shown_picture).unlink()
    assert desk.get(where(message)).status_code == 404


def test_a_pages_cover_is_shown_to_those_who_may_send_it(
    desk, conversation, mini_program
):
    cover = media.keep_cover(painting())
    ours = Page.objects.create(
        mini_program=mini_program, path="pages/a", title="a", cover=cover
    )
    elsewhere = MiniProgram.objects.create(appid="wxother", name="别家")
    theirs = Page.objects.create(
        mini_program=elsewhere, path="pages/b", title="b", cover=cover
    )
    pages = f"/conversations/{conversation.pk}/pages"
    assert desk.get(f"{pages}/{ours.pk}/cover/").status_code == 200
    assert desk.get(f"{pages}/{theirs.pk}/cover/").status_code == 404


# On its way.


def draw(desk, conversation) -> str:
    return desk.get(f"/conversations/{conversation.pk}/messages/").text


def test_until_it_is_here_the_thread_says_so(desk, xiaoming, conversation):
    xiaoming.pushes(MsgType="image", MediaId="m", PicUrl="http://x/", MsgId="7")
    html = draw(desk, conversation)
    assert "bubble--awaited" in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("errcode", "sentence", "again"),
    [
        (40007, "三天", False),
        (40005, "图片", False),
        (40009, "太大", False),
        (-1, "微信", True),
        (None, "微信", True),
    ],
)
def test_what_didnt_come_says_why_and_offers_what_may_help(
    desk, conversation, errcode, sentence, again
):
    message = shows(conversation)
    Attachment.objects.update(state="failed", picture=None, errcode=errcode)
    html = draw(desk, conversation)
    assert sentence in html
    assert (f'hx-post="{where(message)}"' in html) == again


def test_fetching_again_shows_that_it_is_on_its_way(desk, conversation):
    message = shows(conversation)
    Attachment.objects.update(state="failed", picture=None, errcode=None, tries=5)
    answer = desk.post(where(message))
    assert "bubble--awaited" in answer.text
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.tries) == ("waiting", 0)


# Drawing.


def test_a_thread_of_fifty_pictures_takes_no_more_queries(desk, conversation):
    shows(conversation)
    url = f"/conversations/{conversation.pk}/messages/"
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    picture = media.keep(painting(colour="red"))
    for at in range(2, 45):
        shows(conversation, at, picture)
    with CaptureQueriesContext(connection) as many:
        assert desk.get(url).text.count("data-picture") == 44
    assert len(many) == len(few)


@pytest.mark.parametrize("kind", ["image", "card"])
def test_what_comes_live_is_what_a_reload_draws(desk, xiaoming, conversation, kind):
    fields = {
        "image": {"MsgType": "image", "MediaId": "m", "PicUrl": "http://x/"},
        "card": {
            "MsgType": "miniprogrampage",
            "Title": "耳机",
            "PagePath": "pages/a?x=1",
            "ThumbMediaId": "m",
        },
    }[kind]
    xiaoming.pushes(**fields, MsgId="8")
    attachment = Attachment.objects.get()
    attachment.state, attachment.picture = "kept", media.keep(painting())
    attachment.save()
    [frame] = drawing.draw(
        LiveEvent.objects.filter(message=attachment.message_id),
        {"zh-hans"},
        {xiaoming.customer.pk},
    )
    html = json.loads(frame.texts["zh-hans"])["html"]
    assert "data-picture" in html
    assert html in draw(desk, conversation)


def test_a_card_shows_its_page_and_what_the_page_is_told(desk, conversation):
    data = {"title": "耳机", "page_path": "pages/goods?id=7&sku=%E7%99%BD&note="}
    say(conversation, 1, "耳机", kind="card", data=data)
    html = draw(desk, conversation)
    assert "pages/goods</bdi>" in html
    for name, value in [("id", "7"), ("sku", "白"), ("note", "—")]:
        assert f"<dt><bdi>{name}</bdi></dt><dd><bdi>{value}</bdi></dd>" in html


def test_a_card_with_countless_parameters_is_drawn(desk, conversation):
    query = "&".join(f"p{number}=1" for number in range(500))
    say(
        conversation, 1, "", kind="card", data={"title": "t", "page_path": f"a?{query}"}
    )
    assert draw(desk, conversation).count("<dt>") == 1


def test_wechats_faces_are_drawn_and_named(desk, conversation):
    say(conversation, 1, "好的[微笑][Facepalm]/::) [没有这个] [<b>]")
    html = draw(desk, conversation)
    assert 'aria-label="[微笑]" title="[微笑]">🙂</span>' in html
    assert 'aria-label="[Facepalm]"' in html
    assert 'aria-label="/::)"' in html
    assert "[没有这个] [&lt;b&gt;]" in html


def test_our_jump_links_are_chips_and_a_customers_are_what_they_wrote(
    desk, conversation, lin
):
    text = "请看 ⟦订单|pages/order?id=1⟧"
    say(conversation, 1, text)
    assert 'class="jump"' not in draw(desk, conversation)
    assert "⟦订单|pages/order?id=1⟧" in draw(desk, conversation)
    say(conversation, 2, text, author="agent", agent=lin)
    html = draw(desk, conversation)
    assert '<span class="jump" title="pages/order?id=1">' in html
    assert html.count("⟦") == 1


def test_nothing_is_loaded_from_elsewhere(desk, conversation, lin):
    evil = "https://evil.example/x.png"
    link = {
        "title": "t",
        "description": f'<img src="{evil}">',
        "url": "https://shop.example/a",
        "thumb_url": evil,
    }
    say(conversation, 1, "", kind="link", data=link, author="agent", agent=lin)
    say(conversation, 2, "", kind="link", data={**link, "url": "javascript:alert(1)"})
    theirs = {"pic_url": evil, "thumb_url": evil, "title": "t", "page_path": "a"}
    for at, kind in enumerate(("image", "card"), 3):
        say(conversation, at, evil, kind=kind, data=theirs)
    html = draw(desk, conversation)
    assert "<img" not in html
    assert f'="{evil}' not in html
    assert 'rel="noopener noreferrer"' in html
    assert "shop.example</bdi>" in html
    assert 'href="javascript' not in html


def test_what_we_dont_know_is_said_in_words(desk, conversation):
    say(conversation, 1, "", kind="unknown", data={"kind": "video"})
    assert "不支持的消息类型：video" in draw(desk, conversation)
