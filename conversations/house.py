"""What every page is told about the house: which pages it serves now, and whether the
worker lives, without which nothing goes out.

    {"topic": "house", "version": "5f0c…", "worker_is_silent": false}
"""

from __future__ import annotations

import hashlib
import json
import time
from functools import cache

from django.conf import settings

from conversations import health

MADE_OF = ("templates", "console/static/console")
KINDS = {".html", ".svg", ".css", ".js"}

_began = time.monotonic()


@cache
def version() -> str:
    """Return a digest of what pages are made of: nobody remembers to raise a number.

    Read once: a process goes on serving what it began with.
    """
    digest = hashlib.sha256()
    for folder in MADE_OF:
        root = settings.BASE_DIR / folder
        for path in sorted(root.rglob("*")):
            if path.suffix in KINDS:
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def worker_is_silent() -> bool:
    """Return whether the worker has stopped, or was never started.

    It begins with the web process, and gets as long to show itself as between two beats
    that are too far apart.
    """
    is_new = time.monotonic() - _began < health.SILENT.total_seconds()
    return not is_new and not health.lives("worker")


def frame(*, worker_is_silent: bool) -> str:
    """Return it as a tab is told."""
    return json.dumps(
        {
            "topic": "house",
            "version": version(),
            "worker_is_silent": worker_is_silent,
        }
    )
