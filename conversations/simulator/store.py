"""The simulator's own file: plain sqlite3, so that a restart continues.

Everything WeChat would remember is here; what a process only knows for a moment (faults
to come, pushes under way) is not. A second process may open the file at any time: the
command that adds a mini program does.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SCHEMA = """
CREATE TABLE IF NOT EXISTS app (
    appid TEXT PRIMARY KEY, original_id TEXT NOT NULL, name TEXT NOT NULL,
    secret TEXT NOT NULL, token TEXT NOT NULL, encoding_aes_key TEXT NOT NULL,
    previous_aes_key TEXT NOT NULL, mode TEXT NOT NULL, format TEXT NOT NULL,
    push_url TEXT NOT NULL, way TEXT NOT NULL DEFAULT 'url',
    relay_url TEXT NOT NULL DEFAULT '', relay_secret TEXT NOT NULL DEFAULT '',
    previous_relay_secret TEXT NOT NULL DEFAULT '',
    cloudrun_url TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS customer (
    openid TEXT PRIMARY KEY, appid TEXT NOT NULL REFERENCES app, name TEXT NOT NULL,
    session_from TEXT NOT NULL DEFAULT '', in_session INTEGER NOT NULL DEFAULT 0,
    quota TEXT NOT NULL DEFAULT '{}', exchanged_at REAL NOT NULL DEFAULT 0,
    acted_at REAL NOT NULL DEFAULT 0, typing_until REAL NOT NULL DEFAULT 0,
    added INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS line (
    id INTEGER PRIMARY KEY AUTOINCREMENT, openid TEXT NOT NULL REFERENCES customer,
    side TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS line_of_customer ON line (openid, id);
CREATE TABLE IF NOT EXISTS token (
    token TEXT PRIMARY KEY, appid TEXT NOT NULL, kind TEXT NOT NULL,
    issued_at REAL NOT NULL, expires_at REAL NOT NULL, superseded_at REAL
);
CREATE TABLE IF NOT EXISTS media (
    media_id TEXT PRIMARY KEY, appid TEXT NOT NULL, content BLOB NOT NULL,
    content_type TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS push (
    id INTEGER PRIMARY KEY AUTOINCREMENT, appid TEXT NOT NULL, openid TEXT NOT NULL,
    line INTEGER, fields TEXT NOT NULL, options TEXT NOT NULL, at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'going'
);
CREATE TABLE IF NOT EXISTS push_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, push INTEGER NOT NULL, at REAL NOT NULL,
    seconds REAL NOT NULL, status INTEGER, outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, path TEXT NOT NULL,
    appid TEXT NOT NULL, touser TEXT NOT NULL, msgtype TEXT NOT NULL,
    errcode INTEGER, fault TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

# Columns that a file from before they were thought of doesn't have.
_LATER = {
    "way": "TEXT NOT NULL DEFAULT 'url'",
    "relay_url": "TEXT NOT NULL DEFAULT ''",
    "relay_secret": "TEXT NOT NULL DEFAULT ''",
    "previous_relay_secret": "TEXT NOT NULL DEFAULT ''",
    "cloudrun_url": "TEXT NOT NULL DEFAULT ''",
}


class Store:
    """One connection under one lock. `:memory:` serves, and is gone with the process."""

    def __init__(self, path: str) -> None:
        self.lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(
            path, timeout=3, isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        # A killed process loses nothing so; only a power cut could, and this is a toy.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._add_later_columns()

    def close(self) -> None:
        with self.lock:
            self._db.close()

    def _add_later_columns(self) -> None:
        with self.transaction() as db:  # One process at a time
            there = {row["name"] for row in db.execute("PRAGMA table_info(app)")}
            for name, kind in _LATER.items():
                if name not in there:
                    db.execute(f"ALTER TABLE app ADD COLUMN {name} {kind}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock, and commit at the end of the outermost one."""
        with self.lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._db.execute("BEGIN IMMEDIATE")
                yield self._db
            except BaseException:
                if self._depth == 1:
                    self._db.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._db.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self.lock:
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        with self.lock:
            found: sqlite3.Row | None = self._db.execute(query, values).fetchone()
            return found

    def write(self, query: str, *values: object) -> int:
        """Run one statement and return the id of the row it inserted, if any."""
        with self.transaction() as db:
            return db.execute(query, values).lastrowid or 0

    def next_number(self, name: str, first: int = 1) -> int:
        """Return the next number of a series: gap-free, and never the same twice."""
        with self.transaction() as db:
            (value,) = db.execute(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name)"
                " DO UPDATE SET value = value + 1 RETURNING value",
                (name, first),
            ).fetchone()
            return int(value)

    def number(self, name: str) -> int:
        """Return the last number of a series, 0 before the first."""
        found = self.row("SELECT value FROM counter WHERE name = ?", name)
        return found["value"] if found else 0

    def set_number(self, name: str, value: int) -> None:
        self.write("INSERT OR REPLACE INTO counter VALUES (?, ?)", name, value)
