"""Daphne as we start it, over raw sockets: bodies, headers, slow and rude clients."""

import socket
from pathlib import Path

import httpx
import pytest

from console.web import PUSH_LIMIT, UPLOAD_LIMIT, body_limit
from tests.processes.driver import Console

pytestmark = pytest.mark.processes

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with Console(tmp_path_factory.mktemp("web")) as console:
        yield console.start("web")


@pytest.fixture
def connection(console):
    with socket.create_connection(("127.0.0.1", console.port), timeout=10) as opened:
        yield opened


def send(connection, data):
    """Send, as far as the other side takes it."""
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def first_line(connection):
    """Return the answer's first line, once the other side has closed."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received.split(b"\r\n")[0]


def memory(console):
    """Return the web process's memory in bytes."""
    status = Path(f"/proc/{console.pid('web')}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("/wechat/wx1/push", PUSH_LIMIT + 1),
        ("/%77echat/wx1/push?timestamp=1", PUSH_LIMIT + 1),
        ("/conversations/1/images/", UPLOAD_LIMIT + 1),
        ("/", 300 * MEGABYTE),
    ],
)
def test_a_body_declared_too_long_is_refused_before_it_comes(
    connection, path, declared
):
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {declared}"
    send(connection, request.encode() + b"\r\n\r\n")

    assert first_line(connection) == b"HTTP/1.1 413 Content Too Large"


def test_an_endless_body_is_refused_and_fills_no_memory(console, connection):
    before = memory(console)
    head = "POST /wechat/wx1/push HTTP/1.1\r\nHost: localhost\r\n"
    send(connection, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(480):  # 30 MB
        send(connection, chunk)

    try:
        assert first_line(connection) == b"HTTP/1.1 413 Content Too Large"
    except ConnectionResetError:
        pass  # We went on sending long after the answer
    assert memory(console) - before < 20 * MEGABYTE


def test_a_refused_client_gets_to_read_why(console):
    """It sends all of a body that is a little too long before it looks."""
    answer = httpx.post(f"{console.url}/wechat/wx1/push", content=b"x" * 100_000)
    assert answer.status_code == 413


def test_a_body_of_the_longest_length_is_let_through(console):
    answer = httpx.post(f"{console.url}/wechat/wx1/push", content=b"x" * PUSH_LIMIT)
    assert answer.status_code != 413


def test_after_a_refusal_others_are_served(console):
    httpx.post(f"{console.url}/wechat/wx1/push", content=b"x" * 100_000)
    assert httpx.get(f"{console.url}/healthz").status_code == 200


def test_a_client_that_drips_holds_nobody_up(console, connection):
    send(connection, b"POST /wechat/wx1/push HTTP/1.1\r\nContent-Length: 100\r\n\r\nx")

    assert httpx.get(f"{console.url}/healthz").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "\r\n".join(f"X-Long-{n}: " + "x" * 5000 for n in range(4)),
    ],
    ids=["two kinds of length", "two lengths", "negative length", "long headers"],
)
def test_a_request_that_can_be_read_two_ways_is_refused(connection, headers):
    send(
        connection, f"POST / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode()
    )

    assert first_line(connection) == b"HTTP/1.1 400 Bad Request"


def test_answers_do_not_name_the_server(console):
    assert "server" not in httpx.get(f"{console.url}/healthz").headers


def test_no_log_repeats_a_query(console):
    httpx.get(f"{console.url}/wechat/wx1/push?signature=canary-5d2f&echostr=1")
    assert not console.leaks(["canary-5d2f"])


@pytest.mark.parametrize(
    ("target", "limit"),
    [
        (b"/wechat/wx1/push?a=b", PUSH_LIMIT),
        (b"/wechat/", PUSH_LIMIT),
        (b"/%77%65chat/x", PUSH_LIMIT),
        (b"/?next=/wechat/", UPLOAD_LIMIT),
        (b"/conversations/1/images/", UPLOAD_LIMIT),
    ],
)
def test_the_limit_goes_by_the_path(target, limit):
    assert body_limit(target) == limit
