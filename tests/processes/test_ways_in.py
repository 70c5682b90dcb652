"""The same question by a URL, a cloud function and Cloud Run, and an answer each time."""

from __future__ import annotations

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import APPID

pytestmark = pytest.mark.processes

RELAY_SECRET = "canaryRelaySecret2b90f1d7c6a54e83"
OLD_RELAY_SECRET = "canaryRelaySecret0000000000000000"
SET_UP = f"""
from conversations.models import MiniProgram
mini_program = MiniProgram.objects.get(appid="{APPID}")
mini_program.relay_secret = "{RELAY_SECRET}"
mini_program.previous_relay_secret = "{OLD_RELAY_SECRET}"
mini_program.cloud_run = True
mini_program.cloud_run_calls = {{calls}}
mini_program.save()
"""


@pytest.fixture
def by(scene):
    """Have WeChat push another way; a container's calls bear no token."""

    def choose(way):
        scene.console.shell(SET_UP.format(calls=way == "cloudrun"))
        door = f"{scene.console.url}/wechat/{APPID}"
        scene.wechat.post(
            "/_apps",
            appid=APPID,
            way=way,
            relay_url=f"{door}/relay",
            relay_secret=RELAY_SECRET,
            previous_relay_secret=OLD_RELAY_SECRET,
            cloudrun_url=f"{door}/cloudrun",
        )

    yield choose
    choose("url")


@pytest.mark.parametrize("way", ["url", "relay", "cloudrun"])
def test_a_question_comes_in_and_its_answer_goes_out(scene, xiaoming, by, way):
    by(way)
    # The console takes up a changed mini program within a second.
    expected = None if way == "relay" else True
    wait_until(lambda: scene.wechat.post(f"/_apps/{APPID}/check")["ok"] is expected)

    wait_until(lambda: xiaoming.enters("order/42") == "accepted")
    assert xiaoming.writes("我要退款", times=3) == "accepted"

    wait_until(lambda: xiaoming.heard() == ["欢迎", "退款说明"])
    assert xiaoming.thread() == ["欢迎", "我要退款", "退款说明"]
    assert xiaoming.sends() == 2
    calls = scene.wechat.ledger(xiaoming.openid)["calls"]
    assert {call["errcode"] for call in calls} <= {0, 45080}


def test_a_function_with_the_secret_of_before_is_believed_and_a_stranger_is_not(
    scene, xiaoming, by
):
    by("relay")
    wait_until(lambda: xiaoming.writes("在吗") == "accepted")
    assert xiaoming.writes("还在吗", old_key=True) == "accepted"
    scene.wechat.post("/_limits", retry_pause=0)
    try:
        assert xiaoming.writes("听我的", wrong_signature=True) == "failed"
    finally:
        scene.wechat.post("/_limits", retry_pause=None)
    assert xiaoming.thread()[-2:] == ["在吗", "还在吗"]
