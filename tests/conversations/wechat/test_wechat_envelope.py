import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.wechat import envelope, xml
from conversations.wechat.credentials import Credentials
from conversations.wechat.crypto import (
    Undecryptable,
    _cipher,
    decode_key,
    decrypt,
    encrypt,
)
from conversations.wechat.envelope import Rejected, check_url, open_envelope
from conversations.wechat.signature import sign, verify

APPID = "wx0123456789abcdef"
KEY = decode_key("Kefu" + "0123456789" * 3 + "abcdefghi")
OLD_KEY = decode_key("Old0" + "0123456789" * 3 + "abcdefghi")
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIMESTAMP = str(int(NOW.timestamp()))
SAYS = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "o-xiaoming",
    "CreateTime": 1748779200,
    "MsgType": "text",
    "Content": "在吗 ]]> & <b>",
    "MsgId": 22876340532172986,
}


def credentials(mode="secure", format="json", keys=(KEY,), **others):
    return Credentials(APPID, "token", keys, mode, format, **others)


def wrap(fields=SAYS, given=None, timestamp=TIMESTAMP, nonce="n0nce"):
    given = given or credentials()
    query, body, _ = envelope.wrap(fields, given, timestamp, nonce, "o-xiaoming")
    return query, body


def sealed(plaintext, key=KEY, appid=APPID):
    """A secure push of any bytes, signed as it should be."""
    return signed(encrypt(key, plaintext, appid))


def signed(ciphertext):
    query = {"timestamp": TIMESTAMP, "nonce": "n0nce"}
    query["signature"] = sign("token", *query.values())
    query["msg_signature"] = sign("token", TIMESTAMP, "n0nce", ciphertext)
    return query, json.dumps({"Encrypt": ciphertext}).encode()


def rejected(query, body, given, now=NOW):
    with pytest.raises(Rejected) as info:
        open_envelope(query, body, given, now)
    return info.value.reason, info.value.status


MODES = pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
FORMATS = pytest.mark.parametrize("format", ["json", "xml"])
ENCRYPTED = pytest.mark.parametrize("mode", ["compatible", "secure"])


@MODES
@FORMATS
def test_what_is_wrapped_opens_to_the_same(mode, format):
    given = credentials(mode, format)
    opened = open_envelope(*wrap(given=given), given, NOW)
    as_text = {name: str(value) for name, value in SAYS.items()}
    assert opened.fields == (SAYS if format == "json" else as_text)
    assert not opened.unreadable
    assert opened.authenticated_by == (
        "signature" if mode == "plain" else "msg_signature"
    )


@MODES
def test_a_push_carries_what_wechat_sends_in_each_mode(mode):
    query, body = wrap(given=credentials(mode))
    names = {"plain": {*SAYS}, "compatible": {*SAYS, "Encrypt"}}
    assert {*json.loads(body)} == names.get(mode, {"ToUserName", "Encrypt"})
    assert ("msg_signature" in query, query.get("encrypt_type")) == (
        (False, None) if mode == "plain" else (True, "aes")
    )


@FORMATS
def test_the_format_is_seen_and_not_configured(format):
    other = "xml" if format == "json" else "json"
    opened = open_envelope(*wrap(given=credentials("secure", other)), credentials(
        "secure", format
    ), NOW)  # fmt: skip
    assert opened.fields["FromUserName"] == "o-xiaoming"


def test_a_byte_order_mark_and_white_space_are_passed_over():
    query, body = wrap(given=credentials("plain", "xml"))
    for start in (b"\xef\xbb\xbf", b" \r\n\t", b"\xef\xbb\xbf \n"):
        opened = open_envelope(query, start + body, credentials("plain"), NOW)
        assert opened.fields["MsgType"] == "text"


