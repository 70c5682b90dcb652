"""One call to WeChat and what becomes of it, over real sockets."""

import asyncio
import gzip
import json
import logging
import socket
import traceback
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from conversations.wechat import tokens
from conversations.wechat.client import BUSINESS_TYPING, PLAIN_TYPING, SEND, Client
from conversations.wechat.errors import (
    Busy,
    NoAnswer,
    NotSent,
    Refused,
    TokenRejected,
    TooBig,
    WeChatError,
)
from conversations.wechat.messages import Text
from tests.conversations.wechat.loopback import listening, ok, refuse, respond

pytestmark = pytest.mark.asyncio

XIAOMING = "o-xiaoming"
APP_SECRET = "hush"
DEADLINE = 0.4  # seconds; the server answers in milliseconds, or never


class Tokens:
    """Tokens one after the other: token-1, and another for each one replaced."""

    def __init__(self):
        self.replaced = []

    async def get(self):
        return f"token-{len(self.replaced) + 1}"

    async def replace(self, failed):
        self.replaced.append(failed)
        return await self.get()


@asynccontextmanager
async def talking(*answers, deadline=5.0, token_source=None, memory=None):
    async with listening() as wechat, httpx.AsyncClient() as http:
        wechat.answers = list(answers)
        source = token_source or Tokens()
        yield wechat, Client(http, wechat.root, source, memory, deadline)


async def send(client):
    await client.send(XIAOMING, Text("在的"))


# How a server can misbehave


async def drip(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def say_nothing(writer):
    await asyncio.Event().wait()


async def reset(writer):
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def hang_up(writer):
    writer.transport.abort()


async def cut_off(writer):
    writer.write(ok()[:-5])
    await writer.drain()
    writer.transport.abort()


UNKNOWN = {
    "1 byte at a time": drip,
    "silence": say_nothing,
    "reset": reset,
    "hang up": hang_up,
    "cut off": cut_off,
    "502 in HTML": respond(b"<html>", "502 Bad Gateway", "text/html"),
    "503 with a yes": respond({"errcode": 0}, "503 Service Unavailable"),
    "503 with a no": respond({"errcode": 45015}, "503 Service Unavailable"),
    "200 in HTML": respond(b"<html>ok</html>", content_type="text/html"),
    "302": respond(b"", "302 Found", extra="Location: http://127.0.0.1:9/\r\n"),
    "404": respond(b"<html>", "404 Not Found", "text/html"),
    "404 with a yes": respond({"errcode": 0}, "404 Not Found"),
    "empty": respond(b""),
    "cut JSON": respond(b'{"errcode": 0, "errm'),
    "a list": respond([0]),
    "no errcode": respond({"errmsg": "ok"}),
    "an errcode in words": respond({"errcode": "none"}),
    "deep": respond(b"[" * 60_000),
    "70 KB": respond(b" " * 70_000),
    "compressed": respond(
        gzip.compress(b'{"errcode": 0}'), extra="Content-Encoding: gzip\r\n"
    ),
    "not HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
}


@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN)
async def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(answer):
    async with talking(answer, deadline=DEADLINE) as (wechat, client):
        with pytest.raises(NoAnswer) as info:
            # Some of these never end by themselves.
            await asyncio.wait_for(send(client), 30)
        assert wechat.paths == [SEND], "never sent again"
    says_no_secret(info.value)


def says_no_secret(exc):
    """Neither the exception nor anything it drags along names token, person or URL."""
    text = "".join(traceback.format_exception(exc)) + repr(exc)
    for secret in ("token-1", "token-2", XIAOMING, "access_token=", APP_SECRET):
        assert secret not in text
    assert exc.__context__ is None or not isinstance(exc.__context__, httpx.HTTPError)


async def test_a_refused_connection_means_nothing_was_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: refuses
        root = "http://{}:{}".format(*taken.getsockname())
        async with httpx.AsyncClient() as http:
            with pytest.raises(NotSent) as info:
                await send(Client(http, root, Tokens()))
    says_no_secret(info.value)


