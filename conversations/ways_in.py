"""The three ways in: how a request at each becomes an arrival, and how it is answered.

    /push      WeChat itself, signed and encrypted as the mini program is set up
    /relay     our cloud function, signed by the secret it shares with us
    /cloudrun  WeChat, inside its own network, where the mini program is set up for that

All of them end in one `receive`; only what proves a request, and the form of an answer
that says more than `success`, differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from django.conf import settings

from conversations import mini_programs
from conversations.models import MiniProgram
from conversations.once_only import Arrival
from conversations.wechat import cloud_run, diagnosis, pushes, relay
from conversations.wechat.credentials import Credentials, Format
from conversations.wechat.envelope import Opened, Rejected, check_url, open_envelope
from conversations.wechat.wrapping import seal, transfer, write

SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Request:
    """What stands before a door. `headers` by lowercase name."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """A mini program's doors, and what opens them."""

    mini_program_id: int
    credentials: Credentials
    relay_secrets: tuple[str, ...] = field(default=(), repr=False)
    cloud_run: bool = False
    transfer_format: Format | None = None

    @classmethod
    def of(cls, mini_program: MiniProgram) -> Address:
        previous = mini_program.previous_relay_secret.splitlines()
        secrets = (mini_program.relay_secret, *previous)
        form = mini_program.transfer_format
        return cls(
            mini_program_id=mini_program.pk,
            credentials=mini_programs.credentials(mini_program),
            # Without a current one the previous is taken away as well.
            relay_secrets=tuple(filter(None, secrets)) if secrets[0] else (),
            cloud_run=mini_program.cloud_run,
            transfer_format=(
                None if form == MiniProgram.TransferFormat.CONFIGURED else form  # type: ignore[arg-type]
            ),
        )


@dataclass(frozen=True, slots=True)
class Came:
    """A request that is WeChat's.

    arrival   None where WeChat only asks whether anybody is there
    transfer  makes the answer that hands the message over; None where there is no such
    """

    arrival: Arrival | None
    transfer: Callable[[], str] | None = None


def echo(query: Mapping[str, str], address: Address, now: datetime) -> str:
    """Answer WeChat's check of the address, or raise Rejected."""
    try:
        return check_url(query, address.credentials, now)
    except Rejected as rejected:
        rejected.details = diagnosis.of(
            rejected.reason, query, b"", address.credentials, now
        )
        raise


def enter(way: str, request: Request, address: Address) -> Came:
    """Return what a request brings, or raise Rejected.

    way  push, relay or cloudrun
    """
    if way == "push":
        return _by_url(request, address)
    try:
        if way == "relay":
            return _by_relay(request, address)
        return _by_cloud_run(request, address)
    except Rejected as rejected:
        rejected.details = _details(rejected, way, len(request.body))
        raise


def replayed(way: str, size: int) -> Rejected:
    """Return why a push is refused whose nonce has come with another body."""
    if way == "relay":
        rejected = Rejected("relay_nonce", relay.UNAUTHORIZED)
    else:
        rejected = Rejected("nonce")
    rejected.details = _details(rejected, way, size)
    return rejected


def _details(rejected: Rejected, way: str, size: int) -> dict[str, object]:
    return {"fault": rejected.reason, "check": way, "size": size}


def _by_url(request: Request, address: Address) -> Came:
    credentials = address.credentials
    try:
        opened = open_envelope(request.query, request.body, credentials, request.now)
    except Rejected as rejected:
        rejected.details = diagnosis.of(
            rejected.reason, request.query, request.body, credentials, request.now
        )
        raise
    push = pushes.parse(opened.fields, credentials.appid, request.now, opened.content)
    arrival = _arrival(address, push, opened.content, opened.authenticated_by)
    if opened.key is None:  # Nothing binds the signature to the body
        arrival = replace(arrival, nonce=_stamp(request.query))
    return Came(arrival, partial(_sealed_transfer, request, address, opened, push))


def _by_relay(request: Request, address: Address) -> Came:
    appid = address.credentials.appid
    relayed = relay.open_relayed(
        request.headers, request.body, address.relay_secrets, appid, request.now
    )
    push = pushes.parse(relayed.fields, appid, request.now, request.body, rounded=True)
    arrival = _arrival(address, push, request.body, "relay")
    return Came(
        replace(arrival, nonce=relayed.nonce, answered=relayed.queued),
        lambda: write(_transfer(push, request.now), "json"),
    )


def _by_cloud_run(request: Request, address: Address) -> Came:
    if not address.cloud_run:
        raise Rejected("cloud_run_off", relay.NOT_FOUND)
    appid = address.credentials.appid
    called = cloud_run.open_call(
        request.headers,
        request.body,
        appid,
        plural_source=settings.CLOUD_RUN_PLURAL_SOURCE,
    )
    if called.is_probe:
        return Came(None)
    push = pushes.parse(called.fields, appid, request.now, request.body)
    return Came(_arrival(address, push, request.body, "cloud_run"))


def _arrival(
    address: Address, push: pushes.Push, content: bytes, authenticated_by: str
) -> Arrival:
    return Arrival(
        mini_program_id=address.mini_program_id,
        push=push,
        body=pushes.clean(content.decode("utf-8", "replace")),
        authenticated_by=authenticated_by,
    )


def _stamp(query: Mapping[str, str]) -> str:
    stamps = f"{query['timestamp']} {query['nonce']}"
    return hashlib.sha256(stamps.encode()).hexdigest()


def _transfer(push: pushes.Push, now: datetime) -> dict[str, object]:
    return transfer(push.openid, push.original_id, now)


def _sealed_transfer(
    request: Request, address: Address, opened: Opened, push: pushes.Push
) -> str:
    """Return the answer in the form in which the push came, unless set otherwise."""
    came_as: Format = "xml" if opened.content.lstrip()[:1] == b"<" else "json"
    form = address.transfer_format or came_as
    answer = write(_transfer(push, request.now), form)
    if opened.key is None or address.credentials.mode == "compatible":
        return answer
    return seal(
        answer,
        address.credentials,
        str(int(request.now.timestamp())),
        request.query["nonce"],
        token=opened.token,
        key=opened.key,
        form=form,
    )