@MODES
def test_a_push_without_a_valid_signature_is_refused(mode):
    given = credentials(mode)
    query, body = wrap(given=given)
    for forged in ("", "0" * 40, "签名", "\ud800", "A" * 10_000):
        changed = {**query, "signature": forged, "msg_signature": forged}
        assert rejected(changed, body, given)[1] == 403
    assert rejected({}, body, given) == ("format", 403)
    assert rejected(query, body, Credentials(APPID, "other", (KEY,), mode)) == (
        "signature",
        403,
    )


@MODES
def test_without_a_token_nothing_is_accepted(mode):
    given = Credentials(APPID, "", (KEY,), mode)
    assert rejected(*wrap(given=given), given) == ("unconfigured", 403)
    query, _ = wrap(given=given)
    with pytest.raises(Rejected):
        check_url({**query, "echostr": "1"}, given)


def test_without_a_key_nothing_encrypted_is_accepted():
    assert rejected(*wrap(), credentials(keys=())) == ("decrypt", 403)


@ENCRYPTED
def test_encryption_cannot_be_talked_round_by_a_clear_body(mode):
    query, body = wrap(given=credentials("plain"))
    assert rejected(query, body, credentials(mode)) == ("downgrade", 403)

    raw = {**query, "encrypt_type": "raw"}
    assert rejected(raw, body, credentials(mode)) == ("downgrade", 403)

    with_signature = {**query, "msg_signature": query["signature"]}
    assert rejected(with_signature, body, credentials(mode)) == ("downgrade", 403)

    encrypted_query, encrypted = wrap(given=credentials(mode))
    del encrypted_query["msg_signature"]
    assert rejected(encrypted_query, encrypted, credentials(mode)) == (
        "downgrade",
        403,
    )


def test_the_clear_copies_of_a_compatible_push_are_not_believed():
    given = credentials("compatible")
    query, body = wrap(given=given)
    forged = json.dumps(
        {**json.loads(body), "Content": "转账", "FromUserName": "o-zhao"}
    )
    assert open_envelope(query, forged.encode(), given, NOW).fields == SAYS


def test_an_encrypted_push_is_read_while_we_still_believe_in_plain_mode():
    given = credentials("plain")
    opened = open_envelope(*wrap(given=credentials("secure")), given, NOW)
    assert (opened.fields, opened.authenticated_by) == (SAYS, "msg_signature")

    query, body = wrap(given=credentials("secure"))
    assert rejected({**query, "msg_signature": "0" * 40}, body, given)[0] == "signature"


@pytest.mark.parametrize("seconds", [-601, 601, 10**6])
def test_plain_mode_refuses_what_is_not_fresh(seconds):
    given = credentials("plain")
    now = NOW + timedelta(seconds=seconds)
    assert rejected(*wrap(given=given), given, now) == ("timestamp", 403)


@pytest.mark.parametrize("seconds", [-600, 0, 600])
def test_plain_mode_takes_what_is_fresh(seconds):
    given = credentials("plain")
    now = NOW + timedelta(seconds=seconds)
    opened = open_envelope(*wrap(given=given), given, now)
    assert opened.skew == timedelta(seconds=seconds)


@ENCRYPTED
def test_a_wrong_clock_of_ours_loses_no_encrypted_message(mode):
    given = credentials(mode)
    opened = open_envelope(*wrap(given=given), given, NOW + timedelta(days=400))
    assert opened.skew == timedelta(days=400)


# The signature joins its parts with nothing between them.
OFFICIAL = {"timestamp": "1714036504", "nonce": "1514711492"}
OFFICIAL_SIGNATURE = "f464b24fc39322e44b38aa78f5edd27bd1441696"
OFFICIAL_NOW = datetime.fromtimestamp(1714036504, UTC)
JOINED = OFFICIAL["nonce"] + OFFICIAL["timestamp"]
SPLITS = [
    (timestamp, nonce)
    for cut in range(len(JOINED) + 1)
    for timestamp, nonce in [
        (JOINED[:cut], JOINED[cut:]),
        (JOINED[cut:], JOINED[:cut]),
    ]
    if verify(OFFICIAL_SIGNATURE, "AAAAA", timestamp, nonce)
    and timestamp != OFFICIAL["timestamp"]
]


