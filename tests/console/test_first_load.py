"""What comes over the line when a browser has nothing yet."""

from __future__ import annotations

import gzip
import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpResponse

from console.compression import PageCompressionMiddleware

CONSOLE = re.compile(r'<link rel="modulepreload" href="/static/(console/js/[^"]+)">')


@pytest.mark.django_db
def test_a_page_is_compressed_and_reads_as_before(client, lin):
    client.force_login(lin)

    plain = client.get("/inbox/")
    packed = client.get("/inbox/", headers={"accept-encoding": "gzip"})

    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 3
    assert b"inbox-list" in gzip.decompress(packed.content)


def test_pictures_and_downloads_are_left_alone(rf):
    def compressed(response):
        asked = rf.get("/", headers={"accept-encoding": "gzip"})
        return PageCompressionMiddleware(lambda _: response)(asked)

    picture = HttpResponse(b"\0" * 5000, content_type="image/jpeg")
    download = FileResponse(b"\0" * 5000, content_type="text/html")

    assert not compressed(picture).has_header("Content-Encoding")
    assert not compressed(download).has_header("Content-Encoding")


@pytest.mark.django_db
def test_every_script_is_asked_for_at_once(client, lin):
    client.force_login(lin)

    named = CONSOLE.findall(client.get("/inbox/").content.decode())

    imported = {"console/js/desk.js"}
    for name in [*imported, *named]:
        with open(finders.find(name)) as script:
            lines = re.findall(r'"\./(\w+\.js)"', script.read())
        imported |= {f"console/js/{line}" for line in lines}
    assert len(named) == len(set(named)) > 50
    assert {"console/js/desk.js", *named} == imported
    assert settings.STATIC_URL == "/static/"
