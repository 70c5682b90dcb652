import io

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from tools import translations

TEMPLATE = """
{% load i18n %}
      <p title="{% translate 'Send' %}">
    {{ _("Draft") }} {% include "x" with label=_("Retry") %}
{% blocktranslate trimmed %}
   Written by
   {{ name }}
{% endblocktranslate %}
{% blocktranslate count n=n %}{{ n }} answer{% plural %}{{ n }} answers{% endblocktranslate %}
{% translate "Close" context "a conversation" %}
{% blocktranslate %}100% sure{% endblocktranslate %}
"""
PYTHON = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext_lazy
_("Sent"); gettext_lazy("Queued"); pgettext_lazy("a window", "Open")
ngettext("%(n)s message", "%(n)s messages", 3)
"""


@pytest.fixture
def texts(tmp_path):
    """The texts found in one template and one module: {(context, id)}."""
    (tmp_path / "page.html").write_text(TEMPLATE)
    (tmp_path / "code.py").write_text(PYTHON)
    found = translations._texts(tmp_path, translations._sources(tmp_path))
    return {(each["context"], each["id"]) for each in found}


def test_every_way_to_mark_a_text_is_found(texts):
    assert texts == {
        (None, "Send"),
        (None, "Draft"),
        (None, "Retry"),
        (None, "Written by %(name)s"),
        (None, ("%(n)s answer", "%(n)s answers")),
        ("a conversation", "Close"),
        (None, "100%% sure"),
        (None, "Sent"),
        (None, "Queued"),
        ("a window", "Open"),
        (None, ("%(n)s message", "%(n)s messages")),
    }


def test_unfolds_texts_are_taken_in_unless_django_has_them():
    catalog = translations.extract()

    assert "Apply Filters" in catalog
    assert ("unfold/templates/unfold/helpers/boolean.html", None) in (
        catalog["True"].locations
    )
    assert "Save and add another" not in catalog  # Django's admin has it


@pytest.mark.parametrize(
    ("text", "translation", "fine"),
    [
        ("Taken by %(agent)s", "由 %(agent)s 接入", True),
        ("Taken by %(agent)s", "已接入", False),
        ("Taken by %(agent)s", "由 %(agend)s 接入", False),
        (("%(n)s answer", "%(n)s answers"), ("%(n)s 条",), True),
        (("One answer", "%(n)s answers"), ("%(n)s 条",), True),
        (("%(n)s answer", "%(n)s answers"), ("一条",), False),
        ("{n}/{most} bytes", "{most} 字节中的 {n}", True),
        ("{n}/{most} bytes", "{n} 字节", False),
        ("100%% sure", "100%% 确定", True),
    ],
)
def test_a_translation_keeps_the_placeholders(text, translation, fine):
    message = Catalog(locale="zh_Hans").add(text, translation)
    assert translations._same_placeholders(message) is fine


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """The project's catalogue, complete, in a folder of our own."""
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "PO", tmp_path / "django.po")
    monkeypatch.setattr(translations, "MO", tmp_path / "django.mo")
    sources = Catalog(locale="zh_Hans")
    sources.add("Send")
    monkeypatch.setattr(translations, "extract", lambda: sources)
    translations.PO.write_text('msgid "Send"\nmsgstr "发送"\n')
    translations.compile_catalog()
    return translations.PO


def test_a_complete_catalogue_passes(catalogue):
    assert translations.problems() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('msgid "Send"\nmsgstr ""\n', "not translated: 'Send'"),
        ('#, fuzzy\nmsgid "Send"\nmsgstr "送"\n', "fuzzy: 'Send'"),
        ('msgid "Sent"\nmsgstr "已发送"\n', "not in the .po: 'Send'"),
        ('msgid "Sent"\nmsgstr "已发送"\n', "no longer used: 'Sent'"),
        ('msgid "Send"\nmsgstr "送出"\n', "the .mo is not what the .po says"),
    ],
)
def test_a_catalogue_that_fell_behind_is_told(catalogue, change, problem):
    catalogue.write_text(change)
    assert any(told.startswith(problem) for told in translations.problems())


def test_updating_keeps_translations_and_drops_what_is_gone(catalogue):
    catalogue.write_text('msgid "Send"\nmsgstr "发送"\n\nmsgid "Old"\nmsgstr "旧"\n')

    translations.update()

    updated = read_po(io.BytesIO(catalogue.read_bytes()))
    assert updated["Send"].string == "发送"
    assert "Old" not in updated
