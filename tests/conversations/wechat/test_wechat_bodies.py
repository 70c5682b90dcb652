import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.wechat import body, strict_json, xml
from conversations.wechat.errors import Unreadable

LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)
)

HOSTILE_XML = {
    "a document type": b"<!DOCTYPE xml><xml><a>1</a></xml>",
    "a document type of another": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "an entity": b'<!DOCTYPE x [<!ENTITY e "v">]><x><a>&e;</a></x>',
    "a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><a>&e;</a></x>',
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % p "<!ENTITY q \'v\'>"> %p;]><x/>',
    "a billion laughs": b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]><x>&l9;</x>",
    "quadratic": b'<!DOCTYPE x [<!ENTITY e "' + b"a" * 30_000 + b'">]><x>'
    + b"&e;" * 5_000 + b"</x>",
    "an undeclared entity": b"<xml><a>&e;</a></xml>",
    "an instruction": b'<?xml-stylesheet href="http://127.0.0.1:9/"?><xml/>',
    "an instruction inside": b"<xml><?php system('id') ?><a>1</a></xml>",
    "attributes": b'<xml xmlns:xi="http://www.w3.org/2001/XInclude"><a>1</a></xml>',
    "200,000 deep": b"<a>" * 200_000 + b"</a>" * 200_000,
    "20,000 deep": b"<a>" * 20_000,
    "5 deep": b"<a><b><c><d><e/></d></c></b></a>",
    "201 elements": b"<xml>" + b"".join(b"<a%d/>" % n for n in range(201)) + b"</xml>",
    "a field twice": b"<xml><a>1</a><a>2</a></xml>",
    "70 KB": b"<xml><a>" + b"x" * 70_000 + b"</a></xml>",
    "two roots": b"<xml/><xml/>",
    "something after it": b"<xml><a>1</a></xml>x",
    "nothing": b"",
    "NUL": b"<xml><a>\x00</a></xml>",
    "NUL as a reference": b"<xml><a>&#0;</a></xml>",
    "a surrogate as a reference": b"<xml><a>&#xD800;</a></xml>",
    "not UTF-8": b"<xml><a>\xff\xfe</a></xml>",
    "UTF-16": '<?xml version="1.0"?><xml><a>1</a></xml>'.encode("utf-16"),
    "UTF-16 with an entity": '<!DOCTYPE x [<!ENTITY e "v">]><x>&e;</x>'.encode(
        "utf-16"
    ),
    "cut off": b"<xml><a><![CDATA[abc",
}  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_hostile_xml_is_refused_at_once(raw):
    began = time.process_time()
    with pytest.raises(Unreadable):
        xml.parse(raw)
    assert time.process_time() - began < 0.05
    with pytest.raises(Unreadable):
        body.parse(raw)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"<xml><a>1</a>\n<b><![CDATA[<i>&]]></b></xml>", {"a": "1", "b": "<i>&"}),
        (b'<?xml version="1.0" encoding="gbk"?><xml><a>\xe5\x9c\xa8</a></xml>', {"a": "在"}),
        (b"<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a></xml>", {"a": "x]]>y"}),
        (b"<xml><a>&lt;&#19968;&amp;</a><b/></xml>", {"a": "<一&", "b": ""}),
        (b"<xml><!-- said twice --><a>1</a></xml>", {"a": "1"}),
        (b"<xml><a>1<b>2</b>3</a><c>4</c></xml>", {"a": "", "c": "4"}),
        (b"\xef\xbb\xbf<xml/>", {}),
    ],
)  # fmt: skip
def test_wechats_xml_is_read(raw, fields):
    assert body.parse(raw) == fields


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_to_the_xml_parser_but_be_refused(raw):
    try:
        xml.parse(b"<xml>" + raw)
    except Unreadable:
        pass


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)


@given(st.dictionaries(NAMES, st.text(max_size=100) | st.integers(), max_size=20))
def test_written_xml_reads_back_as_text(fields):
    kept = {name: xml.printable(str(value)) for name, value in fields.items()}
    # Every XML parser reads a carriage return as a line feed.
    kept = {n: t.replace("\r\n", "\n").replace("\r", "\n") for n, t in kept.items()}
    assert xml.parse(xml.write(fields).encode()) == kept


HOSTILE_JSON = {
    "a list": b"[]",
    "text": b'"{}"',
    "a number": b"1",
    "null": b"null",
    "nothing": b"",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a key twice": b'{"MsgId": 1, "MsgId": 2}',
    "a key twice inside": b'{"a": [{"b": 1, "b": 1}]}',
    "30,000 brackets": b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "30,000 open braces": b'{"a":' * 13_000,
    "21 brackets": b'{"a":' + b"[" * 20 + b"]" * 20 + b"}",
    "cut off": b'{"a": "b',
    "a comma too many": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "something after it": b'{"a": 1} x',
    "a line break in text": b'{"a": "b\nc"}',
    "NUL": b'{"a": "\x00"}',
    "not UTF-8": b'{"a": "\xff"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "70 KB": b'{"a": "' + b"x" * 70_000 + b'"}',
}


@pytest.mark.parametrize("raw", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_hostile_json_is_refused_at_once(raw):
    began = time.process_time()
    with pytest.raises(Unreadable):
        strict_json.parse(raw)
    assert time.process_time() - began < 0.05
    with pytest.raises(Unreadable):
        body.parse(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"22876340532172986", 22876340532172986),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"9223372036854775808", "9223372036854775808"),
        (b"1" * 60_000, "1" * 60_000),
        (b"-" + b"1" * 5_000, "-" + "1" * 5_000),
        (b"1.50", "1.50"),
        (b"1e400", "1e400"),
        (rb'"\u5728\/\ud83d\ude00"', "在/😀"),
        (rb'"\ud83d \u0000"', "\ud83d \x00"),
        (b"null", None),
        (b"true", True),
        (b"[" * 19 + b"]" * 19, None),
    ],
)
def test_json_is_read_without_rounding(raw, value):
    read = body.parse(b'\xef\xbb\xbf {"a": ' + raw + b"}")["a"]
    if not raw.startswith(b"["):
        assert read == value


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_to_the_json_parser_but_be_refused(raw):
    try:
        strict_json.parse(b"{" + raw)
    except Unreadable:
        pass
