from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.db import connection

from conversations import group_commit, hub, intake, push_log
from tests.asgi import TIMEOUT, Web


@pytest.fixture
def web(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The web process on a thread of its own, with nothing remembered.

    Its hub looks sixty times as often as in earnest.
    """
    monkeypatch.setattr(hub, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(hub, "COUNT_EVERY", 0.0)
    intake._remembered.clear()
    push_log.forget()
    web = Web()
    yield web
    with monkeypatch.context() as patched:
        # The writer keeps its connection, and PostgreSQL drops no database in use.
        patched.setattr(group_commit.receiving, "receive", lambda _: connection.close())
        work = intake.writer.put(None)  # type: ignore[arg-type]
        asyncio.run_coroutine_threadsafe(work, web.loop).result(TIMEOUT)
    web.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have new connections to SQLite wait long: who comes first is luck there."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 30)
