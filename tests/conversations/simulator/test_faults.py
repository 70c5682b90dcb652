from __future__ import annotations

import time

import httpx
import pytest

SEND = "/cgi-bin/message/custom/send"
NO_ANSWER = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def asked(wechat):
    """Xiaoming has asked something, so that five answers may be sent."""
    wechat.act("text", content="在吗")
    wechat.get_token()
    return wechat


def test_busy_twice_and_then_delivered(asked):
    asked.control("faults", kind="errcode", errcode=-1, path=SEND, count=2)
    assert [asked.send_text() for _ in range(3)] == [-1, -1, 0]
    assert len(asked.phone()) == 1


def test_a_dropped_answer_is_delivered_all_the_same(asked):
    asked.control("faults", kind="drop", path=SEND)
    with pytest.raises(NO_ANSWER):
        asked.send_text("in doubt")
    assert asked.phone() == [{"content": "in doubt"}]
    [call] = [call for call in asked.ledger()["calls"] if call["path"] == SEND]
    assert (call["errcode"], call["fault"]) == (0, "drop")


def test_a_hanging_call_was_not_handled_unless_it_says_so(asked):
    asked.http.timeout = 0.2
    for after, heard in ((False, 0), (True, 1)):
        asked.control("faults", kind="hang", path=SEND, after=after, seconds=0.5)
        with pytest.raises(httpx.ReadTimeout):
            asked.send_text()
        assert len(asked.phone()) == heard


def test_a_cut_connection_was_not_handled(asked):
    asked.control("faults", kind="cut", path=SEND)
    with pytest.raises(NO_ANSWER):
        asked.send_text()
    assert asked.phone() == []


def test_a_closed_port_refuses_and_opens_again(asked):
    asked.control("faults", kind="refuse", path=SEND, seconds=0.2)
    with pytest.raises(NO_ANSWER):
        asked.send_text()
    began = time.monotonic()
    with pytest.raises(httpx.ConnectError):
        asked.send_text()
    while time.monotonic() - began < 5:
        try:
            assert asked.send_text() == 0
            break
        except httpx.ConnectError:
            continue
    assert len(asked.phone()) == 1


def test_an_answer_may_drip_or_be_a_proxys_page(asked):
    asked.control("faults", kind="drip", path=SEND, seconds=0.005)
    began = time.monotonic()
    assert asked.send_text() == 0
    assert time.monotonic() - began > 0.1
    asked.control("faults", kind="html", path=SEND)
    with pytest.raises(ValueError, match="Expecting value"):
        asked.send_text()


def test_a_fault_may_pick_its_victim_and_be_called_off(asked):
    asked.control("faults", kind="errcode", errcode=45011, match="!", count=-1)
    assert [asked.send_text(text) for text in "a!a!"] == [0, 45011, 0, 45011]
    asked.http.delete("/_faults")
    assert asked.send_text("!") == 0


def test_a_token_can_die_on_the_way(asked):
    asked.control("faults", kind="kill_token", path="send")
    before = asked.token
    assert asked.send_text() == 40001
    assert asked.send_text() == 40001
    assert asked.get_token() != before
    assert asked.send_text() == 0


def test_a_fault_befalls_one_mini_program_and_a_group_of_calls(asked):
    asked.world.register_app("wxother", secret="x")
    asked.control("faults", kind="errcode", errcode=45009, path="send", appid="wxother")
    asked.control("faults", kind="errcode", errcode=40164, path="token", count=2)
    assert asked.send_text() == 0
    query = {"grant_type": "client_credential", "appid": "x", "secret": "x"}
    answers = [
        asked.http.get("/cgi-bin/token", params=query).json(),
        asked.http.post("/cgi-bin/stable_token", json=query).json(),
    ]
    assert [answer["errcode"] for answer in answers] == [40164, 40164]
    assert "not in whitelist" in answers[0]["errmsg"]
    assert asked.http.get("/cgi-bin/token", params=query).json()["errcode"] == 40013


