"""Scripts are asked for all at once, and not one after the other names them."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORTED = re.compile(r'^(?:import|export)\b[^"\n]*"(\.{1,2}/[^"]+)"', re.MULTILINE)


@register.simple_tag
def module_preloads(name: str) -> SafeString:
    """Draw a link for each module that this one imports, and they in turn.

    A browser learns of an import only once it has read the file before: on a line with
    20 ms there and back, three such steps are as long as a page.
    """
    links = ((static(one),) for one in _imports(name))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)


@cache
def _imports(name: str) -> list[str]:
    """Return the static names, each once and the nearest first."""
    found = [name]
    for one in found:
        path = finders.find(one)
        text = Path(path).read_text() if path else ""
        for relative in IMPORTED.findall(text):
            imported = posixpath.normpath(
                posixpath.join(posixpath.dirname(one), relative)
            )
            if imported not in found:
                found.append(imported)
    return found[1:]
