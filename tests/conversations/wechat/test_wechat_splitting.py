"""A long text in several messages: nothing lost, nothing torn."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.wechat.jump_links import JumpLink, pieces, size
from conversations.wechat.splitting import split

LINK = "⟦点击进入|pages/a/b?x=1⟧"
EMOJI = ["👨‍👩‍👧‍👦", "👍🏽", "🇨🇳", "❤️", "é", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍🚀"]
ADDRESS = "https://a.cn/?b=1"
words = st.lists(
    st.sampled_from([*"好的，。！？、 \n?!;.ab<3/", LINK, *EMOJI, ADDRESS + " "]),
    max_size=300,
).map("".join)
limits = st.integers(min_value=160, max_value=600)
APPID = "wx0123456789abcdef"


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(words, limits)
def test_every_part_fits_and_together_they_say_the_same(text, limit):
    parts = split(text, limit, APPID)
    assert all(part == part.strip() != "" for part in parts)
    assert all(size(part, APPID) <= limit for part in parts)
    assert without_blanks("".join(parts)) == without_blanks(text)


@given(words, limits)
def test_no_link_address_or_emoji_is_cut(text, limit):
    parts = split(text, limit, APPID)
    for whole in [LINK, *EMOJI, ADDRESS]:
        assert sum(part.count(whole) for part in parts) == text.count(whole)


@given(st.text(max_size=300), st.integers(min_value=8, max_value=64))
def test_any_text_at_all_is_cut_between_characters(text, limit):
    parts = split(text, limit)
    links = [piece for piece in pieces(text) if isinstance(piece, JumpLink)]
    assert without_blanks("".join(parts)) == without_blanks(text)
    assert links or all(size(part) <= limit for part in parts)


@given(words, limits)
def test_what_fits_is_one_part(text, limit):
    if text.strip() and size(text.strip(), APPID) <= limit:
        assert split(text, limit, APPID) == [text.strip()]


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("一二三。四五六。七八", 24, ["一二三。四五六。", "七八"]),
        ("一二三。四五六七八九，十", 24, ["一二三。", "四五六七八九，十"]),
        ("他说：“好。”然后走了", 24, ["他说：“好。”", "然后走了"]),
        ("真的？！是的吗", 18, ["真的？！", "是的吗"]),
        ("一二三四，五六七八", 18, ["一二三四，", "五六七八"]),
        ("It is 3.5 m. Really so", 16, ["It is 3.5 m.", "Really so"]),
        ("one two three", 8, ["one two", "three"]),
        ("第一行\n第二行", 12, ["第一行", "第二行"]),
        ("一二三四五六", 9, ["一二三", "四五六"]),
        ("a👍🏽b👍🏽c", 10, ["a👍🏽b", "👍🏽c"]),
        ("好" * 3 + "https://a.cn/?b=1", 40, ["好好好https://a.cn/?b=1"]),
        ("", 9, []),
        (" \n ", 9, []),
    ],
)
def test_cuts_fall_where_a_reader_would_pause(text, limit, parts):
    assert split(text, limit) == parts


def test_a_link_counts_as_the_tag_it_becomes():
    text = LINK + "好" * 30
    assert len(text.encode()) < 160 < size(text, APPID)
    assert split(text, 160, APPID)[0].startswith(LINK)
    assert len(split(text, 160, APPID)) == 2


def test_a_character_past_all_measure_is_cut_all_the_same():
    zalgo = "a" + "\u0301" * 50
    assert "".join(split(zalgo, 20)) == zalgo
    assert all(len(part.encode()) <= 20 for part in split(zalgo, 20))


def test_twenty_thousand_characters_are_soon_cut():
    assert len(split("这是一句话。" * 3300, 2048)) == 30