def test_the_official_example_can_be_cut_elsewhere():
    assert len(SPLITS) > 13
    assert ("1514711492", "1714036504") in SPLITS  # swapped
    assert (JOINED, "") in SPLITS


@pytest.mark.parametrize(("timestamp", "nonce"), SPLITS)
def test_a_signature_cut_elsewhere_is_refused(timestamp, nonce):
    given = Credentials(APPID, "AAAAA", (), "plain")
    query = {"timestamp": timestamp, "nonce": nonce, "signature": OFFICIAL_SIGNATURE}
    assert rejected(query, b"{}", given, OFFICIAL_NOW)[1] == 403
    with pytest.raises(Rejected):
        check_url({**query, "echostr": "1"}, given, OFFICIAL_NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp", ""),
        ("timestamp", "171403650"),
        ("timestamp", "17140365040"),
        ("timestamp", "1714036504\n"),
        ("timestamp", "-714036504"),
        ("timestamp", "１７１４０３６５０４"),
        ("nonce", ""),
        ("nonce", "a" * 65),
        ("nonce", "a b"),
        ("nonce", "a\n"),
        ("nonce", "一"),
    ],
)
def test_formats_are_strict_even_when_signed(name, value):
    stamps = {"timestamp": TIMESTAMP, "nonce": "n0nce", name: value}
    query, body = wrap(given=credentials("secure"), **stamps)
    assert rejected(query, body, credentials("secure")) == ("format", 403)


def test_a_body_over_64_kib_is_refused_unread():
    query, body = wrap(given=credentials("plain"))
    padded = body + b" " * (64 * 1024 + 1 - len(body))
    assert rejected(query, padded, credentials("plain")) == ("size", 413)
    assert open_envelope(query, padded[:-1], credentials("plain"), NOW).fields == SAYS


# Encryption


def padded(content, pad):
    return base64.b64encode(_encrypt_raw(content + pad)).decode()


def _encrypt_raw(content):
    encryptor = _cipher(KEY).encryptor()
    return encryptor.update(content) + encryptor.finalize()


def content(message=b"{}", appid=b"wx0123456789abcdef", length=None):
    length = len(message) if length is None else length
    return b"r" * 16 + length.to_bytes(4, "big") + message + appid


def fit(text):
    """Pad the content as PKCS7 does, in blocks of 32."""
    pad = 32 - len(text) % 32
    return padded(text, bytes([pad]) * pad)


GOOD = fit(content())
GAP = 32 - len(content()) % 32  # bytes of padding it takes

BROKEN = {
    "not base64": "%%%",
    "not ASCII": "加密",
    "half a surrogate pair": "\ud800",
    "empty": "",
    "a line break in it": GOOD[:8] + "\n" + GOOD[8:],
    "not a whole block": base64.b64encode(b"x" * 31).decode(),
    "one block cut off": fit(content(b"b" * 64))[:64],
    "noise": base64.b64encode(bytes(range(64))).decode(),
    "padding 0": padded(content(), bytes(GAP)),
    "padding of more than 32": padded(content(), bytes([GAP + 32]) * (GAP + 32)),
    "padding unequal": padded(content(), bytes(GAP - 1) + bytes([GAP])),
    "padding longer than the content": padded(b"x" * 15, bytes([17])),
    "all padding": padded(b"", bytes([32]) * 32),
    "shorter than its header": fit(b"r" * 19),
    "length beyond the end": fit(content(length=1000)),
    "length of 4 GiB": fit(content(length=2**32 - 1)),
    "length too short": fit(content(length=1)),
    "another mini program's": fit(content(appid=b"wx1111111111111111")),
    "no appid": fit(content(appid=b"")),
    "appid and more": fit(content(appid=APPID.encode() + b"x")),
    "another key's": encrypt(OLD_KEY, b"{}", APPID),
}


