"""Facts others have published about WeChat's signatures, encryption and requests."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conversations.wechat import body, envelope, messages
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import BadKey, decode_key, decrypt, encrypt
from conversations.wechat.signature import sign, verify

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def vectors(name):
    return pytest.mark.parametrize(
        "vector", VECTORS[name], ids=[vector["id"] for vector in VECTORS[name]]
    )


def credentials(inputs, **settings):
    keys = ()
    if "encoding_aes_key" in inputs:
        keys = (decode_key(inputs["encoding_aes_key"]),)
    return Credentials(inputs.get("appid", ""), inputs["token"], keys, **settings)


def at(query):
    return datetime.fromtimestamp(int(query["timestamp"]), UTC)


@vectors("signatures")
def test_signatures_are_wechats(vector):
    token, parts = vector["inputs"]["token"], vector["inputs"]["parts"]
    assert sign(token, *parts) == vector["expected"]
    assert verify(vector["expected"], token, *parts)


@vectors("url_checks")
def test_wechats_check_of_our_address_is_answered(vector):
    inputs = vector["inputs"]
    assert (
        envelope.check_url(inputs["query"], credentials(inputs)) == vector["expected"]
    )


@vectors("plain_pushes")
def test_a_plain_push_is_read(vector):
    inputs = vector["inputs"]
    opened = envelope.open_envelope(
        inputs["query"],
        inputs["body"].encode(),
        credentials(inputs, mode="plain"),
        at(inputs["query"]),
    )
    assert opened.fields == vector["expected"]
    assert opened.authenticated_by == "signature"


@vectors("encrypted_pushes")
def test_an_encrypted_push_is_decrypted_and_encrypts_to_the_same(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    key = decode_key(inputs["encoding_aes_key"])
    message = decrypt(key, inputs["ciphertext"], inputs["appid"])
    assert message.decode() == expected["message"]
    assert len(message) == expected["message_bytes"]

    random16 = bytes.fromhex(expected["random16_hex"])
    assert encrypt(key, message, inputs["appid"], random16) == inputs["ciphertext"]
    assert len(inputs["ciphertext"]) == 4 * -(-expected["ciphertext_bytes"] // 3)


@pytest.mark.parametrize("mode", ["secure", "compatible"])
@vectors("encrypted_pushes")
def test_an_encrypted_push_is_opened(vector, mode):
    inputs = vector["inputs"]
    made = json.dumps({"ToUserName": "gh_1", "Encrypt": inputs["ciphertext"]})
    opened = envelope.open_envelope(
        inputs["query"],
        inputs.get("body", made).encode(),
        credentials(inputs, mode=mode),
        at(inputs["query"]),
    )
    message = vector["expected"]["message"].encode()
    assert (opened.content, opened.fields) == (message, body.parse(message))
    assert opened.authenticated_by == "msg_signature"


@vectors("encryptions")
def test_what_we_encrypt_is_what_others_do(vector):
    inputs, expected = vector["inputs"], vector["expected"]
    key = decode_key(inputs["encoding_aes_key"])
    random16 = inputs["random16"].encode()
    ciphertext = encrypt(key, inputs["message"].encode(), inputs["appid"], random16)
    assert ciphertext == expected["ciphertext"]
    assert decrypt(key, ciphertext, inputs["appid"]).decode() == inputs["message"]
    if "msg_signature" in expected:
        signed = (inputs["timestamp"], inputs["nonce"], ciphertext)
        assert sign(inputs["token"], *signed) == expected["msg_signature"]


ANSWERS = [v for v in VECTORS["encryptions"] if "answer" in v["expected"]]


@pytest.mark.parametrize("vector", ANSWERS, ids=[v["id"] for v in ANSWERS])
def test_an_encrypted_answer_bears_wechats_names_and_order(vector):
    inputs, expected = vector["inputs"], vector["expected"]["answer"]
    is_xml = expected.startswith("<")
    answer = envelope.seal(
        inputs["message"],
        credentials(inputs, format="xml" if is_xml else "json"),
        inputs["timestamp"],
        inputs["nonce"],
        random16=inputs["random16"].encode(),
    )
    if is_xml:
        assert answer.split() == expected.replace("<xml>\n", "<xml>").split()
    else:
        assert list(json.loads(answer).items()) == list(json.loads(expected).items())


@vectors("keys")
def test_a_key_is_taken_as_wechat_issues_it_or_not_at_all(vector):
    encoding_aes_key = vector["inputs"]["encoding_aes_key"]
    if vector["expected"]:
        assert decode_key(encoding_aes_key).hex() == vector["expected"]
    else:
        with pytest.raises(BadKey):
            decode_key(encoding_aes_key)


@vectors("requests")
def test_requests_over_http_are_those_of_the_cloud_sdk_in_other_letters(vector):
    cloud = vector["inputs"]
    match cloud["msgtype"], cloud[cloud["msgtype"]]:
        case "image", {"mediaId": media_id}:
            message = messages.Image(media_id)
        case "link", {
            "title": title,
            "description": description,
            "url": url,
            "thumbUrl": thumb_url,
        }:
            message = messages.Link(title, description, url, thumb_url)
        case "miniprogrampage", {
            "title": title,
            "pagepath": page_path,
            "thumbMediaId": thumb_media_id,
        }:
            message = messages.Card(title, page_path, thumb_media_id)
    assert message.payload(cloud["touser"]) == vector["expected"]
