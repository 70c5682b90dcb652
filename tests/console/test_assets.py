"""What a browser loads before the desk stands."""

from pathlib import Path

import brotli
from django.contrib.staticfiles import finders

CONSOLE = Path(__file__).resolve().parents[2] / "console/static/console"
MOST = 150_000  # bytes, compressed, of all that the console's pages can load


def test_all_scripts_and_styles_are_small():
    files = [*CONSOLE.glob("js/*.js"), *CONSOLE.glob("css/*.css")]
    files.append(Path(finders.find("django_htmx/htmx-2.min.js")))

    sizes = {file.name: len(brotli.compress(file.read_bytes())) for file in files}

    assert len(files) > 50
    assert sum(sizes.values()) < MOST