@pytest.mark.parametrize("retries", [0, 5])
async def test_a_connection_never_taken_up_means_nothing_was_sent(retries):
    transport = httpx.AsyncHTTPTransport(retries=retries)
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for other in (one, two):
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        root = "http://{}:{}".format(*full.getsockname())
        async with httpx.AsyncClient(transport=transport) as http:
            with pytest.raises(NotSent):
                await send(Client(http, root, Tokens(), deadline=DEADLINE))


async def test_a_handshake_that_never_ends_means_nothing_was_sent():
    async with listening() as wechat, httpx.AsyncClient() as http:
        root = wechat.root.replace("http:", "https:")
        with pytest.raises(NotSent):
            await send(Client(http, root, Tokens(), deadline=DEADLINE))


async def test_no_free_connection_means_nothing_was_sent():
    async with (
        listening() as wechat,
        httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as http,
    ):
        wechat.answers = [say_nothing]
        first = asyncio.create_task(send(Client(http, wechat.root, Tokens())))
        await wechat.arrived.wait()
        with pytest.raises(NotSent):
            await send(Client(http, wechat.root, Tokens(), deadline=DEADLINE))
        first.cancel()
        assert wechat.paths == [SEND]
        with pytest.raises(asyncio.CancelledError):
            await first


@pytest.mark.parametrize("root", ["ftp://127.0.0.1", "http://", "nonsense", "http://["])
async def test_an_address_that_is_none_means_nothing_was_sent(root):
    async with httpx.AsyncClient() as http:
        with pytest.raises(NotSent) as info:
            await send(Client(http, root, Tokens()))
    says_no_secret(info.value)


