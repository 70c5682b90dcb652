import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.wechat.messages import (
    TEXT_BYTES,
    Card,
    Image,
    Invalid,
    Link,
    Text,
    TooLong,
    encode,
    literal,
)

LINK = Link("标题", "说明", "https://example.com/", "https://example.com/i.png")
CARD = Card("标题", "pages/index/index?a=1", "media-1")


def test_a_text_is_sent_in_raw_utf8():
    sent = encode(Text('在的 😀 "引号"\n').payload("o-xiaoming"))
    assert "在的 😀".encode() in sent
    assert rb"\u" not in sent
    assert json.loads(sent) == {
        "touser": "o-xiaoming",
        "msgtype": "text",
        "text": {"content": '在的 😀 "引号"\n'},
    }


@given(st.text(st.characters(exclude_characters="\\")))
def test_no_text_is_ever_sent_with_unicode_escapes(text):
    sent = encode(Text(text).payload("o"))
    assert rb"\u" not in sent
    json.loads(sent)


def test_control_characters_and_half_pairs_are_replaced():
    sent = json.loads(encode(Text("a\x00b\x07c\ud800d\te").payload("o")))
    assert sent["text"]["content"] == "a�b�c�d\te"


def test_a_card_names_its_mini_program_only_if_told_to():
    assert "appid" not in CARD.payload("o")["miniprogrampage"]
    own = Card("标题", "pages/a", "media-1", appid="wx1")
    assert own.payload("o")["miniprogrampage"]["appid"] == "wx1"


@pytest.mark.parametrize("message", [Text("a"), LINK, CARD, Image("media-1")])
def test_what_is_whole_passes(message):
    message.check()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Text(""), "text"),
        (Text(" \n　"), "text"),
        (Link("", "d", "https://u", "https://t"), "title"),
        (Link("t", "", "https://u", "https://t"), "description"),
        (Link("t", "d", "", "https://t"), "url"),
        (Link("t", "d", "https://u", ""), "thumb_url"),
        (Link("t", "d", "javascript:alert(1)", "https://t"), "url"),
        (Link("t", "d", "https://u", "data:image/png,"), "thumb_url"),
        (Image(""), "media_id"),
        (Card("", "p", "m"), "title"),
        (Card("t", "", "m"), "page_path"),
        (Card("t", "p", ""), "thumb_media_id"),
    ],
)
def test_what_wechat_would_refuse_is_named(message, field):
    with pytest.raises(Invalid) as info:
        message.check()
    assert info.value.field == field


@pytest.mark.parametrize("character", ["a", "在", "😀"])
def test_a_text_is_measured_in_bytes(character):
    size = len(character.encode())
    Text(character * (TEXT_BYTES // size)).check()
    with pytest.raises(TooLong) as info:
        Text(character * (TEXT_BYTES // size + 1)).check()
    assert info.value.length == size * (TEXT_BYTES // size + 1)
    assert info.value.limit == TEXT_BYTES


@pytest.mark.parametrize(
    "text",
    ["1 < 2", "i <3 u", "a > b", "<", "<>", "->", "&lt;", "价格<100", "<在>"],
)
def test_what_is_not_markup_is_left_alone(text):
    assert literal(text) == text


@pytest.mark.parametrize(
    "text", ['<a href="https://x">点</a>', "<A href=x>", "</a>", "<b>", "<!doctype>"]
)
def test_markup_an_agent_types_reads_as_typed_and_is_none(text):
    written = literal(text)
    assert written.replace("\u200b", "") == text
    assert "<\u200b" in written
    assert literal(written) == written
