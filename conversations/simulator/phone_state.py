"""What the page with the phones draws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .errors import Refusal
from .records import App, Customer, Line
from .state import World


def phone_state(
    world: World, appid: str, openid: str = "", after: int = 0
) -> dict[str, Any]:
    """Return one mini program's customers, the one last active first, and the chat of
    one of them; and its faults, limits and settings.

    Of the chat only what changed after a revision; all of it when the revision is from
    another life of the file (`reset`).
    """
    revision = world.revision
    reset = after > revision
    people = [_in_list(world, customer) for customer in world.customers(appid)]
    state: dict[str, Any] = {
        "revision": revision,
        "reset": reset,
        "now": world.now(),
        "customers": sorted(people, key=lambda one: one["active_at"], reverse=True),
        "faults": world.faults.coming(appid),
        "limits": asdict(world.limits),
        "app": _in_short(world.app(appid)),
    }
    try:
        customer = world.customer(openid)
    except Refusal:
        return state
    lines = world.lines(openid, 0 if reset else after)
    return {
        **state,
        "customer": _in_full(world, customer),
        "lines": [line.as_json() for line in lines],
    }


def _in_list(world: World, customer: Customer) -> dict[str, Any]:
    row = world.store.row(
        "SELECT * FROM line WHERE openid = ? AND kind != 'event' ORDER BY id DESC",
        customer.openid,
    )
    last = Line.from_row(row) if row else None
    return {
        "openid": customer.openid,
        "name": customer.name,
        "last": last.as_json() if last else None,
        "active_at": max(customer.acted_at, last.at if last else 0),
    }


def _in_short(app: App | None) -> dict[str, Any] | None:
    """Return what the page says of a mini program: nothing secret."""
    if app is None:
        return None
    addresses = {
        "url": app.push_url,
        "relay": app.relay_url,
        "cloudrun": app.cloudrun_url,
    }
    return {
        "way": app.way,
        "ways": [way for way, address in addresses.items() if address],
        "address": app.address,
        "mode": app.mode,
        "format": app.format,
        "push_url": app.push_url,
        "has_previous_key": bool(
            app.previous_relay_secret if app.way == "relay" else app.previous_aes_key
        ),
    }


def _in_full(world: World, customer: Customer) -> dict[str, Any]:
    now = world.now()
    return {
        "openid": customer.openid,
        "name": customer.name,
        "in_session": customer.in_session,
        "session_from": customer.session_from,
        "typing_seconds": max(0, customer.typing_until - now),
        "quota": {
            "remaining": customer.quota.remaining(now),
            "closes_at": customer.quota.closes_at(now),
        },
    }
