"""access_token: two kinds that know nothing of each other.

    ordinary  every call makes a new one; the one before stays good for 5 minutes
    stable    the same one while it lasts, renewed 5 minutes before its end; forced, the
              one before dies at once

Source: developers.weixin.qq.com › miniprogram › getAccessToken, getStableAccessToken.
"""

from __future__ import annotations

import re
import time

from . import ids
from .errors import Refusal
from .records import App
from .state import World

_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{100,512}")


def check_token(world: World, token: str) -> App:
    """Return whose token this is. Refusals 41001, 40014, 40001 and 42001."""
    if not token:
        raise Refusal(41001)
    if not _WELL_FORMED.fullmatch(token):
        raise Refusal(40014)
    row = world.store.row("SELECT * FROM token WHERE token = ?", token)
    app = world.app(row["appid"]) if row else None
    if row is None or app is None:
        raise Refusal(40001)
    now = world.now()
    if row["superseded_at"] is not None and row["superseded_at"] <= now:
        raise Refusal(40001)
    if row["expires_at"] <= now:
        raise Refusal(42001)
    return app


def owner_of(world: World, token: str) -> str:
    """Return the appid of whoever was given this token, good or not; "" for nobody."""
    row = world.store.row("SELECT appid FROM token WHERE token = ?", token)
    return row["appid"] if row else ""


def app_of_container(world: World, from_appid: str) -> App | None:
    """Return whose Cloud Run container calls without a token, if anybody's can.

    WeChat knows by the container. Here it is who says so, or the only one there is.
    """
    containers = [app for app in world.apps() if app.way == "cloudrun"]
    if from_appid:
        containers = [app for app in containers if app.appid == from_appid]
    return containers[0] if len(containers) == 1 else None


def kill(world: World, token: str) -> None:
    """End one token now, as if a newer one had been forced."""
    world.store.write(
        "UPDATE token SET superseded_at = ? WHERE token = ?", world.now(), token
    )


def check_secret(world: World, grant_type: str, appid: str, secret: str) -> App:
    if grant_type != "client_credential":
        raise Refusal(40002)
    if not appid:
        raise Refusal(41002)
    if not secret:
        raise Refusal(41004)
    app = world.app(appid)
    if app is None:
        raise Refusal(40013)
    if secret != app.secret:
        raise Refusal(40125)
    return app


def issue_ordinary(world: World, app: App) -> tuple[str, int]:
    """Return a new token and its seconds. Refusal 45009: too many today."""
    with world.store.transaction():
        _count(
            world, f"tokens:{app.appid}", "%Y%m%d", world.limits.tokens_per_day, 45009
        )
        _supersede(world, app, "ordinary", world.now() + world.limits.token_overlap)
        return _issue(world, app, "ordinary")


def issue_stable(world: World, app: App, forced: bool) -> tuple[str, int]:
    """Return the stable token and the seconds it has left. Refusals 45009, 45011."""
    with world.store.transaction():
        key, limits = f"stable:{app.appid}", world.limits
        _count(world, key, "%Y%m%d", limits.stable_tokens_per_day, 45009)
        _count(world, key, "%Y%m%d%H%M", limits.stable_tokens_per_minute, 45011)
        if forced:
            _count_forced(world, app)
            _supersede(world, app, "stable", world.now())
            return _issue(world, app, "stable")
        now = world.now()
        row = world.store.row(
            "SELECT * FROM token WHERE appid = ? AND kind = 'stable'"
            " AND superseded_at IS NULL AND expires_at > ?"
            " ORDER BY expires_at DESC, rowid DESC",
            app.appid,
            now,
        )
        renewal = min(world.limits.token_overlap, world.limits.token_ttl / 2)
        if row and row["expires_at"] > now + renewal:
            return row["token"], int(row["expires_at"] - now)
        return _issue(world, app, "stable")


def expire_all(world: World, appid: str = "") -> None:
    """End every token, or one mini program's, now, as if its two hours were over."""
    now = world.now()
    world.store.write(
        "UPDATE token SET expires_at = ? WHERE expires_at > ? AND ? IN ('', appid)",
        now,
        now,
        appid,
    )


def _count(world: World, key: str, stretch: str, most: int, errcode: int) -> None:
    """Count one within a day or a minute, or raise the Refusal for one too many."""
    name = f"{key}:{time.strftime(stretch, time.gmtime(world.now()))}"
    if world.store.number(name) >= most:
        raise Refusal(errcode)
    world.store.next_number(name)


def _issue(world: World, app: App, kind: str) -> tuple[str, int]:
    token, now = ids.new_token(), world.now()
    world.store.write(
        "INSERT INTO token VALUES (?, ?, ?, ?, ?, NULL)",
        token,
        app.appid,
        kind,
        now,
        now + world.limits.token_ttl,
    )
    return token, int(world.limits.token_ttl)


def _supersede(world: World, app: App, kind: str, at: float) -> None:
    world.store.write(
        "UPDATE token SET superseded_at = ?"
        " WHERE appid = ? AND kind = ? AND (superseded_at IS NULL OR superseded_at > ?)",
        at,
        app.appid,
        kind,
        at,
    )


def _count_forced(world: World, app: App) -> None:
    now, key = int(world.now()), f"forced:{app.appid}"
    if world.store.number(key) > now - world.limits.forced_refresh_pause:
        raise Refusal(45011)
    day = time.strftime("%Y%m%d", time.gmtime(now))
    if world.store.next_number(f"{key}:{day}") > world.limits.forced_refreshes_per_day:
        raise Refusal(45009)
    world.store.set_number(key, now)
