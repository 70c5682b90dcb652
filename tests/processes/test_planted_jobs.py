"""Whoever can write to Redis can plant a job. None of them runs anything of theirs."""

import json
import os
import pickle
import socket
import uuid
import zlib
from datetime import UTC, datetime

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import HUSH

pytestmark = pytest.mark.processes

DRAIN = "conversations.sending.drain_now"


class Pickled:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.fixture(autouse=True)
def said_so(scene):
    """RQ tells in the log, with a traceback, why it ran no such job. So it should."""
    yield
    scene.excuse("worker")


@pytest.fixture
def mark(tmp_path):
    """A file that none of the planted jobs may make."""
    return tmp_path / "planted"


@pytest.fixture
def plant(scene):
    """Put a job into the queue as if we had enqueued it."""

    def put(payload, **fields):
        key = str(uuid.uuid4())
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        job = {
            "created_at": now,
            "enqueued_at": now,
            "status": "queued",
            "origin": "outbox",
            "timeout": "30",
            "data": zlib.compress(payload),
            **fields,
        }
        with scene.console.redis as redis:
            redis.hset(f"rq:job:{key}", mapping=job)
            redis.lpush("rq:queue:outbox", key)

    return put


def call(function, *arguments, instance=None, **named):
    return json.dumps([function, instance, arguments, named]).encode()


def works_on(scene, mark):
    """The queue is empty, the worker lives, and what is wanted of it gets done."""
    xiaoming = scene.customer()
    xiaoming.writes("在吗")
    assert scene.agent("lin").says(xiaoming, "您好").status_code == 200
    wait_until(lambda: xiaoming.heard() == ["您好"])
    with scene.console.redis as redis:
        wait_until(lambda: redis.llen("rq:queue:outbox") == 0, what="queue is empty")
    assert scene.console.alive("worker")
    return not mark.exists()


def test_a_pickled_command_does_not_run(scene, plant, mark):
    plant(pickle.dumps(Pickled(f"touch {mark}")))
    plant(pickle.dumps(("os.system", None, [f"touch {mark}"], {})))

    assert works_on(scene, mark)


@pytest.mark.parametrize(
    "function",
    [
        "os.system",
        "subprocess.getoutput",
        "builtins.eval",
        "conversations.sending.reply",
        "conversations.sending.outbox.drain_now",
    ],
)
def test_a_job_naming_a_function_that_is_no_job_of_ours_does_not_run(
    scene, plant, mark, function
):
    plant(call(function, f"touch {mark}"))

    assert works_on(scene, mark)


@pytest.mark.parametrize(
    "callback",
    ["success_callback_name", "failure_callback_name", "stopped_callback_name"],
)
def test_a_job_of_ours_brings_no_callback_along(scene, plant, mark, callback):
    plant(call(DRAIN, 1), **{callback: "os.system"})

    assert works_on(scene, mark)


def test_a_job_of_ours_tells_nobody_else_that_it_is_done(scene, plant, mark):
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.settimeout(0)
        url = f"http://127.0.0.1:{outside.getsockname()[1]}/"
        hooks = [
            {"url": url, "job_status": status, "method": "GET", "timeout": 5}
            for status in ("finished", "failed")
        ]
        plant(call(DRAIN, 1), webhooks=json.dumps(hooks))

        assert works_on(scene, mark)
        with pytest.raises(BlockingIOError):
            outside.accept()


@pytest.mark.parametrize(
    "data",
    [
        call(DRAIN),
        call(DRAIN, 1, 2),
        call(DRAIN, "1; touch planted"),
        call(DRAIN, {"id": 1}),
        call(DRAIN, None),
        call(DRAIN, -1),
        call(DRAIN, 10**30),
        call(DRAIN, True),
        call(DRAIN, customer_id=1),
        call(DRAIN, 1, instance={"py/object": "os.system"}),
        b"[]",
        b"null",
        b'{"a": 1}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        json.dumps([DRAIN, None, 1, []]).encode(),
    ],
    ids=lambda data: data[:40].decode(errors="replace"),
)
def test_a_job_of_ours_with_odd_arguments_harms_nobody(scene, plant, mark, data):
    plant(data)

    assert works_on(scene, mark)


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": "yesterday"},
        {"timeout": "for ever"},
        {"meta": b"\x80\x04garbage"},
        {"status": "no such status"},
        {"data": b"not compressed"},
        {"origin": b"\xff"},
        {"retries_left": "many"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_job_that_cannot_be_read_harms_nobody(scene, plant, mark, fields):
    plant(call(DRAIN, 1), **fields)

    assert works_on(scene, mark)


@pytest.mark.parametrize("entry", [b"no-such-job", b"\xff\xfe", b"", b"x" * 100_000])
def test_a_line_in_the_queue_that_is_no_job_harms_nobody(scene, mark, entry):
    with scene.console.redis as redis:
        redis.lpush("rq:queue:outbox", entry)

    assert works_on(scene, mark)


def test_a_job_run_twenty_times_sends_nothing_twice(scene, plant):
    xiaoming = scene.customer()
    xiaoming.writes("在吗")
    scene.agent("lin").says(xiaoming, "您好")
    [(pk,)] = scene.database.rows(
        "SELECT id FROM conversations_customer WHERE openid = ?", xiaoming.openid
    )
    for _ in range(20):
        plant(call(DRAIN, pk))
    scene.agent("lin").says(xiaoming, "再见")

    wait_until(lambda: xiaoming.states() == ["sent", "sent"])
    assert xiaoming.heard() == ["您好", "再见"]
    assert xiaoming.sends() == 2


def test_redis_holds_nothing_that_anybody_said(scene):
    """Numbers and names of functions are all it gets."""
    scene.console.kill("worker")
    xiaoming = scene.customer()
    xiaoming.writes("我要退款")
    with scene.console.redis as redis:
        wait_until(lambda: redis.llen("rq:queue:outbox"))
        kept = b""
        for key in redis.scan_iter("*"):
            if redis.type(key) == b"hash":
                fields = redis.hgetall(key)
                kept += b" ".join(fields.values())
                if b"data" in fields:
                    kept += zlib.decompress(fields[b"data"])
    assert DRAIN.encode() in kept
    assert HUSH.encode() not in kept
    assert xiaoming.openid.encode() not in kept
