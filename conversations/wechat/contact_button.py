"""A contact button as a mini program's developer copies it: WXML, and its handler.

    <button open-type="contact" session-from="…" bindcontact="onContact">联系客服</button>

What WXML could take for its own (quotes, `<`, `&`, `{{`) stands in the page's data, as a
JavaScript string, and the attribute binds it: so it arrives as it was written, whatever
becomes of entities on the way.

Source: developers.weixin.qq.com › miniprogram › component › button, open-type contact.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LONGEST_SESSION_FROM = 1024  # characters
PLAIN = re.compile(r"""[^"'<>&{}\\\x00-\x1f\x7f\u2028\u2029]*""")

HANDLER = """\
const COUNTED = %(counted)s

Page({
%(data)s  // Somebody tapped a card in the chat: WeChat says which page, and we go there.
  onContact({ detail: { path, query = {} } }) {
    wx.setStorageSync(COUNTED, (wx.getStorageSync(COUNTED) || 0) + 1)
    if (!path) return
    const [page, own] = path.split("?")
    const given = Object.entries(query)
      .map((pair) => pair.map(encodeURIComponent).join("="))
      .join("&")
    const search = own || given
    const url = page.startsWith("/") ? page : `/${page}`
    wx.navigateTo({
      url: search ? `${url}?${search}` : url,
      fail: () => wx.switchTab({ url }), // A page of the tab bar takes no query
    })
  },
})
"""


@dataclass(frozen=True, slots=True)
class Card:
    """What the chat offers to send: a card of the page somebody comes from.

    Empty: the page's own title, path and picture.
    """

    title: str = ""
    path: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    wxml: str
    script: str


def snippet(session_from: str, label: str, card: Card | None = None) -> Snippet:
    """Return what goes into a page's .wxml and into its .js."""
    attributes = {"open-type": "contact"}
    bound: dict[str, str] = {}
    for name, key, value in _given(session_from, card):
        if PLAIN.fullmatch(value):
            attributes[name] = value
        else:
            attributes[name] = "{{" + key + "}}"
            bound[key] = value
    if card:
        attributes["show-message-card"] = "{{true}}"
    attributes["bindcontact"] = "onContact"
    lines = [f'  {name}="{value}"' for name, value in attributes.items()]
    wxml = "\n".join(["<button", *lines, f">{label}</button>\n"])
    script = HANDLER % {
        "counted": _quoted(f"contact {session_from}".strip()),
        "data": _data(bound),
    }
    return Snippet(wxml, script)


def _given(session_from: str, card: Card | None) -> list[tuple[str, str, str]]:
    """Return (attribute, its name in the page's data, value) of what isn't empty."""
    card = card or Card()
    return [
        one
        for one in (
            ("session-from", "sessionFrom", session_from),
            ("send-message-title", "cardTitle", card.title),
            ("send-message-path", "cardPath", card.path),
            ("send-message-img", "cardImage", card.image),
        )
        if one[2]
    ]


def _data(bound: dict[str, str]) -> str:
    if not bound:
        return ""
    lines = [f"    {key}: {_quoted(value)},\n" for key, value in bound.items()]
    return "".join(["  data: {\n", *lines, "  },\n\n"])


def _quoted(text: str) -> str:
    """Return a text as a JavaScript string."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
