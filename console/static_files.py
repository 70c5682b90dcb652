"""Static files under names that change with their contents."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Hashed names, in JavaScript's own imports too.

    Not strict: before `collectstatic` has run (runserver, tests) a file goes by its
    plain name.
    """

    support_js_module_import_aggregation = True
    manifest_strict = False

    def url_converter(
        self, name: str, hashed_files: Any, template: str | None = None
    ) -> Callable[[re.Match[str]], str]:
        """Leave other people's scripts alone: comments in them look like imports."""
        if name.endswith(".js") and not name.startswith("console/"):
            return lambda match: match[0]
        return super().url_converter(name, hashed_files, template)

    def stored_name(self, name: str) -> str:
        try:
            return super().stored_name(name)
        except ValueError:
            return name
