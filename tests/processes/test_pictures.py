"""A picture's way through the real processes, in both directions."""

from __future__ import annotations

import base64
import uuid

import pytest

from conversations.wechat.client import DOWNLOAD, SEND, UPLOAD
from tests.pictures import SVG, painting, seen
from tests.processes.driver import wait_until

pytestmark = pytest.mark.processes

SLOW = 25  # s: the pauses between four tries, and a busy machine


@pytest.fixture
def sends(scene, xiaoming):
    """Have Xiaoming send a picture; returns its message's number."""

    def send(content: bytes) -> int:
        encoded = base64.b64encode(content).decode()
        assert xiaoming.acts("image", base64=encoded) == "accepted"
        return scene.database.value(
            "SELECT max(m.id) FROM conversations_message m"
            " JOIN conversations_customer c ON c.id = m.customer_id"
            " WHERE c.openid = ? AND m.kind = 'image'",
            xiaoming.openid,
        )

    return send


def state(scene, message: int) -> str:
    return scene.database.value(
        "SELECT state FROM conversations_attachment WHERE message_id = ?", message
    )


def test_a_customers_picture_is_kept_though_wechat_fails_three_times(
    scene, xiaoming, sends
):
    scene.wechat.fails("errcode", DOWNLOAD, errcode=-1, count=2)
    scene.wechat.fails("cut", DOWNLOAD, count=1)
    message = sends(painting(320, 200))
    lin = scene.agent("lin")
    with lin.opens_tab(looking_at=xiaoming) as tab:
        assert xiaoming.writes("收到了吗") == "accepted"  # No text waits for it
        assert lin.says(xiaoming, "稍等").status_code == 200
        wait_until(lambda: "稍等" in xiaoming.heard())

        wait_until(lambda: state(scene, message) == "kept", SLOW)
        place = f"/conversations/{xiaoming.conversation}/pictures/{message}/"
        wait_until(lambda: any(place in html for html in tab.drawn("conversation")))

    answer = lin.client.get(place)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert seen(answer.content).size == (320, 200)


def test_a_picture_left_by_a_dead_worker_is_fetched_by_the_next(scene, sends):
    scene.console.kill("worker")
    message = sends(painting())
    assert state(scene, message) == "waiting"
    scene.whole()
    wait_until(lambda: state(scene, message) == "kept", SLOW)


def test_an_agents_picture_is_on_the_phone_uploaded_once(scene, xiaoming):
    assert xiaoming.writes("发张图看看") == "accepted"
    lin, picture = scene.agent("lin"), painting(640, 480, colour="tomato")
    for number in (1, 2):
        answer = images(lin, xiaoming, picture)
        assert answer.status_code == 200
        wait_until(lambda n=number: received(scene, xiaoming) == ["image"] * n)
    calls = [call["path"] for call in scene.wechat.ledger("")["calls"] if call["appid"]]
    assert calls.count(UPLOAD) == 1
    assert xiaoming.sends() == 2
    assert SEND in calls


def test_what_is_no_picture_never_gets_to_wechat(scene, xiaoming):
    assert xiaoming.writes("发张图看看") == "accepted"
    answer = images(scene.agent("lin"), xiaoming, SVG)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert xiaoming.states() == []


def images(desk, customer, content: bytes):
    return desk.client.post(
        f"/conversations/{customer.conversation}/images/",
        files={"image": ("图.jpg", content)},
        data={"client_uuid": str(uuid.uuid4())},
    )


def received(scene, customer) -> list[str]:
    return [line["kind"] for line in scene.wechat.ledger(customer.openid)["received"]]
