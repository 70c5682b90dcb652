"""Which refusal comes first, when a send deserves several.

Each row of the table mends one more thing; all that stands below it is still wrong.
"""

from __future__ import annotations

import json

import pytest

from conversations.simulator.ids import new_media_id

SEND = "/cgi-bin/message/custom/send"
BUSINESS = "/cgi-bin/message/custom/business/send"
TOO_LONG = "长" * 683  # 2,049 bytes


def body(**fields):
    return json.dumps(fields, ensure_ascii=False).encode()


def message(msgtype, touser="XIAOMING", **content):
    return body(touser=touser, msgtype=msgtype, **{msgtype: content})


LINK = {"title": "t", "description": "d", "url": "https://e.cn/", "thumb_url": "u"}
CARD = {"title": "t", "pagepath": "p", "thumb_media_id": new_media_id()}

TABLE = [
    ("no token", 41001, "GET", "", b""),
    ("a token of no token's shape", 40014, "GET", "short", b""),
    ("a token nobody was given", 40001, "GET", "x" * 120, b""),
    ("a token past its end", 42001, "GET", "OLD", b""),
    ("not by POST", 43002, "GET", "GOOD", b""),
    ("no body", 44002, "POST", "GOOD", b""),
    ("no JSON", 47001, "POST", "GOOD", b"{"),
    ("no object", 47001, "POST", "GOOD", b"[]"),
    ("escaped", 40033, "POST", "GOOD", b'{"touser": "\\u4f60"}'),
    ("to nobody", 40003, "POST", "GOOD", message("hologram", "o-nobody")),
    ("no kind", 40008, "POST", "GOOD", message("hologram")),
    ("another product's kind", 45162, "POST", "GOOD", message("news")),
    ("no content", 47001, "POST", "GOOD", body(touser="XIAOMING", msgtype="text")),
    ("no text", 47001, "POST", "GOOD", message("text", content=1)),
    ("an empty text", 44004, "POST", "GOOD", message("text", content=" ")),
    ("no picture", 47001, "POST", "GOOD", message("image")),
    ("a picture gone", 40007, "POST", "GOOD", message("image", media_id="x")),
    ("a cover gone", 40007, "POST", "GOOD", message("miniprogrampage", **CARD)),
    (
        "another's page",
        40013,
        "POST",
        "GOOD",
        message("miniprogrampage", **CARD, appid="wxother"),
    ),
    ("too long", 45002, "POST", "GOOD", message("text", content=TOO_LONG)),
    (
        "too long a title",
        45003,
        "POST",
        "GOOD",
        message("link", **{**LINK, "title": TOO_LONG}),
    ),
    (
        "too long a description",
        45004,
        "POST",
        "GOOD",
        message("link", **{**LINK, "description": TOO_LONG}),
    ),
    ("too many today", 45009, "POST", "GOOD", message("text", content="您好")),
    ("too many this minute", 45011, "POST", "GOOD", message("text", content="您好")),
    ("too late", 45015, "POST", "GOOD", message("text", content="您好")),
    ("too often", 45047, "POST", "GOOD", message("text", content="您好")),
    ("as it should be", 0, "POST", "GOOD", message("text", content="您好")),
]


@pytest.mark.parametrize(
    ("wrong", "errcode", "method", "token", "content"),
    TABLE,
    ids=[row[0] for row in TABLE],
)
def test_the_first_thing_wrong_is_what_wechat_says(
    wechat, wrong, errcode, method, token, content
):
    names = [row[0] for row in TABLE]
    mended = names.index(wrong)
    wechat.control(
        "limits",
        sends_per_day=0 if mended <= names.index("too many today") else 1000,
        sends_per_minute=1 if mended <= names.index("too many this minute") else 0,
    )
    # The window is closed until "too late", and nothing is left in it at "too often".
    if wrong == "too many this minute":
        wechat.act("text", content="在吗")
        assert wechat.send_text() == 0
        wechat.world.update_customer(wechat.openid, quota="{}")
    if mended > names.index("too late"):
        wechat.act("text", content="在吗")
    if wrong == "too often":
        assert [wechat.send_text() for _ in range(5)] == [0] * 5
    token = {"GOOD": wechat.get_token(), "OLD": wechat.token}.get(token, token)
    if wrong == "a token past its end":
        wechat.control("faults", kind="expire_tokens")
    answer = wechat.http.request(
        method,
        SEND,
        params={"access_token": token} if token else {},
        content=content.replace(b"XIAOMING", wechat.openid.encode()),
    )
    assert answer.status_code == 200
    assert answer.json()["errcode"] == errcode


def test_a_business_message_without_its_business_is_incomplete(wechat):
    wechat.get_token()
    answer = wechat.call(BUSINESS, content=message("hologram", "o-nobody"))
    assert answer["errcode"] == 40101
