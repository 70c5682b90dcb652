"""The world: mini programs, the customers who write to them, and what each has seen.

One process holds it. The chats, quotas and tokens are in the simulator's file, and
another process may add a mini program there while this one runs; but faults to come,
pushes under way and the signal that wakes a waiting page are this process's memory. So
the console is to run with one web process as long as it serves the simulator.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings

from . import ids
from .errors import Refusal
from .faults import Faults
from .limits import Limits
from .push_engine import PushEngine
from .records import App, Customer, Line, quota_as_json
from .store import Store


class World:
    """Everything WeChat knows, at `path` (`:memory:` for a world that is forgotten)."""

    def __init__(self, path: str, limits: Limits | None = None) -> None:
        self.store = Store(path)
        self.limits = limits or Limits()
        self.faults = Faults(self.changed)
        self.pushes = PushEngine(self)
        self.clock_ahead = 0.0  # s that this world's clock is ahead of the machine's
        self.revision = self.store.number("revision")

    def close(self) -> None:
        self.pushes.stop()
        self.store.close()

    def now(self) -> float:
        return time.time() + self.clock_ahead

    def changed(self) -> int:
        """Count a change that a page may have to draw, and return its number."""
        self.revision = self.store.next_number("revision")
        return self.revision

    # Mini programs. Read from the file each time: a command may have added one.

    def apps(self) -> list[App]:
        rows = self.store.rows("SELECT * FROM app ORDER BY rowid")
        return [App.from_row(row) for row in rows]

    def app(self, appid: str) -> App | None:
        row = self.store.row("SELECT * FROM app WHERE appid = ?", appid)
        return App.from_row(row) if row else None

    def register_app(self, appid: str, **values: Any) -> App:
        """Add a mini program, or change the named settings of one. None changes nothing."""
        with self.store.transaction() as db:
            known = self.app(appid) or App(appid, ids.new_original_id())
            key = values.get("encoding_aes_key") or known.encoding_aes_key
            is_new = known.encoding_aes_key not in ("", key)
            if is_new and values.get("previous_aes_key") is None:
                values = {**values, "previous_aes_key": known.encoding_aes_key}
            app = replace(
                known, **{name: v for name, v in values.items() if v is not None}
            )
            names = asdict(app)
            db.execute(
                f"INSERT INTO app ({', '.join(names)})"  # noqa: S608
                f" VALUES ({', '.join('?' for _ in names)})"
                " ON CONFLICT (appid) DO UPDATE SET "
                + ", ".join(f"{name} = excluded.{name}" for name in names),
                tuple(names.values()),
            )
            self.changed()
            return app

    # Customers.

    def customers(self, appid: str) -> list[Customer]:
        rows = self.store.rows(
            "SELECT * FROM customer WHERE appid = ? ORDER BY added", appid
        )
        return [Customer.from_row(row, self.limits.quota_policy) for row in rows]

    def customer(self, openid: str) -> Customer:
        """Return who this is. Refusal 40003 when nobody is."""
        row = self.store.row("SELECT * FROM customer WHERE openid = ?", openid)
        if row is None:
            raise Refusal(40003)
        return Customer.from_row(row, self.limits.quota_policy)

    def add_customer(self, appid: str, name: str, openid: str = "") -> Customer:
        """Add someone, or return who has this openid. Refusal 40013: no such app."""
        if self.app(appid) is None:
            raise Refusal(40013)
        openid = openid or ids.new_openid()
        with self.store.transaction() as db:
            db.execute(
                "INSERT INTO customer (openid, appid, name, added) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (openid) DO NOTHING",
                (openid, appid, name, self.changed()),
            )
        return self.customer(openid)

    def update_customer(self, openid: str, **values: object) -> None:
        """Write some columns of a customer."""
        columns = ", ".join(f"{name} = ?" for name in values)
        with self.store.transaction() as db:
            db.execute(
                f"UPDATE customer SET {columns} WHERE openid = ?",  # noqa: S608
                (*values.values(), openid),
            )
            self.changed()

    def grant(self, openid: str, act: str) -> None:
        """Allow what a customer's act ("message" or "entry") allows."""
        messages, seconds = (
            self.limits.message_grant if act == "message" else self.limits.entry_grant
        )
        with self.store.transaction():
            quota = self.customer(openid).quota
            quota.grant(act, self.now(), messages, seconds)
            self.update_customer(openid, quota=quota_as_json(quota))

    def spend(self, openid: str) -> None:
        """Take one message from what may be sent. Refusals 45015 and 45047."""
        with self.store.transaction():
            quota = self.customer(openid).quota
            quota.check(self.now())
            quota.spend(self.now())
            self.update_customer(openid, quota=quota_as_json(quota))

    # Chats.

    def add_line(
        self, openid: str, side: str, kind: str, data: dict[str, Any], state: str = ""
    ) -> Line:
        with self.store.transaction() as db:
            number = db.execute(
                "INSERT INTO line (openid, side, kind, data, at, state, revision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    openid,
                    side,
                    kind,
                    json.dumps(data, ensure_ascii=False),
                    self.now(),
                    state,
                    self.changed(),
                ),
            ).lastrowid
            return self.line(number or 0)

    def line(self, number: int) -> Line:
        row = self.store.row("SELECT * FROM line WHERE id = ?", number)
        if row is None:
            raise LookupError(f"no line {number}")
        return Line.from_row(row)

    def settle_line(self, number: int, state: str) -> None:
        with self.store.transaction() as db:
            db.execute(
                "UPDATE line SET state = ?, revision = ? WHERE id = ?",
                (state, self.changed(), number),
            )

    def lines(self, openid: str, after: int = 0, at_most: int = 200) -> list[Line]:
        """Return the latest lines of a chat that changed after a revision, in order."""
        rows = self.store.rows(
            "SELECT * FROM line WHERE openid = ? AND revision > ?"
            " ORDER BY id DESC LIMIT ?",
            openid,
            after,
            at_most,
        )
        return [Line.from_row(row) for row in reversed(rows)]


_worlds: dict[str, World] = {}
_opening = threading.Lock()


def world() -> World:
    """Return this process's world, in the file that the settings name."""
    path = settings.WECHAT_SIMULATOR_STATE
    with _opening:
        if path not in _worlds:
            _worlds[path] = World(path)
            _worlds[path].pushes.resume()
        return _worlds[path]


def register_app(path: str, *, appid: str, **values: Any) -> None:
    """Add or change a mini program in a world that another process may be running.

    Takes original_id, name, secret, token, encoding_aes_key, previous_aes_key, mode,
    format, push_url, way, relay_url, relay_secret, previous_relay_secret and
    cloudrun_url; what is left out stays as it was.
    """
    other = World(path)
    try:
        other.register_app(appid, **values)
    finally:
        other.close()


def register_customer(path: str, *, appid: str, name: str) -> str:
    """Return the openid of the customer with this name, adding them if need be."""
    other = World(path)
    try:
        for customer in other.customers(appid):
            if customer.name == name:
                return customer.openid
        return other.add_customer(appid, name).openid
    finally:
        other.close()
