"""What the simulator keeps of a mini program, its customers and their chats."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from conversations.wechat.crypto import decode_key
from conversations.wechat.envelope import Credentials

from .quota import Bucket, Quota

Mode = Literal["plain", "compatible", "secure"]
Format = Literal["json", "xml"]
Way = Literal["url", "relay", "cloudrun"]


@dataclass(frozen=True, slots=True)
class App:
    """A mini program as its owner set it up at WeChat.

    way  how its pushes leave WeChat: to its own URL, to a cloud function that hands
         them on (relay), or into a Cloud Run container; see `ways`
    """

    appid: str
    original_id: str
    name: str = ""
    secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    previous_aes_key: str = ""
    mode: Mode = "plain"
    format: Format = "json"
    push_url: str = ""
    way: Way = "url"
    relay_url: str = ""
    relay_secret: str = ""
    previous_relay_secret: str = ""
    cloudrun_url: str = ""

    def __post_init__(self) -> None:
        if self.way not in get_args(Way):
            raise ValueError(f"No such way: {self.way!r}.")
        if self.mode not in get_args(Mode) or self.format not in get_args(Format):
            raise ValueError(f"No such mode or format: {self.mode!r}, {self.format!r}.")
        if self.mode != "plain" and not self.encoding_aes_key:
            raise ValueError(f"In {self.mode} mode a mini program needs its AES key.")
        for key in (self.encoding_aes_key, self.previous_aes_key):
            if key:
                decode_key(key)

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def address(self) -> str:
        """Return where pushes go by the way in use; "" when nothing is set up."""
        addresses = {
            "url": self.push_url,
            "relay": self.relay_url,
            "cloudrun": self.cloudrun_url,
        }
        return addresses[self.way]

    def credentials(self, *, old_key: bool = False) -> Credentials:
        """Return what signs and encrypts. `old_key`: as before the last rotation."""
        if old_key and self.mode != "plain" and not self.previous_aes_key:
            raise ValueError("There was no key before this one.")
        key = self.previous_aes_key if old_key else self.encoding_aes_key
        return Credentials(
            appid=self.appid,
            token=self.token,
            aes_keys=(decode_key(key),) if key else (),
            mode=self.mode,
            format=self.format,
        )


@dataclass(frozen=True, slots=True)
class Customer:
    """A person, as one mini program knows them.

    exchanged_at  when a message last went either way; typing asks for a recent one
    acted_at      when they last did anything
    typing_until  until when their phone shows that the other side is typing
    """

    openid: str
    appid: str
    name: str
    session_from: str
    in_session: bool
    quota: Quota
    exchanged_at: float
    acted_at: float
    typing_until: float

    @classmethod
    def from_row(cls, row: sqlite3.Row, policy: str) -> Self:
        kept = json.loads(row["quota"])
        return cls(
            openid=row["openid"],
            appid=row["appid"],
            name=row["name"],
            session_from=row["session_from"],
            in_session=bool(row["in_session"]),
            quota=Quota(policy, {kind: Bucket(*pair) for kind, pair in kept.items()}),
            exchanged_at=row["exchanged_at"],
            acted_at=row["acted_at"],
            typing_until=row["typing_until"],
        )


def quota_as_json(quota: Quota) -> str:
    return json.dumps(
        {kind: [b.remaining, b.expires] for kind, b in quota.buckets.items()}
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chat.

    side      customer, service or system
    kind      text, image, link, miniprogrampage, event or failure
    state     of the customer's lines: going, accepted, transferred or failed
    revision  the world's number when the line last changed
    """

    id: int
    openid: str
    side: str
    kind: str
    data: dict[str, Any]
    at: float
    state: str
    revision: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        values = {field.name: row[field.name] for field in fields(cls)}
        return cls(**{**values, "data": json.loads(row["data"])})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Push:
    """One message or event on its way to the mini program's push URL."""

    id: int
    appid: str
    openid: str
    line: int | None
    fields: dict[str, Any]
    options: dict[str, Any]
    at: float
    state: str

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        values = {field.name: row[field.name] for field in fields(cls)}
        return cls(
            **{
                **values,
                "fields": json.loads(row["fields"]),
                "options": json.loads(row["options"]),
            }
        )

    @property
    def is_event(self) -> bool:
        return self.fields.get("MsgType") == "event"
