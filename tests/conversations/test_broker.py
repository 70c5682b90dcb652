"""Hints on their way to Redis: never waited for, never trusted on their way back."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import zlib
from collections.abc import Iterator

import django_rq
import pytest
from django.conf import settings
from django.db import transaction
from rq.exceptions import DeserializationError

from conversations import broker, sending
from tests.conftest import new_uuid, text, wait_until

DRAIN = "conversations.sending.drain_now"


@pytest.fixture
def outbox_queue():
    """The real queue, empty, with the hints of earlier tests out of the way."""
    assert broker.flush(10)
    queue = django_rq.get_queue("outbox")
    queue.empty()
    yield queue
    queue.empty()


@pytest.fixture
def redis_elsewhere(monkeypatch):
    """Have all that goes to the queues go to another Unix socket."""

    def move(path: str) -> None:
        options = settings.RQ_QUEUES["outbox"]["REDIS_CLIENT_KWARGS"]
        monkeypatch.setitem(options, "unix_socket_path", path)

    return move


@pytest.fixture
def a_hung_redis(tmp_path_factory) -> Iterator[str]:
    """A socket that takes connections and never says a word."""
    path = str(tmp_path_factory.mktemp("hung") / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        yield path


def jobs(queue) -> list[tuple[str, list[int]]]:
    return [(job.func_name, job.args) for job in queue.jobs]


def fetched(queue, job) -> broker.SafeJob:
    """A job as a worker reads it."""
    return broker.SafeJob.fetch(job.id, queue.connection, serializer=queue.serializer)


# On the way there.


@pytest.mark.django_db(transaction=True)
def test_a_job_is_handed_over_once_the_transaction_commits(outbox_queue):
    with transaction.atomic():
        broker.enqueue("outbox", DRAIN, 42)
        assert broker.flush(10)
        assert jobs(outbox_queue) == []
    wait_until(lambda: jobs(outbox_queue) == [(DRAIN, [42])])


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_wakes_nobody(outbox_queue):
    with pytest.raises(ZeroDivisionError):
        _enqueue_and_fail()
    broker.enqueue("outbox", DRAIN, 43)
    wait_until(lambda: jobs(outbox_queue) == [(DRAIN, [43])])


def _enqueue_and_fail() -> None:
    with transaction.atomic():
        broker.enqueue("outbox", DRAIN, 42)
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_job_holds_ids_and_no_words(outbox_queue, xiaoming, lin):
    xiaoming.writes("在吗")
    sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    wait_until(lambda: outbox_queue.count)
    assert jobs(outbox_queue) == [(DRAIN, [xiaoming.customer.pk])]
    [job] = outbox_queue.jobs
    said = str(outbox_queue.connection.hgetall(job.key))
    assert "在的" not in said
    assert xiaoming.openid not in said


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("redis", ["away", "hung"])
def test_no_request_waits_for_redis(
    redis, redis_elsewhere, a_hung_redis, outbox_queue, xiaoming, lin, caplog
):
    """The reply is stored and drawn while the hint is still on its way, or lost."""
    redis_elsewhere(a_hung_redis if redis == "hung" else "/nonexistent/socket")
    xiaoming.writes("在吗")
    assert sending.reply(xiaoming.conversation, lin, text("在的"), new_uuid())
    if redis == "hung":
        assert not broker.flush(0)
    assert broker.flush(10)
    [said] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert said.startswith(f"Enqueueing {DRAIN} failed:")


@pytest.mark.django_db(transaction=True)
def test_while_redis_is_away_hints_do_not_fill_the_memory(
    redis_elsewhere, a_hung_redis, monkeypatch
):
    line = broker._Line()
    monkeypatch.setattr(broker, "_line", line)
    redis_elsewhere(a_hung_redis)
    for number in range(broker.LONGEST_LINE + 100):
        broker.enqueue("outbox", DRAIN, number % 3)
    assert len(line._hints) <= broker.LONGEST_LINE
    assert line.flush(10)


# On the way back.


def test_our_own_functions_run(outbox_queue):
    job = outbox_queue.enqueue(DRAIN, 42)
    assert fetched(outbox_queue, job).func is sending.drain_now


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", ["true"]),
        ("subprocess.check_output", ["true"]),
        ("builtins.eval", ["1"]),
        ("conversations.sending.again.send_again", [1]),
        ("conversations.sending.drain_now.__globals__", []),
        (DRAIN, ["true"]),
        (DRAIN, [1.5]),
        (DRAIN, [[1]]),
        (DRAIN, [None]),
    ],
)
def test_a_job_of_somebody_elses_does_not_run(outbox_queue, function, arguments):
    job = outbox_queue.enqueue(function, *arguments)
    with pytest.raises(PermissionError):
        fetched(outbox_queue, job).func()


@pytest.mark.parametrize(
    "fields",
    [
        {"success_callback_name": "os.system"},
        {"failure_callback_name": "os.system"},
        {"stopped_callback_name": "os.system"},
    ],
)
def test_a_job_with_a_callback_is_not_even_read(outbox_queue, fields):
    job = outbox_queue.enqueue(DRAIN, 42)
    outbox_queue.connection.hset(job.key, mapping=fields)
    with pytest.raises(PermissionError):
        fetched(outbox_queue, job)


def test_keyword_arguments_and_instances_are_refused(outbox_queue):
    job = outbox_queue.enqueue(DRAIN, customer_id=42)
    with pytest.raises(PermissionError):
        fetched(outbox_queue, job).func()


def test_a_pickle_is_not_opened(outbox_queue, tmp_path):
    class Planted:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "opened"),)

    job = outbox_queue.enqueue(DRAIN, 42)
    planted = zlib.compress(pickle.dumps(Planted()))
    outbox_queue.connection.hset(job.key, "data", planted)
    with pytest.raises(DeserializationError):
        fetched(outbox_queue, job).func()
    assert not (tmp_path / "opened").exists()
