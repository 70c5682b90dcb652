"""Keeps locale/zh_Hans, without gettext's own programs.

    python -m tools.translations extract   print what there is to translate (a .pot)
    python -m tools.translations update    merge it into the .po
    python -m tools.translations compile   write the .mo from the .po
    python -m tools.translations check     fail when anything is missing or out of date

Sources are ours and django-unfold's, which brings no catalogues: of its texts, those
that Django itself has no Chinese for.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS
from babel.messages.extract import extract as extract_calls
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import AppConfig, apps
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "zh_Hans"
PO = ROOT / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")

OURS = ("templates", "agents", "console", "conversations")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# %(name)s, %s and {name}, but not the %% of a plain percent sign.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|(?<!%)%[sd]|\{\w*\}")

Key = tuple[str | None, str]  # (context, text in the singular)


def extract() -> Catalog:
    """Read the sources into a catalogue without translations."""
    catalog = Catalog(locale=LANGUAGE, project="Kefu", charset="utf-8")
    catalog.header_comment = "# Chinese for Kefu, and for the texts of django-unfold."
    for message in _texts(ROOT, _our_files()):
        catalog.add(**message)
    known = _translated_by_django()
    for message in _texts(_package("unfold").parent, _of_unfold()):
        if _key(message["id"], message["context"]) not in known:
            catalog.add(**message)
    return catalog


def _our_files() -> Iterator[Path]:
    for folder in OURS:
        yield from _sources(ROOT / folder)


def _sources(folder: Path) -> Iterator[Path]:
    for kind in ("*.py", "*.html", "*.txt"):
        for path in sorted(folder.rglob(kind)):
            if "migrations" not in path.parts:
                yield path


def _texts(base: Path, paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield what Catalog.add takes, for every text marked in these files."""
    for path in paths:
        source = path.read_text()
        if path.suffix != ".py":
            source = _as_python(source)
        for _line, text, notes, context in extract_calls(
            "python", io.BytesIO(source.encode()), KEYWORDS, ["Translators:"]
        ):
            yield {
                "id": text,
                "context": context,
                "locations": [(path.relative_to(base).as_posix(), None)],
                "auto_comments": notes,
            }


def _as_python(template: str) -> str:
    """Turn a template's tags into gettext calls, as Django's makemessages does.

    Babel's tokenizer minds indentation, which means nothing in a template.
    """
    return "\n".join(line.strip() for line in templatize(template).splitlines())


def _translated_by_django() -> set[Key]:
    """Return the texts that Django and its apps in use have Chinese for."""
    folders = [_package("django.conf")]
    folders += [Path(app.path) for app in _apps("django.")]
    found: set[Key] = set()
    for folder in folders:
        path = folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
        if path.exists():
            with path.open("rb") as file:
                translated = read_po(file, locale=LANGUAGE)
            found |= {_key(m.id, m.context) for m in translated if m.string}
    return found


def _of_unfold() -> Iterator[Path]:
    """Yield unfold's files, without its extensions for packages we don't use."""
    unfold = _package("unfold")
    extensions = [Path(app.path) for app in _apps("unfold.contrib.")]
    for path in _sources(unfold):
        if not path.is_relative_to(unfold / "contrib") or any(
            path.is_relative_to(extension) for extension in extensions
        ):
            yield path


def _apps(prefix: str) -> Iterator[AppConfig]:
    return (app for app in apps.get_app_configs() if app.name.startswith(prefix))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        sys.exit(f"{name} isn't installed.")
    return Path(spec.origin).parent


def _key(text: str | Iterable[str], context: str | None) -> Key:
    return context, text if isinstance(text, str) else next(iter(text))


def stored() -> Catalog:
    """Read the .po, or begin one."""
    if not PO.exists():
        return Catalog(locale=LANGUAGE, project="Kefu", charset="utf-8")
    with PO.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def update() -> None:
    """Merge the sources' texts into the .po: new ones empty, old ones removed."""
    catalog = stored()
    catalog.fuzzy = False
    catalog.revision_date = catalog.creation_date
    catalog.last_translator = catalog.language_team = "Kefu contributors"
    catalog.update(
        extract(),
        no_fuzzy_matching=True,  # A guess looks like a translation
        update_header_comment=True,
        update_creation_date=False,
    )
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(
            file,
            catalog,
            include_lineno=False,
            ignore_obsolete=True,
            sort_by_file=True,
            width=88,
        )
    missing = sum(not _has_translation(m) for m in _messages(catalog))
    print(f"{PO.relative_to(ROOT)}: {len(catalog)} texts, {missing} to translate")


def compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def compile_catalog() -> None:
    MO.write_bytes(compiled(stored()))


def problems() -> list[str]:
    """Return what is wrong with the catalogue, a line each."""
    if not PO.exists():
        return [f"{PO.relative_to(ROOT)} is missing: make translations"]
    catalog, sources = stored(), extract()
    here = {_key(m.id, m.context) for m in _messages(catalog)}
    wanted = {_key(m.id, m.context) for m in _messages(sources)}
    found = [f"not in the .po: {text!r}" for _, text in sorted(wanted - here, key=str)]
    found += [f"no longer used: {text!r}" for _, text in sorted(here - wanted, key=str)]
    for message in _messages(catalog):
        if message.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        elif not _has_translation(message):
            found.append(f"not translated: {message.id!r}")
        elif not _same_placeholders(message):
            found.append(f"placeholders differ: {message.id!r}")
    if not MO.exists() or MO.read_bytes() != compiled(catalog):
        found.append("the .mo is not what the .po says: make translations")
    return found


def _messages(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _has_translation(message: Message) -> bool:
    strings = _strings(message)
    return bool(strings) and all(strings)


def _strings(message: Message) -> list[str]:
    """Return the translation in all its forms; Chinese has one."""
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or [])


def _same_placeholders(message: Message) -> bool:
    """Compare with the plural, if there is one: the singular may leave a number out."""
    source = message.id if isinstance(message.id, str) else message.id[-1]
    wanted = set(PLACEHOLDER.findall(source))
    return all(wanted == set(PLACEHOLDER.findall(s)) for s in _strings(message))


def main() -> None:
    match sys.argv[1:]:
        case ["extract"]:
            write_po(sys.stdout.buffer, extract(), include_lineno=False)
        case ["update"]:
            update()
        case ["compile"]:
            compile_catalog()
        case ["check"]:
            if found := problems():
                sys.exit("\n".join(["Translations:", *found]))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    main()
