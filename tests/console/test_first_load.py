"""What comes over the line when a browser has nothing yet."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpResponse

from console.compression import PageCompressionMiddleware

CONSOLE_FILES = Path(__file__).resolve().parents[2] / "console/static/console"
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


STYLE = "/static/console/css/base.css"


async def ask(path: str, method: str = "GET", **headers: str) -> dict:
    """Return what the web process answers: status, headers and body."""
    from console.asgi import application

    lines = [
        (name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()
    ]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": [(b"host", b"testserver"), *lines]}
    said: dict = {"body": b""}

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: dict) -> None:
        said["status"] = event.get("status", said.get("status"))
        said["body"] += event.get("body", b"")
        for name, value in event.get("headers", []):
            said[name.decode()] = value.decode()

    await application(scope, receive, send)
    return said


async def test_a_style_comes_whole_once_and_runs_as_nothing_else():
    came = await ask(STYLE)
    assert came["status"] == 200
    assert came["body"] == (CONSOLE_FILES / "css/base.css").read_bytes()
    assert came["content-type"].startswith("text/css")
    assert came["x-content-type-options"] == "nosniff"

    again = await ask(STYLE, if_none_match=came["etag"])
    assert (again["status"], again["body"]) == (304, b"")
    assert (await ask(STYLE, "HEAD"))["body"] == b""
    assert (await ask(STYLE, range="bytes=0-9"))["body"] == came["body"][:10]
    assert (await ask(STYLE, "POST"))["status"] == 405


@pytest.mark.parametrize(
    "path",
    ["/static/../manage.py", "/static/console/none.css", "/static/", "/manage.py"],
)
async def test_no_other_file_is_served(path):
    from console import static_files

    await ask(STYLE)  # Everything is set up
    assert not static_files.is_ours({"path": path})
