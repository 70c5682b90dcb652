"""What browsers tell a page while an input method turns "ni" into 你 and is confirmed by
Enter, as recorded. They differ in whether the composition ends before or after that key,
and in what the key is called. The rest is the same for all.
"""

from __future__ import annotations

from typing import Any

Event = tuple[str, dict[str, Any]]

INPUT_METHOD = 229  # the key code of a key that an input method has taken


def key(kind: str, name: str, code: str, number: int, composing: bool) -> Event:
    fields = {"key": name, "code": code, "keyCode": number, "isComposing": composing}
    return kind, fields


BEGINNING: list[Event] = [
    key("keydown", "Process", "KeyN", INPUT_METHOD, False),
    ("compositionstart", {"data": ""}),
    ("compositionupdate", {"data": "n"}),
    ("input", {"data": "n", "isComposing": True}),
    key("keyup", "n", "KeyN", 78, True),
    key("keydown", "Process", "KeyI", INPUT_METHOD, True),
    ("compositionupdate", {"data": "ni"}),
    ("input", {"data": "ni", "isComposing": True}),
    key("keyup", "i", "KeyI", 73, True),
]
COMMITTED: list[Event] = [
    ("compositionupdate", {"data": "你"}),
    ("input", {"data": "你", "isComposing": True}),
    ("compositionend", {"data": "你"}),
]
RELEASED = key("keyup", "Enter", "Enter", 13, False)

CONFIRMED_BY_ENTER: dict[str, list[Event]] = {
    "Chrome, Microsoft Pinyin": [
        *BEGINNING,
        key("keydown", "Process", "Enter", INPUT_METHOD, True),
        *COMMITTED,
        RELEASED,
    ],
    "Chrome, macOS Pinyin": [
        *BEGINNING,
        key("keydown", "Enter", "Enter", INPUT_METHOD, True),
        *COMMITTED,
        RELEASED,
    ],
    "Firefox, Sogou": [
        *BEGINNING,
        key("keydown", "Enter", "Enter", 13, True),
        *COMMITTED,
        ("input", {"data": "你", "isComposing": False, "typed": False}),
        RELEASED,
    ],
    "Safari, macOS Pinyin": [
        *BEGINNING,
        *COMMITTED,
        key("keydown", "Enter", "Enter", INPUT_METHOD, False),
        RELEASED,
    ],
    "Edge, Wubi": [
        *BEGINNING,
        *COMMITTED,
        # Its own code, no composition, and still the input method's.
        key("keydown", "Enter", "Enter", 13, False),
        RELEASED,
    ],
}

# Plays a sequence to a field, in one go as the browser would within a tick or two.
PLAY = """(field, events) => {
    field.focus()
    let from = field.selectionStart, to = field.selectionEnd
    for (const [type, init] of events) {
        const options = {bubbles: true, cancelable: true, ...init}
        if (type.startsWith("key")) {
            field.dispatchEvent(new KeyboardEvent(type, options))
        } else if (type.startsWith("composition")) {
            if (type === "compositionstart") [from, to] = [field.selectionStart, field.selectionEnd]
            field.dispatchEvent(new CompositionEvent(type, options))
        } else {
            if (init.typed !== false) {
                field.setRangeText(init.data, from, to, "end")
                to = from + init.data.length
            }
            field.dispatchEvent(new InputEvent(type, options))
        }
    }
}"""