async def test_a_name_that_leads_nowhere_means_nothing_was_sent(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with httpx.AsyncClient() as http:
        with pytest.raises(NotSent) as info:
            await send(Client(http, "https://api.weixin.qq.com", Tokens()))
    says_no_secret(info.value)


# Sending


async def test_a_message_goes_out_as_wechat_wants_it():
    async with talking() as (wechat, client):
        await send(client)
    [request] = wechat.requests
    assert (request.method, request.path) == ("POST", SEND)
    assert request.query == {"access_token": "token-1"}
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["accept-encoding"] == "identity"
    assert "在的".encode() in request.body
    assert json.loads(request.body)["touser"] == XIAOMING


async def test_the_api_root_may_have_a_path():
    async with talking() as (wechat, client):
        client = Client(client.http, wechat.root + "/simulator/", Tokens())
        await send(client)
    assert wechat.paths == ["/simulator" + SEND]


async def test_busy_is_its_own_answer():
    async with talking(refuse(-1, "system error")) as (wechat, client):
        with pytest.raises(Busy):
            await send(client)
    assert len(wechat.requests) == 1


async def test_a_refusal_says_why():
    answer = refuse(45015, "response out of time limit rid: 6512a3f0-1-2")
    async with talking(answer) as (_, client):
        with pytest.raises(Refused) as info:
            await send(client)
    assert (info.value.errcode, info.value.rid) == (45015, "6512a3f0-1-2")
    says_no_secret(info.value)


async def test_a_refusal_counts_whatever_the_status():
    answer = respond({"errcode": 48001, "errmsg": ""}, "403 Forbidden")
    async with talking(answer) as (_, client):
        with pytest.raises(Refused):
            await send(client)


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_and_the_message_sent_once_more(errcode):
    source = Tokens()
    async with talking(refuse(errcode), token_source=source) as (wechat, client):
        await send(client)
    assert source.replaced == ["token-1"]
    used = [request.query["access_token"] for request in wechat.requests]
    assert used == ["token-1", "token-2"]


async def test_a_second_refused_token_is_the_end():
    source = Tokens()
    answers = [refuse(42001), refuse(40001)]
    async with talking(*answers, token_source=source) as (wechat, client):
        with pytest.raises(TokenRejected) as info:
            await send(client)
    assert (info.value.errcode, source.replaced) == (40001, ["token-1"])
    assert len(wechat.requests) == 2
    says_no_secret(info.value)


async def test_without_a_token_nothing_was_sent():
    class Unreachable(Tokens):
        async def get(self):
            raise NoAnswer("HTTP 502")

    async with talking(token_source=Unreachable()) as (wechat, client):
        with pytest.raises(NotSent):
            await send(client)
    assert wechat.requests == []


async def test_the_deadline_covers_getting_a_token():
    class Slow(Tokens):
        async def replace(self, failed):
            await asyncio.Event().wait()

    answers = [refuse(42001)]
    async with talking(*answers, token_source=Slow(), deadline=DEADLINE) as (
        wechat,
        client,
    ):
        with pytest.raises(NotSent):
            await send(client)
    assert len(wechat.requests) == 1


async def test_a_mini_program_that_may_not_ask_for_tokens_says_so():
    class Forbidden(Tokens):
        async def get(self):
            raise Refused(40164, "invalid ip")

    async with talking(token_source=Forbidden()) as (_, client):
        with pytest.raises(Refused):
            await send(client)


async def test_a_client_can_be_cancelled():
    async with talking(say_nothing) as (wechat, client):
        task = asyncio.create_task(send(client))
        await wechat.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# Typing


async def test_typing_goes_by_the_path_wechat_documents():
    memory = {}
    async with talking(memory=memory) as (wechat, client):
        await client.typing(XIAOMING)
        await client.typing(XIAOMING, "CancelTyping")
    assert wechat.paths == [BUSINESS_TYPING, BUSINESS_TYPING]
    assert json.loads(wechat.requests[0].body) == {
        "touser": XIAOMING,
        "command": "Typing",
    }
    assert json.loads(wechat.requests[1].body)["command"] == "CancelTyping"
    assert memory == {wechat.root: BUSINESS_TYPING}


@pytest.mark.parametrize(
    "answer",
    [refuse(40101), refuse(4, ""), respond(b"", "404 Not Found", "text/html")],
    ids=["40101", "4", "404"],
)
async def test_typing_falls_back_to_the_older_path_and_remembers_it(answer):
    memory = {}
    async with talking(answer, memory=memory) as (wechat, client):
        await client.typing(XIAOMING)
        again = Client(client.http, wechat.root, Tokens(), memory)
        await again.typing(XIAOMING)
    assert wechat.paths == [BUSINESS_TYPING, PLAIN_TYPING, PLAIN_TYPING]


async def test_a_path_that_did_not_work_either_is_not_remembered():
    memory = {}
    async with talking(refuse(40101), refuse(40101), memory=memory) as (_, client):
        with pytest.raises(Refused):
            await client.typing(XIAOMING)
    assert memory == {}


@pytest.mark.parametrize("errcode", [45080, 45081])
async def test_typing_that_is_already_shown_or_too_late_is_no_error(errcode):
    async with talking(refuse(errcode)) as (wechat, client):
        await client.typing(XIAOMING)
    assert len(wechat.requests) == 1


async def test_typing_that_is_refused_says_so():
    async with talking(refuse(45072, "invalid command")) as (wechat, client):
        with pytest.raises(Refused):
            await client.typing(XIAOMING)
    assert len(wechat.requests) == 1


# Pictures

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)


@pytest.mark.parametrize("created_at", [1748779200, "1748779200"])
async def test_a_picture_is_uploaded(created_at):
    answer = {"type": "image", "media_id": "media-1", "created_at": created_at}
    async with talking(respond(answer)) as (wechat, client):
        taken = await client.upload_image('图"1.png', PNG, "image/png")
    assert taken == ("media-1", datetime(2025, 6, 1, 12, tzinfo=UTC))
    [request] = wechat.requests
    assert request.query == {"access_token": "token-1", "type": "image"}
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert b'name="media"' in request.body
    assert b"Content-Type: image/png" in request.body
    assert PNG in request.body


async def test_an_upload_without_a_media_id_is_no_answer():
    async with talking(ok()) as (_, client):
        with pytest.raises(NoAnswer):
            await client.upload_image("a.png", PNG, "image/png")


async def test_an_upload_is_tried_again_whole_after_a_refused_token():
    taken = ok(media_id="media-1", created_at=1748779200)
    async with talking(refuse(40001), taken) as (wechat, client):
        assert (await client.upload_image("a.png", PNG, "image/png"))[0] == "media-1"
    assert [PNG in request.body for request in wechat.requests] == [True, True]


