"""Files that claim to be pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from conversations.media import Unusable, decoding
from conversations.media.decoding import MOST_FRAMES, make_anew, make_cover
from tests import pictures
from tests.pictures import END, SCRIPT, SVG, chunk, painting, saved, seen

PNG = painting(kind="PNG")
JPEG = painting()

NOT_PICTURES = {
    "svg": SVG,
    "svg with a byte order mark": b"\xef\xbb\xbf" + SVG,
    "svg with a declaration": b'<?xml version="1.0"?>' + SVG,
    "svg, packed": b"\x1f\x8b\x08\x00" + SVG,
    "html": b"<!doctype html><html>" + SCRIPT,
    "javascript": b"alert(1)//",
    "xml with an entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "pdf": b"%PDF-1.7\n/JS (app.alert(1))",
    "nothing": b"",
    "one byte": b"\xff",
    "a jpeg's first bytes and html": b"\xff\xd8\xff\xe0" + SCRIPT,
    "a png's first bytes and html": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "a gif's first bytes and script": b"GIF89a=1;alert(1)",
    "half a jpeg": JPEG[: len(JPEG) // 2],
    "half a png": PNG[: len(PNG) // 2],
    "bmp": saved(Image.new("RGB", (4, 4)), "BMP"),
    "tiff": saved(Image.new("RGB", (4, 4)), "TIFF"),
    "ico": saved(Image.new("RGB", (16, 16)), "ICO"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run",
    "zip": b"PK\x03\x04" + b"\0" * 40,
    "htaccess": b"AddType application/x-httpd-php .jpg\n",
    "pixel bomb": pictures.bomb(),
    "gif bomb": pictures.huge_gif(),
    "text bomb": PNG[:33] + chunk(b"zTXt", b"a\0\0" + b"\x78\x9c" * 9) + END,
    "eleven megabytes": JPEG + b"\0" * 11 * 1024**2,
}

POLYGLOTS = {
    "jpeg with script behind": JPEG + SCRIPT,
    "png with script behind": PNG + SCRIPT,
    "png with script in a comment": PNG[:33]
    + chunk(b"tEXt", b"Comment\0" + SCRIPT)
    + PNG[33:],
    "gif that is javascript": saved(Image.new("P", (4, 4)), "GIF", comment=SCRIPT),
    "jpeg with script in a comment": saved(
        Image.new("RGB", (4, 4)), "JPEG", comment=SCRIPT
    ),
    "jpeg with a zip behind": JPEG + b"PK\x03\x04" + SCRIPT,
}


@pytest.mark.parametrize("content", NOT_PICTURES.values(), ids=NOT_PICTURES)
def test_what_is_no_picture_of_ours_is_refused_in_words(content):
    with pytest.raises(Unusable, match=r"图片.*。"):
        make_anew(content)


def test_an_animation_that_outgrows_its_first_frame_takes_nobody_along():
    try:
        made = make_anew(pictures.growing_gif())
    except Unusable:
        return
    assert (made.width, made.height) == (4, 4)


@pytest.mark.parametrize("content", POLYGLOTS.values(), ids=POLYGLOTS)
def test_what_is_a_picture_and_more_becomes_a_picture_only(content):
    made = make_anew(content)
    for file in (made.content, made.thumb):
        assert b"script" not in file
        assert b"PK\x03\x04" not in file


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_refused_and_never_ends_us(data):
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
    content = bytearray(painting(24, 18, kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.integers(0, 255)
        )
    try:
        assert make_anew(bytes(content)).width > 0
    except Unusable:
        pass


def test_a_photo_loses_where_it_was_taken_and_stands_upright():
    photo = Image.new("RGB", (60, 40), "navy")
    photo.paste("red", (0, 0, 20, 20))
    exif = photo.getexif()
    exif[0x0112] = 6  # Turned a quarter
    exif[0x8825] = {1: "N", 2: (31.0, 14.0, 0.0)}
    exif[0x010E] = "31.2304N 121.4737E"
    made = make_anew(saved(photo, "JPEG", exif=exif, quality=95))

    kept = seen(made.content)
    assert (made.width, made.height) == kept.size == (40, 60)
    assert kept.getexif() == {}
    assert b"31.2304" not in made.content
    red, _, _ = kept.getpixel((35, 5))
    assert red > 200


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("JPEG", "JPEG"), ("PNG", "PNG"), ("GIF", "JPEG"), ("WEBP", "JPEG")],
)
def test_what_is_kept_is_what_wechat_takes(kind, kept):
    made = make_anew(painting(kind=kind))
    assert seen(made.content).format == kept
    assert made.content_type == f"image/{kept.lower()}"
    assert seen(made.thumb).format == "WEBP"


def test_an_animation_goes_on_moving():
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP"):
        made = make_anew(
            saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=90)
        )
        kept = seen(made.content)
        assert (made.content_type, kept.n_frames) == ("image/gif", 3)
        assert kept.info["duration"] == 90


def test_an_animation_without_end_becomes_its_first_picture():
    frames = [Image.new("P", (4, 4), number % 256) for number in range(MOST_FRAMES + 9)]
    made = make_anew(
        saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20)
    )
    assert getattr(seen(made.content), "n_frames", 1) == 1


def test_what_is_transparent_stays_so():
    made = make_anew(saved(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "WEBP"))
    assert made.content_type == "image/png"
    assert seen(made.content).getpixel((3, 3))[3] == 0


def test_a_picture_is_made_to_fit():
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    content = saved(noise, "PNG")
    made = make_anew(content, most_bytes=400_000)
    assert len(content) > 400_000 >= len(made.content)
    assert (made.width, made.height) == (900, 900)
    with pytest.raises(Unusable, match="微信"):
        make_anew(content, most_bytes=10_000)


def test_a_long_screenshot_stays_legible_and_its_thumbnail_is_no_thread():
    made = make_anew(painting(300, 6000, "PNG"))
    assert (made.width, made.height) == (300, 6000)
    width, height = seen(made.thumb).size
    assert (width, height) == (160, 480)


def test_the_same_picture_is_made_the_same():
    assert make_anew(JPEG).content == make_anew(JPEG).content


@pytest.mark.parametrize(("width", "height"), [(520, 416), (2000, 300), (50, 900)])
def test_a_cover_is_520_by_416(width, height):
    made = make_cover(painting(width, height))
    assert (made.width, made.height) == seen(made.content).size == (520, 416)


def test_a_cover_shows_what_was_cut_out():
    picture = Image.new("RGB", (200, 200), "white")
    picture.paste("blue", (0, 0, 50, 40))
    content = saved(picture, "PNG")
    assert seen(make_cover(content, (0, 0, 50, 40)).content).getpixel((400, 300)) == (
        pytest.approx((0, 0, 255), abs=4)
    )
    with pytest.raises(Unusable, match="裁剪"):
        make_cover(content, (150, 150, 300, 300))


# In a process of its own: memory once taken is not seen to be given back.
MEASURE = """
import importlib.util, resource, sys
from django.conf import settings
settings.configure(USE_I18N=False)
from tests import pictures
# Without the database that the package around it needs.
spec = importlib.util.spec_from_file_location("decoding", sys.argv[2])
decoding = importlib.util.module_from_spec(spec)
sys.modules["decoding"] = decoding
spec.loader.exec_module(decoding)
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
content = open(sys.argv[1], "rb").read()
decoding.make_anew(pictures.painting())
before = peak()
try:
    decoding.make_anew(content)
except decoding.Unusable:
    pass
print(peak() - before)
"""


@pytest.mark.parametrize("which", ["bomb", "largest", "photo"])
def test_no_file_takes_more_than_150_megabytes(which, tmp_path):
    content = {
        "bomb": pictures.bomb,
        "largest": lambda: painting(5000, 5000, "PNG"),
        "photo": lambda: painting(6000, 4000),
    }[which]()
    file = tmp_path / "picture"
    file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file), decoding.__file__],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    assert int(done.stdout) < 150 * 1024  # ru_maxrss is in KiB
