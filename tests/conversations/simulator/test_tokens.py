from __future__ import annotations

import time

import pytest

from .conftest import APPID, SECRET


def ask(wechat, forced=False, **other):
    fields = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    fields |= {"force_refresh": forced, **other}
    return wechat.http.post("/cgi-bin/stable_token", json=fields).json()


def ask_ordinary(wechat):
    query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    return wechat.http.get("/cgi-bin/token", params=query).json()["access_token"]


def errcode_with(wechat, token):
    params = {"access_token": token}
    return (
        wechat.http.get("/cgi-bin/getcallbackip", params=params)
        .json()
        .get("errcode", 0)
    )


def noon(wechat):
    """Put the clock to a noon: neither a day nor a minute ends in the middle."""
    now = time.gmtime(wechat.world.now())
    passed = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
    wechat.control("clock", advance=(12 * 3600 + 1 - passed) % 86_400)


def test_the_stable_token_stays_the_same_and_counts_down(wechat):
    first = ask(wechat)
    wechat.control("clock", advance=600)
    second = ask(wechat)
    assert second["access_token"] == first["access_token"]
    assert len(first["access_token"]) >= 100
    assert first["expires_in"] == 7200
    assert 6590 <= second["expires_in"] <= 6600


def test_five_minutes_before_its_end_it_is_renewed_and_both_are_good(wechat):
    first = ask(wechat)["access_token"]
    wechat.control("clock", advance=7200 - 200)
    second = ask(wechat)["access_token"]
    assert second != first
    assert errcode_with(wechat, first) == errcode_with(wechat, second) == 0
    wechat.control("clock", advance=201)
    assert errcode_with(wechat, first) == 42001
    assert errcode_with(wechat, second) == 0


def test_forced_the_one_before_dies_at_once(wechat):
    noon(wechat)
    first = ask(wechat)["access_token"]
    second = ask(wechat, forced=True)["access_token"]
    assert errcode_with(wechat, first) == 40001
    assert errcode_with(wechat, second) == 0
    assert ask(wechat, forced=True)["errcode"] == 45011
    for _ in range(19):
        wechat.control("clock", advance=31)
        assert "access_token" in ask(wechat, forced=True)
    wechat.control("clock", advance=31)
    assert ask(wechat, forced=True)["errcode"] == 45009


def test_an_ordinary_token_is_superseded_after_five_minutes(wechat):
    stable = ask(wechat)["access_token"]
    first, second = ask_ordinary(wechat), ask_ordinary(wechat)
    assert errcode_with(wechat, first) == errcode_with(wechat, second) == 0
    wechat.control("clock", advance=301)
    assert errcode_with(wechat, first) == 40001
    assert errcode_with(wechat, second) == errcode_with(wechat, stable) == 0


def test_tokens_run_out_for_the_day_and_for_the_minute(wechat):
    noon(wechat)
    wechat.control("limits", tokens_per_day=1, stable_tokens_per_minute=1)
    ask_ordinary(wechat)
    query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    assert wechat.http.get("/cgi-bin/token", params=query).json()["errcode"] == 45009
    ask(wechat)
    assert ask(wechat)["errcode"] == 45011
    wechat.control("limits", stable_tokens_per_day=1)
    assert ask(wechat)["errcode"] == 45009


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_who_asks_with_the_wrong_papers_gets_no_token(wechat, changed, errcode):
    assert ask(wechat, **changed)["errcode"] == errcode


def test_all_tokens_can_be_made_to_end_now(wechat):
    token = ask(wechat)["access_token"]
    wechat.control("faults", kind="expire_tokens")
    assert errcode_with(wechat, token) == 42001
    assert errcode_with(wechat, ask(wechat)["access_token"]) == 0


def test_no_secret_is_written_in_the_ledger(wechat):
    token = ask(wechat)["access_token"]
    errcode_with(wechat, token)
    ledger = wechat.http.get("/_ledger").text
    assert "/cgi-bin/stable_token" in ledger
    assert SECRET not in ledger
    assert token not in ledger
