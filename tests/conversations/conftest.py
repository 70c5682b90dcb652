from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.db import connection

from conversations import group_commit, hub, intake, lights, push_log
from conversations.group_commit import NotStored
from tests.asgi import TIMEOUT, Web


@pytest.fixture
def web(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The web process on a thread of its own, with nothing remembered.

    Its hub looks sixty times as often as in earnest.
    """
    monkeypatch.setattr(hub, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(hub, "COUNT_EVERY", 0.0)
    intake._remembered.clear()
    lights._noted.clear()
    push_log.forget()
    web = Web()
    yield web
    with monkeypatch.context() as patched:
        # The writer keeps its connection, and PostgreSQL drops no database in use.
        patched.setattr(group_commit.receiving, "receive", _hang_up)
        work = intake.writer.put(None)  # type: ignore[arg-type]
        with pytest.raises(NotStored):
            asyncio.run_coroutine_threadsafe(work, web.loop).result(TIMEOUT)
    web.close()


def _hang_up(arrivals: list[None]) -> list[None]:
    connection.close()
    return arrivals


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have new connections to SQLite wait long: who comes first is luck there."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 30)
