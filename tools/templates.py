"""Compiles every template, so that a mistyped tag is found before somebody draws it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.template import TemplateSyntaxError
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [ROOT / "templates", *ROOT.glob("*/templates")]


def problems() -> list[str]:
    """Return what is wrong, a line for each template that doesn't compile."""
    found = []
    for folder in FOLDERS:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            try:
                get_template(name)
            except (TemplateSyntaxError, UnicodeDecodeError) as exc:
                found.append(f"{name}: {exc}")
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    if found := problems():
        sys.exit("\n".join(["Templates:", *found]))
