"""What a customer does on their phone, and the push that follows from it.

Each act returns the Future of its push: `accepted`, `transferred` or `failed`. Nobody
has to wait for it. `options` are those of `push_engine`, and `msg_id` and `create_time`
to say something again, or late.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from . import ids, media
from .records import App, Customer
from .state import World

SETTLED: Future[str] = Future()  # Of an act that WeChat pushes nothing about
SETTLED.set_result("accepted")


def enter(
    world: World, openid: str, session_from: str, options: dict[str, Any] | None = None
) -> Future[str]:
    """Press a contact button. A session_from too long for WeChat is cut, or refused."""
    longest = world.limits.session_from_max
    if world.limits.session_from_refused and len(session_from) > longest:
        raise ValueError(f"session-from has more than {longest} characters.")
    session_from = session_from[:longest]
    fields = {
        "MsgType": "event",
        "Event": "user_enter_tempsession",
        "SessionFrom": session_from,
    }
    with world.store.transaction():
        world.update_customer(openid, session_from=session_from, in_session=1)
        world.grant(openid, "entry")
    return _act(world, openid, fields, "event", {"session_from": session_from}, options)


def say(
    world: World, openid: str, text: str, options: dict[str, Any] | None = None
) -> Future[str]:
    """Write a text, emoji included."""
    if not text.strip():
        raise ValueError("Nobody can send an empty message.")
    fields = {"MsgType": "text", "Content": text}
    return _speak(world, openid, fields, {"content": text}, options)


def send_picture(
    world: World,
    openid: str,
    content: bytes,
    root: str,
    options: dict[str, Any] | None = None,
) -> Future[str]:
    """Send a picture; none given, one is painted. `root`: where the API is reached."""
    kept = media.keep(
        world, world.customer(openid).appid, content or media.painted(openid)
    )
    fields = {
        "MsgType": "image",
        "PicUrl": _picture_url(root, kept.media_id),
        "MediaId": kept.media_id,
    }
    return _speak(world, openid, fields, {"media_id": kept.media_id}, options)


def send_card(
    world: World,
    openid: str,
    title: str,
    page_path: str,
    root: str,
    options: dict[str, Any] | None = None,
) -> Future[str]:
    """Send a card of the mini program, with a painted cover."""
    appid = world.customer(openid).appid
    cover = media.keep(world, appid, media.painted(page_path))
    fields = {
        "MsgType": "miniprogrampage",
        "Title": title,
        "AppId": appid,
        "PagePath": page_path,
        "ThumbUrl": _picture_url(root, cover.media_id),
        "ThumbMediaId": cover.media_id,
    }
    data = {"title": title, "pagepath": page_path, "thumb_media_id": cover.media_id}
    return _speak(world, openid, fields, data, options)


def send_unknown(
    world: World, openid: str, kind: str, options: dict[str, Any] | None = None
) -> Future[str]:
    """Send what a mini program's customer service isn't documented to get."""
    media_id = {"MediaId": ids.new_media_id()}
    extra: dict[str, dict[str, Any]] = {
        "voice": {**media_id, "Format": "amr"},
        "video": {**media_id, "ThumbMediaId": ids.new_media_id()},
        "location": {
            "Location_X": "23.134521",
            "Location_Y": "113.358803",
            "Scale": "16",
            "Label": "广州市天河区体育西路",
        },
        "file": {**media_id, "Title": "发票.pdf"},
    }
    if kind not in extra:
        raise ValueError(f"No phone sends {kind!r}.")
    data = {"label": extra[kind].get("Label") or extra[kind].get("Title", "")}
    fields = {"MsgType": kind, **extra[kind]}
    return _speak(world, openid, fields, data, options)


def close(world: World, openid: str) -> Future[str]:
    """Leave the chat. WeChat tells the mini program nothing."""
    world.customer(openid)
    world.update_customer(openid, in_session=0)
    return SETTLED


def tap(world: World, openid: str, number: int) -> dict[str, str]:
    """Tap a card or a link, and return where it leads: {path, query} or {url}."""
    line = world.line(number)
    if line.openid != openid:
        raise LookupError(f"no line {number} in this chat")
    if line.kind == "link":
        return {"url": line.data["url"]}
    if line.kind == "miniprogrampage":
        path, _, query = line.data["pagepath"].partition("?")
        return {"path": path, "query": query}
    raise ValueError("Only links and cards lead anywhere.")


def push_raw(
    world: World,
    app: App,
    openid: str,
    fields: dict[str, Any],
    options: dict[str, Any] | None = None,
) -> Future[str]:
    """Push any fields: kinds that no phone makes, and what tests think of."""
    return world.pushes.push(app, openid, fields, options=options)


def _speak(
    world: World,
    openid: str,
    fields: dict[str, Any],
    data: dict[str, Any],
    options: dict[str, Any] | None,
) -> Future[str]:
    options = dict(options or {})
    numbered = {
        **fields,
        "MsgId": options.pop("msg_id", None)
        or world.store.next_number("msg_id", ids.FIRST_MSG_ID),
    }
    with world.store.transaction():
        world.customer(openid)  # Or a Refusal, before anything is written
        world.update_customer(openid, exchanged_at=world.now(), in_session=1)
        world.grant(openid, "message")
    return _act(world, openid, numbered, fields["MsgType"], data, options)


def _act(
    world: World,
    openid: str,
    fields: dict[str, Any],
    kind: str,
    data: dict[str, Any],
    options: dict[str, Any] | None,
) -> Future[str]:
    options = dict(options or {})
    customer = world.customer(openid)
    app = _app_of(world, customer)
    at = options.pop("create_time", None) or world.now() + options.get("clock_skew", 0)
    world.update_customer(openid, acted_at=world.now())
    line = world.add_line(openid, "customer", kind, data, state="going")
    common = {
        "ToUserName": app.original_id,
        "FromUserName": openid,
        "CreateTime": int(at),
    }
    return world.pushes.push(
        app, openid, {**common, **fields}, line=line.id, options=options
    )


def _app_of(world: World, customer: Customer) -> App:
    app = world.app(customer.appid)
    if app is None:
        raise LookupError(f"no mini program {customer.appid}")
    return app


def _picture_url(root: str, media_id: str) -> str:
    return f"{root}/_pictures/{media_id}"