@pytest.mark.parametrize("ciphertext", BROKEN.values(), ids=BROKEN)
def test_what_does_not_decrypt_is_refused_and_nobody_told_why(ciphertext):
    with pytest.raises(Undecryptable, match="^cannot be decrypted$"):
        decrypt(KEY, ciphertext, APPID)
    assert rejected(*signed(ciphertext), credentials()) == ("decrypt", 403)


def test_the_broken_ones_are_broken_by_one_thing_only():
    assert decrypt(KEY, GOOD, APPID) == b"{}"
    assert GAP > 1


def test_a_length_beyond_the_end_is_no_empty_appid():
    with pytest.raises(Undecryptable):
        decrypt(KEY, fit(content(appid=b"", length=3)), "")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_anything_encrypted_decrypts_to_the_same(message, appid):
    assert decrypt(KEY, encrypt(KEY, message, appid), appid) == message


@given(st.binary(min_size=1, max_size=96))
def test_noise_never_does_anything_but_fail_to_decrypt(noise):
    with pytest.raises(Undecryptable):
        decrypt(KEY, base64.b64encode(noise).decode(), APPID)


def test_a_key_on_its_way_out_still_opens():
    given = credentials(keys=(KEY, OLD_KEY))
    opened = open_envelope(*wrap(given=credentials(keys=(OLD_KEY,))), given, NOW)
    assert (opened.fields, opened.key) == (SAYS, OLD_KEY)


@FORMATS
def test_an_answer_is_sealed_with_the_key_the_push_came_under(format):
    given = credentials(format=format, keys=(KEY, OLD_KEY))
    answer = envelope.seal("再见", given, TIMESTAMP, "n0nce", key=OLD_KEY)
    fields = json.loads(answer) if format == "json" else xml.parse(answer.encode())
    assert decrypt(OLD_KEY, fields["Encrypt"], APPID).decode() == "再见"
    signed_parts = (str(fields["TimeStamp"]), fields["Nonce"], fields["Encrypt"])
    assert verify(fields["MsgSignature"], "token", *signed_parts)


ROTATIONS = [(token, key) for token in ("token", "old token") for key in (KEY, OLD_KEY)]


@pytest.mark.parametrize(("token", "key"), ROTATIONS)
@ENCRYPTED
def test_while_keys_change_each_token_and_key_is_taken_and_answered(mode, token, key):
    ours = credentials(mode, keys=(KEY, OLD_KEY), previous_tokens=("old token",))
    theirs = Credentials(APPID, token, (key,), mode)
    opened = open_envelope(*wrap(given=theirs), ours, NOW)
    assert (opened.fields, opened.token, opened.key) == (SAYS, token, key)

    answer = json.loads(
        envelope.seal("{}", ours, "1", "n", token=opened.token, key=opened.key)
    )
    assert verify(answer["MsgSignature"], token, "1", "n", answer["Encrypt"])
    assert decrypt(key, answer["Encrypt"], APPID) == b"{}"


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
@pytest.mark.parametrize(
    ("token", "taken"), [("token", True), ("old token", True), ("older", False)]
)
def test_the_address_is_checked_under_either_token(mode, token, taken):
    ours = credentials(mode, previous_tokens=("old token",))
    query = {"timestamp": TIMESTAMP, "nonce": "n", "echostr": "4375120948345356249"}
    query["signature"] = sign(token, TIMESTAMP, "n")
    if taken:
        assert check_url(query, ours, NOW) == query["echostr"]
    else:
        with pytest.raises(Rejected):
            check_url(query, ours, NOW)


def test_a_previous_token_opens_nothing_once_the_current_one_is_taken_away():
    ours = Credentials(APPID, "", (KEY,), "secure", previous_tokens=("token",))
    assert rejected(*wrap(), ours) == ("unconfigured", 403)


def test_with_no_previous_token_the_empty_one_signs_nothing():
    forged = wrap(given=Credentials(APPID, "", (KEY,), "secure"))
    assert rejected(*forged, credentials()) == ("signature", 403)


