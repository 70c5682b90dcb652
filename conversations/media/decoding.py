"""A file that claims to be a picture becomes pixels, and the pixels a new file.

Whatever else was in it stays behind: where a photo was taken, comments, and what makes a
browser take a picture for a script. Nobody's word is taken for what it is, neither a
name's nor a Content-Type's.

    in     JPEG, PNG, GIF, WebP
    kept   JPEG, PNG, GIF: what WeChat takes
    beside a thumbnail in WebP, for our own pages alone

A few kilobytes can stand for a gigabyte of pixels. So the size a file claims is looked
at before a pixel is made, and one picture is decoded at a time in a process.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}
THUMB_TYPE = "image/webp"

MOST_BYTES = 10 * 1024 * 1024  # of a file; WeChat's own limit
MOST_PIXELS = 25_000_000  # 100 MB of memory
HALVED_FROM = 16_000_000  # pixels; a JPEG can be read at half its size
MOST_FRAMES = 300  # of an animation; of a longer one the first is kept
MOST_FRAME_PIXELS = 20_000_000  # of all its frames together
THUMB_SIDE = 480  # pixels; shown at half of it, for dense screens
STRIP = 3  # times as long as wide: of more, the thumbnail shows a part
COVER = (520, 416)  # pixels, as WeChat's documents advise for a card
QUALITIES = (86, 75, 60, 45)  # tried in this order where bytes are limited
FRAME_PAUSE = range(20, 10_001)  # ms

NOT_A_PICTURE = 40005  # WeChat's own codes for the same
TOO_BIG = 40009

# Pillow raises at twice this number, also for frames that outgrow the first one; at the
# number itself it would only warn.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

_one_at_a_time = threading.Lock()

Box = tuple[int, int, int, int]  # left, top, right, bottom


class Unusable(ValueError):
    """No picture, or none that we take. Its text is a sentence for whoever gave it.

    errcode  WeChat's code for the same
    """

    def __init__(self, sentence: object, errcode: int = NOT_A_PICTURE) -> None:
        super().__init__(sentence)
        self.errcode = errcode

    def __str__(self) -> str:
        return str(self.args[0])  # In the reader's language, which may be another


@dataclass(frozen=True, slots=True)
class Made:
    """A picture made anew, and its thumbnail (WebP)."""

    content: bytes
    content_type: str
    width: int
    height: int
    thumb: bytes


def make_anew(content: bytes, most_bytes: int | None = None) -> Made:
    """Return the picture in a file, written by us.

    most_bytes  what it may have; reached by lowering its quality

    Raises Unusable. Takes up to seconds of a processor: never on an event loop.
    """
    return _opened(content, lambda image: _picture(image, most_bytes))


def make_cover(content: bytes, box: Box | None = None) -> Made:
    """Return a file's picture as a card's cover, 520 × 416.

    box  what to show of it, in its own pixels; without one, the middle

    Raises Unusable.
    """
    return _opened(content, lambda image: _cover(image, box))


def _opened(content: bytes, make: Callable[[Image.Image], Made]) -> Made:
    if len(content) > MOST_BYTES:
        raise Unusable(_("This picture is larger than 10 MB."), TOO_BIG)
    with _one_at_a_time:
        try:
            with Image.open(BytesIO(content), formats=FORMATS) as image:
                _check_size(image)
                return make(image)
        except Unusable:
            raise
        except Image.DecompressionBombError:
            raise _too_many_pixels() from None
        except Exception:
            # Pillow's readers raise whatever a broken file leads them to.
            raise Unusable(
                _("This can't be read as a picture. JPEG, PNG, GIF and WebP can.")
            ) from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> Unusable:
    return Unusable(
        _("This picture has more than 25 megapixels. Make it smaller."), TOO_BIG
    )


def _picture(image: Image.Image, most_bytes: int | None) -> Made:
    if image.format in ("GIF", "WEBP") and (frames := _frames(image)):
        content = _animation(*frames)
        return _made(content, "image/gif", frames[0][0])
    still = _still(image)
    if image.format == "PNG" or still.has_transparency_data:
        content = _png(still)
        if most_bytes is None or len(content) <= most_bytes:
            return _made(content, "image/png", still)
    still = _opaque(still)
    return _made(_jpeg(still, most_bytes), "image/jpeg", still)


def _cover(image: Image.Image, box: Box | None) -> Made:
    still = _opaque(_still(image))
    width, height = COVER
    if box is None:
        cover = ImageOps.fit(still, COVER, Image.Resampling.LANCZOS)
    else:
        left, top, right, bottom = box
        inside = 0 <= left < right <= still.width and 0 <= top < bottom <= still.height
        if not inside:
            raise Unusable(_("What was cut out lies outside of the picture."))
        cover = still.resize((width, height), Image.Resampling.LANCZOS, box=box)
    return _made(_jpeg(cover, None), "image/jpeg", cover)


def _still(image: Image.Image) -> Image.Image:
    """Return one picture, upright, without anything but its pixels."""
    if image.format in ("JPEG", "MPO") and image.width * image.height > HALVED_FROM:
        image.draft(None, (image.width // 2, image.height // 2))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    transparency = image.info.get("transparency")
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = image.convert("RGB")
        transparency = None
    still = Image.Image()._new(image.im)  # The same pixels in an image without a past
    if transparency is not None:
        still.info["transparency"] = transparency
    return still


def _opaque(still: Image.Image) -> Image.Image:
    """Return it as JPEG can hold it: on white, where it was transparent."""
    if not still.has_transparency_data:
        return still if still.mode in ("L", "RGB") else still.convert("RGB")
    still = still.convert("RGBA")
    ground = Image.new("RGB", still.size, "white")
    ground.paste(still, mask=still.getchannel("A"))
    return ground


def _frames(image: Image.Image) -> tuple[list[Image.Image], list[int]] | None:
    """Return an animation's frames and the ms each of them stays.

    None when it has one frame, or more than we keep.
    """
    frames: list[Image.Image] = []
    pauses: list[int] = []
    pixels = 0
    for number in range(MOST_FRAMES + 1):
        try:
            image.seek(number)  # Counting them all first may take a minute
        except EOFError:
            break
        _check_size(image)
        pixels += image.width * image.height
        if number == MOST_FRAMES or pixels > MOST_FRAME_PIXELS:
            frames.clear()
            break
        frame = image.convert("RGBA")
        frame.info = {}
        frames.append(frame)
        pause = int(image.info.get("duration") or 100)
        pauses.append(min(max(pause, FRAME_PAUSE.start), FRAME_PAUSE.stop - 1))
    if len(frames) > 1:
        return frames, pauses
    image.seek(0)
    return None


def _animation(frames: list[Image.Image], pauses: list[int]) -> bytes:
    out = BytesIO()
    frames[0].save(
        out,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=pauses,
        loop=0,
        disposal=2,
    )
    return out.getvalue()


def _png(still: Image.Image) -> bytes:
    out = BytesIO()
    still.save(out, "PNG")
    return out.getvalue()


def _jpeg(still: Image.Image, most_bytes: int | None) -> bytes:
    """Return it as JPEG, in the best quality that fits."""
    for quality in QUALITIES:
        out = BytesIO()
        still.save(out, "JPEG", quality=quality, optimize=True)
        if most_bytes is None or out.tell() <= most_bytes:
            return out.getvalue()
    raise Unusable(_("This picture is too large for WeChat. Make it smaller."), TOO_BIG)


def _made(content: bytes, content_type: str, still: Image.Image) -> Made:
    return Made(content, content_type, *still.size, thumb=_thumb(still))


def _thumb(still: Image.Image) -> bytes:
    """Return a small picture of it; of a strip, as of a long screenshot, its begin."""
    width = min(still.width, still.height * STRIP)
    height = min(still.height, still.width * STRIP)
    scale = min(1.0, THUMB_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Coarsely first: a fine one of the whole would copy all its pixels.
    coarse = tuple(
        min(4 * small, large)
        for small, large in zip(size, (width, height), strict=True)
    )
    thumb = still.resize(coarse, Image.Resampling.NEAREST, box=(0, 0, width, height))
    if "transparency" in still.info:
        thumb.info["transparency"] = still.info["transparency"]
    thumb = thumb.convert("RGBA" if thumb.has_transparency_data else "RGB")
    thumb, out = thumb.resize(size, Image.Resampling.LANCZOS), BytesIO()
    thumb.save(out, "WEBP", quality=80, method=3)
    return out.getvalue()
