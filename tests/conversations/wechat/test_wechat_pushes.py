import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.wechat import body, xml
from conversations.wechat.errors import Unreadable
from conversations.wechat.pushes import (
    CardPush,
    EnterPush,
    ImagePush,
    Push,
    TextPush,
    UnknownPush,
    clean,
    parse,
)

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SAID_AT = NOW - timedelta(seconds=3)
COMMON = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "o-xiaoming",
    "CreateTime": int(SAID_AT.timestamp()),
}
TEXT = {**COMMON, "MsgType": "text", "Content": "在吗", "MsgId": 22876340532172986}
ENTERS = {
    **COMMON,
    "MsgType": "event",
    "Event": "user_enter_tempsession",
    "SessionFrom": "文章详情的客服按钮",
}


def read(fields, **changes):
    return parse({**fields, **changes}, "wx1", NOW)


def from_xml(fields):
    return parse(body.parse(xml.write(fields).encode()), "wx1", NOW)


def without_fields(push):
    return replace(push, fields={})


def test_a_text():
    push = read(TEXT)
    assert push == TextPush(
        openid="o-xiaoming",
        original_id="gh_0123456789ab",
        at=SAID_AT,
        dedupe_key=push.dedupe_key,
        msg_id="22876340532172986",
        fields=TEXT,
        text="在吗",
    )
    assert push.kind == "text"


def test_a_picture():
    push = read(COMMON, MsgType="image", PicUrl="http://p", MediaId="m", MsgId=1)
    assert isinstance(push, ImagePush)
    assert (push.kind, push.media_id, push.pic_url) == ("image", "m", "http://p")


def test_a_card():
    push = read(
        COMMON,
        MsgType="miniprogrampage",
        MsgId=1,
        Title="标题",
        AppId="wx2",
        PagePath="pages/a/b?x=1",
        ThumbUrl="https://t",
        ThumbMediaId="m",
    )
    assert isinstance(push, CardPush)
    assert (push.kind, push.title, push.appid) == ("card", "标题", "wx2")
    assert (push.page_path, push.thumb_url) == ("pages/a/b?x=1", "https://t")
    assert push.thumb_media_id == "m"


def test_entering_the_session():
    push = read(ENTERS)
    assert isinstance(push, EnterPush)
    assert (push.kind, push.session_from) == ("enter", "文章详情的客服按钮")
    assert (push.msg_id, push.at) == ("", SAID_AT)
    assert (
        read(COMMON, MsgType="event", Event="user_enter_tempsession").session_from == ""
    )


def test_xml_says_the_same_as_json():
    assert without_fields(from_xml(TEXT)) == without_fields(read(TEXT))
    assert from_xml(ENTERS).session_from == read(ENTERS).session_from


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"MsgType": "voice", "MediaId": "m"}, "voice"),
        ({"MsgType": "event", "Event": "debug_demo"}, "event:debug_demo"),
        ({"MsgType": "event"}, "event:"),
        ({"MsgType": "Text", "Content": "x"}, "Text"),
        ({"MsgType": "v" * 500}, "v" * 64),
        ({"MsgType": "event", "Event": "e" * 500}, "event:" + "e" * 58),
        ({"MsgType": ["text"]}, ""),
        ({}, ""),
    ],
)
def test_a_kind_we_do_not_know_is_kept_by_its_name(fields, kind):
    push = read(COMMON, **fields)
    assert isinstance(push, UnknownPush)
    assert (push.kind, push.openid) == (kind, "o-xiaoming")
    assert push.fields == {**COMMON, **fields}


@pytest.mark.parametrize(
    "openid",
    ["", None, 5 * ["o"], {"a": 1}, True, "o" * 65, "o xiaoming", "o\n", "小明", "<b>"],
)
def test_a_push_from_nobody_in_particular_has_no_openid(openid):
    push = read(TEXT, FromUserName=openid)
    assert isinstance(push, UnknownPush)
    assert push.openid == ""


def test_an_unreadable_body_is_told_apart_by_its_bytes():
    one, two = (parse({}, "wx1", NOW, raw) for raw in (b"<xml", b"{"))
    assert isinstance(one, UnknownPush)
    assert (one.openid, one.kind, one.at, one.fields) == ("", "", NOW, {})
    assert one.dedupe_key != two.dedupe_key
    assert one == parse({}, "wx1", NOW, b"<xml")


@pytest.mark.parametrize(
    ("msg_id", "text"),
    [
        (22876340532172986, "22876340532172986"),
        ("22876340532172986", "22876340532172986"),
        (2**53 + 1, "9007199254740993"),
        ("49d72d67_1555684067", "49d72d67_1555684067"),
        ("9" * 100, "9" * 64),
        (0, "0"),
        (None, ""),
    ],
)
def test_a_msg_id_keeps_every_digit(msg_id, text):
    assert read(TEXT, MsgId=msg_id).msg_id == text