def test_secrets_stay_out_of_what_is_printed():
    opened = open_envelope(*wrap(), credentials(), NOW)
    printed = repr(credentials()) + repr(opened)
    assert "'token'" not in printed
    assert repr(KEY) not in printed


# A push that is WeChat's, and can't be read

UNREADABLE = {
    "empty": b"",
    "truncated JSON": b'{"MsgType": "te',
    "truncated XML": b"<xml><MsgType>te",
    "a list": b"[1]",
    "neither": b"success",
    "not UTF-8": b'{"Content": "\xff"}',
    "a document type": b'<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_wechats_but_unreadable_is_handed_on_raw(raw):
    opened = open_envelope(*sealed(raw), credentials(), NOW)
    assert (opened.fields, opened.unreadable, opened.content) == ({}, True, raw)

    query, _ = wrap(given=credentials("plain"))
    opened = open_envelope(query, raw, credentials("plain"), NOW)
    assert (opened.fields, opened.unreadable, opened.content) == ({}, True, raw)


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_unreadable_and_unsigned_is_refused(raw):
    query, _ = wrap()
    assert rejected(query, raw, credentials()) == ("format", 403)
    forged = {**query, "signature": "0" * 40, "msg_signature": "0" * 40}
    assert rejected(forged, raw, credentials("plain"))[1] == 403


@pytest.mark.parametrize("ciphertext", [None, 1, [], {"a": 1}, True])
def test_an_encrypt_that_is_not_text_is_refused(ciphertext):
    query, _ = wrap()
    body = json.dumps({"Encrypt": ciphertext}).encode()
    assert rejected(query, body, credentials()) == ("downgrade", 403)


@given(st.integers(min_value=0), st.integers(0, 255))
def test_a_push_damaged_on_its_way_is_opened_whole_or_refused(place, byte):
    given = credentials()
    query, body = wrap(given=given)
    damaged = bytearray(body)
    damaged[place % len(body)] = byte
    try:
        fields = open_envelope(query, bytes(damaged), given, NOW).fields
    except Rejected:
        return
    assert fields == SAYS


# The check of our address


def check(echostr, given=None, **changes):
    given = given or credentials("plain")
    query, _ = wrap(given=credentials("plain"))
    return check_url({**query, "echostr": echostr, **changes}, given, NOW)


@pytest.mark.parametrize("mode", ["plain", "compatible", "secure"])
def test_a_clear_echostr_is_echoed_in_every_mode(mode):
    assert check("4375120948345356249", credentials(mode)) == "4375120948345356249"


@pytest.mark.parametrize(
    "echostr",
    ["", "<script>alert(1)</script>", "1\n", "a" * 65, "一", "%3Cb%3E", "A" * 10_000],
)
def test_only_letters_and_digits_are_ever_echoed(echostr):
    with pytest.raises(Rejected) as info:
        check(echostr)
    assert info.value.status == 403


def test_a_check_nobody_signed_is_refused():
    with pytest.raises(Rejected, match="signature"):
        check("1", signature="0" * 40)
    with pytest.raises(Rejected, match="timestamp"):
        check_url(
            {**wrap(given=credentials("plain"))[0], "echostr": "1"},
            credentials("plain"),
            NOW + timedelta(hours=1),
        )


def test_an_encrypted_echostr_is_echoed_in_the_clear_and_only_if_harmless():
    def ask(plain):
        echostr = encrypt(KEY, plain, APPID)
        msg_signature = sign("token", TIMESTAMP, "n0nce", echostr)
        return check(echostr, credentials(), msg_signature=msg_signature)

    assert ask(b"4375120948345356249") == "4375120948345356249"
    for plain in (b"<script>", b"\xff", b""):
        with pytest.raises(Rejected):
            ask(plain)
    with pytest.raises(Rejected, match="signature"):
        check(encrypt(KEY, b"1", APPID), credentials(), msg_signature="0" * 40)
