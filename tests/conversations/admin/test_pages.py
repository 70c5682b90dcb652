"""Pages that agents send as cards."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agents.models import Agent
from conversations import media
from conversations.models import MiniProgram, Page
from tests import pictures
from tests.pictures import painting, seen

LIST = "/admin/conversations/page/"


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


def form(mini_program: MiniProgram, **fields: Any) -> dict[str, Any]:
    return {
        "mini_program": mini_program.pk,
        "title": "商品",
        "path": "pages/goods/detail?id=7",
        **fields,
    }


def file(content: bytes, name: str = "cover.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_page_gets_a_cover_of_the_right_size(client, mini_program):
    new = form(mini_program, path="/pages/index", new_cover=file(painting(900, 300)))
    assert client.post(f"{LIST}add/", new).status_code == 302
    page = Page.objects.get()
    assert page.path == "pages/index"  # As in app.json
    assert seen(media.path(page.cover).read_bytes()).size == (520, 416)

    answer = client.get(f"{LIST}{page.pk}/cover/")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    for shown in (LIST, f"{LIST}{page.pk}/change/"):
        assert f"{LIST}{page.pk}/cover/?{page.cover_id}" in client.get(shown).text


def test_a_page_keeps_its_cover_when_its_title_changes(client, mini_program):
    cover = media.keep_cover(painting())
    page = Page.objects.create(
        mini_program=mini_program, title="首页", path="pages/index", cover=cover
    )
    change = form(mini_program, title="新首页")
    assert client.post(f"{LIST}{page.pk}/change/", change).status_code == 302
    page.refresh_from_db()
    assert (page.title, page.cover) == ("新首页", cover)


def test_what_is_no_picture_is_said_and_nothing_is_changed(client, mini_program):
    new = form(mini_program, new_cover=file(pictures.SVG, "cover.png"))
    answer = client.post(f"{LIST}add/", new)
    assert answer.status_code == 200
    assert "JPEG" in answer.text
    assert not Page.objects.exists()


def test_a_path_holds_no_blanks(client, mini_program):
    answer = client.post(f"{LIST}add/", form(mini_program, path="pages/a b"))
    assert answer.status_code == 200
    assert not Page.objects.exists()
