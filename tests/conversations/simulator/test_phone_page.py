from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from conversations.simulator import state
from conversations.simulator.media import painted

from .conftest import APPID, eventually


@pytest.fixture
def world(settings, tmp_path, receiver):
    settings.ROOT_URLCONF = f"{__package__}.urls"
    settings.WECHAT_SIMULATOR_STATE = str(tmp_path / "wechat.sqlite3")
    mine = state.world()
    mine.register_app(APPID, name="云上小店", token="t", push_url=receiver.url)
    yield mine
    mine.close()


@pytest.fixture
def browser(world, db):
    """A browser that has opened the page: it holds the cookie and the CSRF token."""
    client = Client(enforce_csrf_checks=True)
    page = client.get("/simulator/?lang=en").text
    token = re.search(r'name="csrf-token" content="(\w+)"', page)[1]
    client.defaults["HTTP_X_CSRFTOKEN"] = token
    return client


def post(browser, path, **values):
    return browser.post(
        f"/simulator/customers/{path}",
        json.dumps(values),
        content_type="application/json",
    )


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Simulated phones"), ("zh-hans", 'lang="zh-hans"')]
)
def test_anybody_opens_the_page_in_their_language(browser, language, words):
    page = browser.get("/simulator/", {"lang": language})
    assert page.status_code == 200
    assert words in page.text
    assert "云上小店" in page.text
    assert "售后退款" in page.text


def test_the_page_has_nothing_that_a_strict_policy_would_stop(browser):
    page = browser.get("/simulator/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_without_the_pages_token_nobody_speaks_for_a_customer(browser, world):
    del browser.defaults["HTTP_X_CSRFTOKEN"]
    refused = post(browser, "", appid=APPID, name="小明")
    assert refused.status_code == 403
    assert world.customers(APPID) == []


def test_a_customer_is_added_enters_writes_and_leaves(browser, world, receiver):
    openid = post(browser, "", appid=APPID, name="小明").json()["openid"]
    assert post(browser, f"{openid}/enter/", session_from="训练营").status_code == 200
    assert post(browser, f"{openid}/text/", content="在吗").status_code == 200
    eventually(lambda: len(receiver.received) == 2)
    eventually(lambda: world.lines(openid)[-1].state == "accepted")
    customer = world.customer(openid)
    assert (customer.session_from, customer.in_session) == ("训练营", True)
    post(browser, f"{openid}/close/")
    assert not world.customer(openid).in_session


def test_a_picture_from_the_phone_is_one_we_can_fetch(
    browser, world, receiver, tmp_path
):
    openid = post(browser, "", appid=APPID, name="小明").json()["openid"]
    (tmp_path / "a.png").write_bytes(painted("a", 8, 8))
    with (tmp_path / "a.png").open("rb") as picture:
        sent = browser.post(
            f"/simulator/customers/{openid}/image/", {"picture": picture}
        )
    assert sent.status_code == 200
    eventually(lambda: receiver.received)
    fields = json.loads(receiver.received[0].body)
    assert fields["PicUrl"].startswith("http://testserver/simulator/api/_pictures/")


def test_a_phone_has_pictures_and_unsupported_things_to_send(browser, receiver):
    openid = post(browser, "", appid=APPID, name="小明").json()["openid"]
    assert post(browser, f"{openid}/image/", sample="tall").status_code == 200
    assert post(browser, f"{openid}/unknown/", kind="location").status_code == 200
    eventually(lambda: len(receiver.received) == 2)
    kinds = {json.loads(push.body)["MsgType"] for push in receiver.received}
    assert kinds == {"image", "location"}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("XIAOMING/image/", {"sample": "none"}),
        ("XIAOMING/unknown/", {"kind": "hologram"}),
        ("", {"appid": APPID, "name": " "}),
        ("", {"appid": "wxnobody", "name": "小明"}),
        ("", {}),
        ("o-nobody/text/", {"content": "在吗"}),
        ("XIAOMING/text/", {"content": " "}),
        ("XIAOMING/text/", {}),
        ("XIAOMING/push/", {"fields": {"MsgType": "text"}}),
        ("XIAOMING/dance/", {}),
    ],
)
def test_what_no_phone_can_do_is_refused(browser, world, receiver, path, values):
    openid = post(browser, "", appid=APPID, name="小明").json()["openid"]
    assert post(browser, path.replace("XIAOMING", openid), **values).status_code == 422
    assert receiver.received == []


def test_looking_changes_nothing(browser, world):
    openid = post(browser, "", appid=APPID, name="小明").json()["openid"]
    assert browser.get(f"/simulator/customers/{openid}/enter/").status_code == 405
    assert browser.post("/simulator/").status_code == 405