async def test_a_picture_is_fetched():
    async with talking(respond(PNG, content_type="image/png")) as (wechat, client):
        assert await client.get_media("media-1", 10_000) == (PNG, "image/png")
    assert wechat.requests[0].query["media_id"] == "media-1"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_a_picture_wechat_forgot_is_refused_with_status_200(content_type):
    answer = respond({"errcode": 40007, "errmsg": "x"}, content_type=content_type)
    async with talking(answer) as (_, client):
        with pytest.raises(WeChatError) as info:
            await client.get_media("media-1", 10_000)
    assert info.value.errcode == 40007


@pytest.mark.parametrize(
    "answer",
    [
        respond({"video_url": "http://v"}),
        respond(b"", content_type="image/png"),
        respond(PNG, "404 Not Found", "image/png"),
        respond(b"", "302 Found", extra="Location: /elsewhere\r\n"),
        respond(gzip.compress(PNG), extra="Content-Encoding: gzip\r\n"),
    ],
    ids=["a video", "empty", "404", "elsewhere", "compressed"],
)
async def test_what_is_no_picture_is_no_answer(answer):
    async with talking(answer) as (wechat, client):
        with pytest.raises(NoAnswer):
            await client.get_media("media-1", 10_000)
    assert len(wechat.requests) == 1, "followed nowhere"


async def test_a_picture_is_read_no_further_than_asked():
    async with talking(respond(PNG, content_type="image/png")) as (_, client):
        assert len((await client.get_media("media-1", len(PNG)))[0]) == len(PNG)
    async with talking(respond(PNG, content_type="image/png")) as (_, client):
        with pytest.raises(TooBig):
            await client.get_media("media-1", len(PNG) - 1)


# Tokens


async def fetch(wechat, **options):
    async with httpx.AsyncClient() as http:
        return await tokens.fetch_stable(
            http, wechat.root, "wx1", APP_SECRET, **options
        )


async def test_a_token_is_fetched_without_its_secret_in_any_url():
    async with listening() as wechat:
        wechat.answers = [respond({"access_token": "t" * 512, "expires_in": 345})] * 2
        assert await fetch(wechat) == ("t" * 512, 345)
        await fetch(wechat, force=True)
    first, second = wechat.requests
    assert (first.method, first.path) == ("POST", "/cgi-bin/stable_token")
    assert first.query == {}
    assert json.loads(first.body) == {
        "grant_type": "client_credential",
        "appid": "wx1",
        "secret": APP_SECRET,
        "force_refresh": False,
    }
    assert json.loads(second.body)["force_refresh"] is True


async def test_an_address_of_ours_wechat_does_not_know_is_a_refusal():
    async with listening() as wechat:
        wechat.answers = [refuse(40164, "invalid ip 1.2.3.4, not in whitelist")]
        with pytest.raises(Refused) as info:
            await fetch(wechat)
    assert "1.2.3.4" in info.value.errmsg
    says_no_secret(info.value)


NO_TOKEN = {
    "none": ok(),
    "empty": respond({"access_token": "", "expires_in": 7200}),
    "a number": respond({"access_token": 5, "expires_in": 7200}),
    "for how long": respond({"access_token": "t"}),
    "HTML": respond(b"<html>"),
    "1 byte at a time": drip,
    "reset": reset,
}


@pytest.mark.parametrize("answer", NO_TOKEN.values(), ids=NO_TOKEN)
async def test_a_token_that_does_not_come_is_no_answer(answer):
    async with listening() as wechat:
        wechat.answers = [answer]
        with pytest.raises(NoAnswer) as info:
            await fetch(wechat, deadline=DEADLINE)
    says_no_secret(info.value)


async def test_with_httpx_quieted_no_log_names_a_token_or_a_person(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.WARNING, name)
    async with talking(refuse(42001), reset) as (_, client):
        with pytest.raises(NoAnswer):
            await send(client)
    for secret in ("token-1", "token-2", XIAOMING):
        assert secret not in caplog.text
