"""Links and mini program cards from the box: what is sent, and what is refused."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conversations import media
from conversations.models import Message, MiniProgram, Page
from tests.pictures import painting

LINK = {
    "title": "课程大纲",
    "description": "十二节课",
    "url": "https://example.com/a",
    "thumb_url": "https://example.com/a.png",
}
CARD = {"title": "我的订单", "page_path": "pages/order/order?id=1"}


@pytest.fixture(autouse=True)
def _media_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def conversation(converse):
    return converse()


@pytest.fixture
def send(desk, conversation):
    """send("links", title=…) as Lin's browser does."""

    def post(what: str, **fields: object):
        url = f"/conversations/{conversation.pk}/{what}/"
        return desk.post(url, {"client_uuid": uuid4(), **fields})

    return post


def cover(name: str = "cover.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, painting(800, 600), content_type="image/jpeg")


def sent() -> list[Message]:
    return list(Message.objects.filter(author="agent").in_order())


def test_a_link_comes_back_drawn(send):
    response = send("links", **LINK)
    [message] = sent()
    assert response.status_code == 200
    assert f'id="message-{message.pk}"' in response.text
    assert (message.kind, message.data) == ("link", LINK)


def test_a_link_sent_twice_is_said_once(send):
    key = uuid4()
    for _ in range(2):
        assert send("links", **LINK, client_uuid=key).status_code == 200
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "长" * 129),
        ("description", " "),
        ("description", "长" * 257),
        ("url", "http://example.com/"),
        ("url", "javascript:alert(1)"),
        ("url", "https://"),
        ("url", "https://e.com/a b"),
        ("url", "https://e.com/" + "长" * 400),
        ("thumb_url", ""),
        ("thumb_url", "data:image/png;base64,"),
        ("thumb_url", "https://e.com/" + "a" * 1024),
    ],
)
def test_what_is_wrong_with_a_link_is_said_beside_its_field(send, field, value):
    response = send("links", **{**LINK, field: value})
    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]
    assert sent() == []


def test_a_card_is_sent_with_its_cover_cropped(send):
    response = send("cards", **CARD, cover=cover())
    [message] = sent()
    assert response.status_code == 200
    assert (message.kind, message.data) == ("card", CARD)
    with Image.open(media.path(message.picture)) as picture:
        assert picture.size == (520, 416)


def test_a_page_of_the_list_lends_its_cover(send, conversation, mini_program):
    picture = media.keep_cover(painting(800, 600))
    page = Page.objects.create(
        mini_program=mini_program, path="pages/a", title="首页", cover=picture
    )
    assert send("cards", **CARD, page=page.pk).status_code == 200
    assert [message.picture for message in sent()] == [picture]


def test_another_mini_programs_page_lends_nothing(send):
    other = MiniProgram.objects.create(appid="wxother", name="别家")
    page = Page.objects.create(
        mini_program=other,
        path="pages/a",
        title="首页",
        cover=media.keep_cover(painting(800, 600)),
    )
    response = send("cards", **CARD, page=page.pk)
    assert response.status_code == 422
    assert list(response.json()["fields"]) == ["cover"]
    assert sent() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "长" * 65),
        ("page_path", ""),
        ("page_path", "/"),
        ("page_path", "pages/a b"),
        ("page_path", "长" * 400),
        ("appid", 'wx"'),
        ("appid", "w" * 33),
        ("cover", SimpleUploadedFile("a.jpg", b"<svg/>", content_type="image/jpeg")),
        ("cover", ""),
    ],
)
def test_what_is_wrong_with_a_card_is_said_beside_its_field(send, field, value):
    response = send("cards", **{**CARD, "cover": cover(), field: value})
    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]
    assert sent() == []


def test_a_path_is_sent_as_in_app_json(send):
    send("cards", **{**CARD, "page_path": "/pages/a"}, cover=cover())
    assert sent()[0].data["page_path"] == "pages/a"


def test_the_list_holds_this_mini_programs_pages(desk, conversation, mini_program):
    other = MiniProgram.objects.create(appid="wxother", name="别家")
    Page.objects.create(mini_program=mini_program, path="pages/a?x=1&y=2", title="首页")
    Page.objects.create(mini_program=other, path="pages/b", title="别处")
    drawn = desk.get(f"/conversations/{conversation.pk}/pages/").text
    assert 'value="pages/a?x=1&amp;y=2"' in drawn
    assert "首页" in drawn
    assert "别处" not in drawn


def test_nothing_is_sent_without_a_uuid(send):
    assert send("links", **LINK, client_uuid="").status_code == 422
    assert send("cards", **CARD, cover=cover(), client_uuid="").status_code == 422
    assert sent() == []
