"""What happened, in order: every API call, every push, every line on a phone."""

from __future__ import annotations

import json
from typing import Any

from .state import World

KEPT = 20_000  # calls and push deliveries; a demo may run for weeks


def record_call(
    world: World,
    path: str,
    *,
    appid: str = "",
    fields: dict[str, Any] | None = None,
    errcode: int | None = None,
    fault: str = "",
) -> None:
    """Note one call. errcode is what was decided, whether or not the caller heard it."""
    fields = fields or {}
    number = world.store.write(
        "INSERT INTO call (at, path, appid, touser, msgtype, errcode, fault, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        world.now(),
        path,
        appid,
        str(fields.get("touser", "")),
        str(fields.get("msgtype") or fields.get("command") or ""),
        errcode,
        fault,
        json.dumps(fields, ensure_ascii=True),
    )
    if number % 1000 == 0:
        world.store.write("DELETE FROM call WHERE id <= ?", number - KEPT)
        world.store.write(
            "DELETE FROM push_delivery WHERE id <="
            " (SELECT max(id) FROM push_delivery) - ?",
            KEPT,
        )


def as_json(world: World, openid: str = "", after: int = 0) -> dict[str, Any]:
    """Return the ledger, of one customer or of all.

    calls     {id, at, path, appid, touser, msgtype, errcode, fault, body}
    received  what the phones show from the service {id, at, openid, kind, data}
    pushes    {id, at, openid, state, fields, deliveries: [{at, seconds, status, outcome}]}
    """
    rows = world.store.rows
    calls = rows(
        "SELECT * FROM call WHERE id > ? AND (? = '' OR touser = ?) ORDER BY id",
        after,
        openid,
        openid,
    )
    received = rows(
        "SELECT id, at, openid, kind, data FROM line WHERE side = 'service'"
        " AND (? = '' OR openid = ?) ORDER BY id",
        openid,
        openid,
    )
    pushes = rows(
        "SELECT * FROM push WHERE ? = '' OR openid = ? ORDER BY id", openid, openid
    )
    deliveries: dict[int, list[dict[str, Any]]] = {}
    for row in rows("SELECT * FROM push_delivery ORDER BY id"):
        deliveries.setdefault(row["push"], []).append(
            {name: row[name] for name in ("at", "seconds", "status", "outcome")}
        )
    return {
        "calls": [{**dict(row), "body": json.loads(row["body"])} for row in calls],
        "received": [
            {**dict(row), "data": json.loads(row["data"])} for row in received
        ],
        "pushes": [
            {
                "id": row["id"],
                "at": row["at"],
                "openid": row["openid"],
                "state": row["state"],
                "fields": json.loads(row["fields"]),
                "deliveries": deliveries.get(row["id"], []),
            }
            for row in pushes
        ],
    }


def clear(world: World) -> None:
    """Forget calls and settled pushes; chats and quotas stay."""
    with world.store.transaction() as db:
        db.execute("DELETE FROM call")
        db.execute("DELETE FROM push_delivery")
        db.execute("DELETE FROM push WHERE state != 'going'")