def test_what_is_to_come_can_be_seen_counted_and_called_off(asked):
    asked.control("faults", kind="errcode", errcode=-1, path="send", count=3, name="a")
    asked.control("faults", kind="drop", path="send", appid="wx0123456789abcdef")
    asked.control("faults", kind="push", options={"times": 2}, appid="wxother")
    query = {"appid": "wx0123456789abcdef"}
    asked.send_text()

    def coming():
        return asked.http.get("/_faults", params=query).json()

    assert [(one["kind"], one["count"]) for one in coming()] == [
        ("errcode", 2),
        ("drop", 1),
    ]
    asked.http.delete("/_faults", params={"id": coming()[0]["id"]})
    assert [one["kind"] for one in coming()] == ["drop"]
    asked.http.delete("/_faults", params=query)
    assert coming() == []
    assert len(asked.http.get("/_faults", params={"appid": "wxother"}).json()) == 1
    seen = asked.http.get("/_state", params={**query, "openid": asked.openid}).json()
    assert seen["faults"] == []


def test_an_answer_wechat_never_hears_brings_the_push_again(asked, receiver):
    asked.control("limits", retry_pause=0)
    asked.control("faults", kind="push", options={"unheard": 1})
    assert asked.act("text", content="还在吗") == {"state": "accepted"}
    *_, first, second = receiver.received
    assert first == second
    [push] = [one for one in asked.ledger()["pushes"] if len(one["deliveries"]) > 1]
    assert [one["outcome"] for one in push["deliveries"]] == ["unheard", "accepted"]


def test_the_ledger_keeps_the_order_of_typing_and_sending(asked):
    asked.set_typing()
    asked.send_text()
    calls = [
        (call["path"].rpartition("/")[2], call["msgtype"], call["errcode"])
        for call in asked.ledger()["calls"]
        if call["touser"] == asked.openid
    ]
    assert calls == [("typing", "Typing", 0), ("send", "text", 0)]
    asked.http.delete("/_ledger")
    assert asked.ledger()["calls"] == []
    assert len(asked.ledger()["received"]) == 1


def test_only_loopback_pulls_the_strings_and_only_in_json(wechat):
    elsewhere = {"Host": "evil.example"}
    assert wechat.http.get("/_ledger", headers=elsewhere).status_code == 403
    plain = {"Content-Type": "text/plain"}
    answer = wechat.http.post("/_faults", content=b"{}", headers=plain)
    assert answer.status_code == 415
    assert wechat.http.post("/_faults", json={"kind": "magic"}).status_code == 400
    assert wechat.http.post("/_limits", json={"magic": 1}).status_code == 400
    assert wechat.http.get("/_pictures/none").status_code == 404


def test_a_waiting_page_hears_of_a_change_at_once(asked):
    query = {"appid": "wx0123456789abcdef", "openid": asked.openid}
    now = asked.http.get("/_state", params=query).json()
    quiet = {**query, "after": now["revision"], "wait": 0.1}
    assert asked.http.get("/_state", params=quiet).json()["lines"] == []
    asked.send_text("news")
    later = asked.http.get("/_state", params=quiet).json()
    assert [line["data"] for line in later["lines"]] == [{"content": "news"}]
    assert later["customer"]["quota"]["remaining"] == 4
    lost = {**query, "after": 10**6, "wait": 5}
    again = asked.http.get("/_state", params=lost).json()
    assert again["reset"]
    assert len(again["lines"]) == 2


def test_a_card_leads_to_a_page_and_a_link_to_an_address(asked):
    asked.act("card", title="我的订单", pagepath="pages/order?id=1")
    line = asked.world.lines(asked.openid)[-1]
    assert asked.act("tap", line=line.id) == {"path": "pages/order", "query": "id=1"}


def test_leaving_and_coming_back_by_another_entrance(asked, receiver):
    asked.act("enter", session_from="训练营")
    asked.act("close")
    assert not asked.world.customer(asked.openid).in_session
    assert len(receiver.received) == 2
    asked.act("enter", session_from="x" * 2000)
    customer = asked.world.customer(asked.openid)
    assert customer.in_session
    assert len(customer.session_from) == 1024
    asked.control("limits", session_from_refused=True)
    refused = asked.http.post(
        f"/_customers/{asked.openid}/enter", json={"session_from": "x" * 1025}
    )
    assert refused.status_code == 400
