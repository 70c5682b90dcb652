from __future__ import annotations

import json
import re

import pytest

from conversations.simulator.media import painted

SEND = "/cgi-bin/message/custom/send"
PNG = painted("a picture", 8, 8)


def text_to(openid, content="您好"):
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


def test_a_text_appears_on_the_phone_of_who_wrote(wechat):
    wechat.act("text", content="在吗")
    assert wechat.send_text("在的 😀") == 0
    assert wechat.phone() == [{"content": "在的 😀"}]


def test_a_refusal_says_its_code_in_words_and_ends_with_a_request_id(wechat):
    answer = wechat.call(SEND, text_to(wechat.openid))
    assert answer["errcode"] == 45015
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]+-[0-9a-f]+$", answer["errmsg"])


def test_escaped_characters_are_refused(wechat):
    wechat.act("text", content="在吗")
    wechat.get_token()
    body = json.dumps(text_to(wechat.openid, "您好")).encode()
    answer = wechat.call(SEND, content=body)
    assert answer["errcode"] == 40033
    controls = text_to(wechat.openid, "a\u0007b \\u4f60")
    assert wechat.call(SEND, controls)["errcode"] == 0


def test_another_mini_programs_customer_is_nobody(wechat):
    wechat.world.register_app("wxother", secret="x")
    other = wechat.world.add_customer("wxother", "小红")
    assert wechat.call(SEND, text_to(other.openid))["errcode"] == 40003


def test_a_link_needs_all_four_of_its_fields(wechat):
    wechat.act("text", content="在吗")
    link = {
        "title": "训练营",
        "description": "",
        "url": "https://example.com/",
        "thumb_url": "",
    }
    fields = {"touser": wechat.openid, "msgtype": "link", "link": link}
    assert wechat.call(SEND, fields)["errcode"] == 0
    assert wechat.phone() == [link]
    for name in link:
        less = {key: value for key, value in link.items() if key != name}
        assert wechat.call(SEND, {**fields, "link": less})["errcode"] == 47001


def test_the_business_path_wants_a_business_id(wechat):
    wechat.act("text", content="在吗")
    path = "/cgi-bin/message/custom/business/send"
    assert wechat.call(path, text_to(wechat.openid))["errcode"] == 40101
    fields = {**text_to(wechat.openid), "businessid": "1"}
    assert wechat.call(path, fields)["errcode"] == 0


def test_typing_needs_something_said_lately_and_lasts_15_seconds(wechat):
    assert wechat.set_typing("Dance") == 45072
    assert wechat.set_typing() == 45015
    wechat.act("enter", session_from="训练营")
    assert wechat.set_typing() == 45080
    wechat.act("text", content="在吗")
    assert wechat.set_typing() == 0
    assert wechat.set_typing() == 45081
    wechat.control("clock", advance=16)
    assert wechat.set_typing() == 0
    assert wechat.set_typing("CancelTyping") == 0
    wechat.control("clock", advance=31)
    assert wechat.set_typing() == 45080


def test_a_message_ends_typing(wechat):
    wechat.act("text", content="在吗")
    wechat.set_typing()
    assert wechat.world.customer(wechat.openid).typing_until > wechat.world.now()
    wechat.send_text()
    assert wechat.world.customer(wechat.openid).typing_until == 0


def test_a_picture_goes_up_and_comes_back_the_same(wechat):
    wechat.act("text", content="在吗")
    token = wechat.get_token()
    answer = wechat.http.post(
        "/cgi-bin/media/upload",
        params={"access_token": token, "type": "image"},
        files={"media": ("a\r\n.png", PNG, "image/png")},
    ).json()
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", answer["media_id"])
    got = wechat.http.get(
        "/cgi-bin/media/get",
        params={"access_token": token, "media_id": answer["media_id"]},
    )
    assert (got.content, got.headers["content-type"]) == (PNG, "image/png")

    image = {"media_id": answer["media_id"]}
    fields = {"touser": wechat.openid, "msgtype": "image", "image": image}
    assert wechat.call(SEND, fields)["errcode"] == 0
    card = {
        "title": "我的订单",
        "pagepath": "pages/order?id=1",
        "thumb_media_id": answer["media_id"],
    }
    fields = {
        "touser": wechat.openid,
        "msgtype": "miniprogrampage",
        "miniprogrampage": card,
    }
    assert wechat.call(SEND, fields)["errcode"] == 0
    assert wechat.phone() == [image, card]

    wechat.control("clock", advance=3 * 24 * 60 * 60 + 1)
    wechat.get_token()
    gone = wechat.http.get(
        "/cgi-bin/media/get",
        params={"access_token": wechat.token, "media_id": answer["media_id"]},
    ).json()
    assert gone["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "files", "errcode"),
    [
        ("hologram", {"media": ("a.png", PNG)}, 40004),
        ("image", {"other": ("a.png", PNG)}, 41005),
        ("image", {"media": ("a.png", b"")}, 44001),
        ("image", {"media": ("a.exe", b"MZ" * 100)}, 40005),
        ("image", {"media": ("a.png", PNG + bytes(10 * 1024 * 1024))}, 40009),
    ],
)
def test_what_is_no_picture_is_refused(wechat, kind, files, errcode):
    answer = wechat.http.post(
        "/cgi-bin/media/upload",
        params={"access_token": wechat.get_token(), "type": kind},
        files=files,
    ).json()
    assert answer["errcode"] == errcode


def test_the_lesser_interfaces_answer(wechat):
    wechat.act("text", content="在吗")
    assert wechat.call("/cgi-bin/getcallbackip") == {"ip_list": ["127.0.0.1"]}
    wechat.send_text()
    answer = wechat.call("/cgi-bin/openapi/quota/get", {"cgi_path": SEND})
    assert (answer["quota"]["used"], answer["rate_limit"]["call_count"]) == (1, 1)
    for _ in range(10):
        cleared = wechat.call("/cgi-bin/clear_quota", {"appid": "wx0123456789abcdef"})
        assert cleared["errcode"] == 0
    cleared = wechat.call("/cgi-bin/clear_quota", {"appid": "wx0123456789abcdef"})
    assert cleared["errcode"] == 48006
    secret = {"appid": "wx0123456789abcdef", "appsecret": "a-secret-of-no-one"}
    assert wechat.call("/cgi-bin/clear_quota/v2", secret)["errcode"] == 48006
    check = {"version": 2, "scene": 1, "openid": wechat.openid, "content": "你好"}
    assert wechat.call("/wxa/msg_sec_check", check)["result"]["suggest"] == "pass"
    risky = {**check, "title": "代开发票"}
    assert wechat.call("/wxa/msg_sec_check", risky)["result"]["suggest"] == "risky"
    stranger = {**check, "openid": "o-nobody"}
    assert wechat.call("/wxa/msg_sec_check", stranger)["errcode"] == 43104
    assert wechat.call("/wxa/msg_sec_check", {**check, "scene": 9})["errcode"] == 40129
    first_edition = {"content": "代开发票"}
    assert wechat.call("/wxa/msg_sec_check", first_edition)["errcode"] == 87014
    wechat.control("limits", checks_per_minute=0)
    assert wechat.call("/wxa/msg_sec_check", check)["errcode"] == 44991
    wechat.control("clock", advance=2 * 60 * 60)
    wechat.get_token()
    assert wechat.call("/wxa/msg_sec_check", check)["errcode"] == 61010
    assert wechat.call("/cgi-bin/no/such/thing")["errcode"] == 40066