@pytest.mark.parametrize(
    ("created", "at"),
    [
        (1748779197, SAID_AT),
        ("1748779197", SAID_AT),
        ("1748779197.25", SAID_AT),
        (1748779197.0, SAID_AT),
        (None, NOW),
        ("", NOW),
        ("yesterday", NOW),
        (0, NOW),
        (-1, NOW),
        (1748779197000, NOW),
        ("9" * 400, NOW),
        (True, NOW),
        (float("nan"), NOW),
        (int((NOW + timedelta(days=2)).timestamp()), NOW),
    ],
)
def test_the_time_is_wechats_unless_it_is_absurd(created, at):
    assert read(TEXT, CreateTime=created).at == at


def test_a_session_from_is_cut_to_what_wechat_allows():
    assert read(ENTERS, SessionFrom="按" * 1025).session_from == "按" * 1024


# Once only


def key(fields, appid="wx1", **changes):
    return parse({**fields, **changes}, appid, NOW).dedupe_key


def test_a_message_is_known_again_by_sender_and_msg_id():
    assert (
        key(TEXT) == key(TEXT, Content="改", CreateTime=1) == from_xml(TEXT).dedupe_key
    )
    assert len(key(TEXT)) == 64
    others = {
        key(TEXT),
        key(TEXT, MsgId=22876340532172987),
        key(TEXT, FromUserName="o-other"),
        key(TEXT, appid="wx2"),
    }
    assert len(others) == 4


def test_an_event_is_known_again_by_all_it_says():
    assert key(ENTERS) == parse(ENTERS, "wx1", NOW + timedelta(hours=1)).dedupe_key
    others = {
        key(ENTERS),
        key(ENTERS, CreateTime=1748779198),
        key(ENTERS, SessionFrom="order/42"),
        key(ENTERS, Event="kf_close_session"),
        key(ENTERS, FromUserName="o-other"),
        key(ENTERS, appid="wx2"),
    }
    assert len(others) == 6
    assert key(ENTERS, MsgId=1) != key(ENTERS, MsgId=1, CreateTime=1748779198)


def test_a_message_without_an_id_is_known_again_by_all_it_says():
    nameless = {name: value for name, value in TEXT.items() if name != "MsgId"}
    assert key(nameless) == key(nameless)
    assert key(nameless) != key(nameless, Content="改")


def test_parts_of_a_key_do_not_run_into_each_other():
    assert key(TEXT, FromUserName="o1", MsgId=23) != key(
        TEXT, FromUserName="o12", MsgId=3
    )


# Odd text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b", "a�b"),
        ("\ud83d", "�"),
        ("\udc00\ud83d", "��"),
        ("😀" * 10_000, "😀" * 10_000),
        ("\u202eabc\u200f", "\u202eabc\u200f"),
        ("\r\n\t\x07", "\r\n\t\x07"),
    ],
)
def test_text_is_cleaned_of_what_no_database_holds(text, cleaned):
    assert clean(text) == cleaned
    push = read(TEXT, Content=text, Extra={text: [text]})
    assert push.text == cleaned
    assert push.fields["Extra"] == {cleaned: [cleaned]}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(), max_size=10), inner, max_size=4)
    ),
    max_leaves=20,
)
KNOWN = st.sampled_from(
    [
        "MsgType",
        "Event",
        "FromUserName",
        "CreateTime",
        "MsgId",
        "Content",
        "SessionFrom",
    ]
)
KINDS = st.sampled_from(["text", "image", "miniprogrampage", "event"])
OBJECTS = st.dictionaries(KNOWN | st.text(max_size=5), JSON_VALUES | KINDS, max_size=8)


@given(OBJECTS)
def test_no_object_is_too_odd_to_be_a_push(fields):
    push = parse(fields, "wx1", NOW)
    assert isinstance(push, Push)
    assert push.at.tzinfo
    assert len(push.dedupe_key) == 64
    assert max(len(push.openid), len(push.msg_id), len(push.kind)) <= 64
    stored = json.dumps(push.fields, ensure_ascii=False, allow_nan=False)
    assert r"\u0000" not in stored.replace(r"\\", "")
    stored.encode()
    assert push == parse(fields, "wx1", NOW)


@given(st.binary(max_size=60))
def test_no_readable_body_is_too_odd_to_be_a_push(raw):
    for start in (
        b'{"MsgType":"text","FromUserName":"o1",',
        b"<xml><MsgType>text</MsgType>",
    ):
        try:
            fields = body.parse(start + raw)
        except Unreadable:
            fields = {}
        assert isinstance(parse(fields, "wx1", NOW, raw), Push)


def test_deep_and_huge_values_are_stored_as_far_as_they_can_be():
    deep = value = []
    for _ in range(100_000):
        value.append([])
        value = value[0]
    push = read(TEXT, Deep=deep, Huge=2**64, Infinite=math.inf)
    assert push.fields["Huge"] == "18446744073709551616"
    assert push.fields["Infinite"] == "inf"
    assert json.dumps(push.fields["Deep"]).count("[") < 30
