"""What doesn't get into a log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from agents import links
from agents.models import Agent
from console.logs import Redact


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as it would stand in the file."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(Redact())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_refused_password_leaves_its_link_out_of_the_log(
    client: Client, lin: Agent, log: io.StringIO
) -> None:
    link = links.new_link(lin)
    path = link.removeprefix("http://127.0.0.1:8000")
    token = path.rstrip("/").rpartition("/")[2]

    assert client.post(path, {"new_password1": "a"}).status_code == 422
    Client(enforce_csrf_checks=True).post(path, {})

    assert "/set-password/***" in log.getvalue()
    assert token not in log.getvalue()
    assert client.get(path).status_code == 200  # It still works


@pytest.mark.parametrize("last", ["8", "-", "_"])
def test_no_customer_can_be_told_from_a_log(log: io.StringIO, last: str) -> None:
    openid = f"o{'Xiaoming-_0123456789'.ljust(26, 'a')}{last}"

    logging.getLogger("daphne").warning(
        "GET /push?openid=%s&nonce=1 by %s", *[openid] * 2
    )

    assert openid not in log.getvalue()
    assert log.getvalue().count("o***") == 2


def test_a_foreign_host_is_a_line_in_the_log_and_no_more(
    client: Client, log: io.StringIO
) -> None:
    client.raise_request_exception = False
    assert client.get("/login/", headers={"Host": "evil.example"}).status_code == 400
    assert "evil.example" in log.getvalue()
    assert "Traceback" not in log.getvalue()
