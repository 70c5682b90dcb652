"""What becomes a link on the customer's phone, and what stays words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.simulator.custom_messages import parse_body
from conversations.wechat.jump_links import (
    BadTag,
    JumpLink,
    from_tags,
    pieces,
    plain,
    size,
    written,
)
from conversations.wechat.messages import Text, encode

OWN = "wx0123456789abcdef"


def test_a_token_is_sent_as_wechats_tag():
    assert written("看⟦这里|pages/a/b?x=1&y=2⟧吧", OWN) == (
        f'看<a data-miniprogram-appid="{OWN}" '
        'data-miniprogram-path="pages/a/b?x=1&y=2">这里</a>吧'
    )


def test_an_address_for_old_clients_and_another_appid_stand_in_it():
    token = "⟦这里|pages/a|https://example.com/?a=1|wxanother⟧"
    assert written(token, OWN) == (
        '<a href="https://example.com/?a=1" data-miniprogram-appid="wxanother" '
        'data-miniprogram-path="pages/a">这里</a>'
    )
    assert plain(token) == "这里"
    assert size(token, OWN) == len(written(token, OWN).encode())


@given(st.text())
def test_what_is_no_token_and_no_markup_is_sent_as_it_is(text):
    text = text.replace("<", "").replace("⟦", "")
    assert written(text, OWN) == text


@given(st.text(st.sampled_from("⟦⟧|<>/a\"' =好pages?&;wx-\n"), max_size=60))
def test_there_is_no_tag_but_of_a_token(text):
    links = [piece for piece in pieces(text) if isinstance(piece, JumpLink)]
    sent = written(text, OWN)
    assert sent.count("<a ") == len(links) == sent.count("</a>")
    assert sent.count('"') - text.count('"') >= 0
    for link in links:
        assert link.tag(OWN) in sent
        assert link.token in text


@pytest.mark.parametrize(
    "text",
    [
        "⟦这里⟧",
        "⟦这里|⟧",
        "⟦|pages/a⟧",
        "⟦ |pages/a⟧",
        "⟦这里|pages/a b⟧",
        '⟦这里|pages/a"onclick⟧',
        "⟦这里|pages/a>x⟧",
        "⟦<b>|pages/a⟧",
        "⟦这里|pages/a|javascript:alert(1)⟧",
        "⟦这里|pages/a|https://e.com|wx1|more⟧",
        "⟦这里|pages/a",
        "⟦这\n里|pages/a⟧",
        f"⟦这里|{'长' * 400}⟧",
        "[[这里|pages/a]]",
    ],
)
def test_what_isnt_quite_a_token_is_words(text):
    assert list(pieces(text)) == [text]
    assert "<a " not in written(text, OWN)


def test_an_agents_own_tag_is_read_and_not_followed():
    typed = '<a href="https://evil" data-miniprogram-appid="wx1">x</a>'
    assert "<a " not in written(typed, OWN)
    assert written(typed, OWN).replace("\u200b", "") == typed


TAG = (
    '<a href="http://www.qq.com" data-miniprogram-appid="appid" '
    'data-miniprogram-path="pages/index/index">点击跳小程序</a>'
)


@pytest.mark.parametrize(
    ("tag", "token"),
    [
        (TAG, "⟦点击跳小程序|pages/index/index|http://www.qq.com|appid⟧"),
        (
            TAG.replace('"', "'"),
            "⟦点击跳小程序|pages/index/index|http://www.qq.com|appid⟧",
        ),
        (
            f"欢迎{TAG}吧",
            "欢迎⟦点击跳小程序|pages/index/index|http://www.qq.com|appid⟧吧",
        ),
        (
            '<A data-miniprogram-path="p?a=1&amp;b=2" data-miniprogram-appid="wx1" >x</A>',
            "⟦x|p?a=1&b=2|wx1⟧",
        ),
        ("1 < 2, <b>", "1 < 2, <b>"),
        ('<a href="https://e.com">x</a>', '<a href="https://e.com">x</a>'),
    ],
)
def test_a_tag_as_wechats_pages_have_it_becomes_a_token(tag, token):
    assert from_tags(tag) == token


def test_a_tag_is_sent_as_it_was_copied():
    assert written(from_tags(TAG), OWN) == TAG


@pytest.mark.parametrize(
    "tag",
    [
        TAG.replace("</a>", ""),
        TAG.replace("<a ", '<a onclick="x" '),
        TAG.replace("<a ", '<a href="http://b" '),
        TAG.replace('data-miniprogram-appid="appid" ', ""),
        TAG.replace('data-miniprogram-path="pages/index/index"', ""),
        TAG.replace('"appid"', "appid"),
        TAG.replace("appid", 'a"b', 1).replace('"appid"', '"a b"'),
        TAG.replace("http://www.qq.com", "javascript:alert(1)"),
        TAG.replace("点击跳小程序", "<b>x</b>"),
        TAG.replace("点击跳小程序", " "),
        TAG.replace("pages/index/index", "pages/a b"),
        TAG.replace("pages/index/index", "a&quot;b"),
        TAG.replace("点击跳小程序", "⟦"),
    ],
)
def test_a_tag_that_wechat_might_read_otherwise_is_refused(tag):
    with pytest.raises(BadTag):
        from_tags(tag)


def test_a_request_with_a_link_is_one_that_wechat_parses():
    text = Text(written("⟦这里|pages/a?x=1&y=2⟧", OWN))
    assert parse_body("POST", encode(text.payload("o-1")))["text"]["content"] == (
        text.text
    )
