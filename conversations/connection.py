"""Whether a mini program is connected: five lights, and why one isn't green.

    URL verified     WeChat asked for the address, and our answer bore our Token
    push received    a push proved itself
    token            WeChat gives us an access_token
    send, typing     a call of each kind went through

A rejected push turns no light red that was green before: anybody may send one. It is
shown beside the light; and where there never was a green one, it says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import httpx
from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from conversations import connection_words, lights, mini_programs
from conversations.models import Light, MiniProgram, RejectedPush
from conversations.wechat.errors import NoAnswer, NotSent, WeChatError
from conversations.wechat.tokens import fetch_stable

Name = Light.Name
# Nothing of WeChat's or ours looks like this: it says nothing about the connection.
ANYBODYS = {"query", "relay_off", "relay_format", "cloud_run_off", "cloud_run_source"}
TOKEN_DEADLINE = 8  # s


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light, as it is shown.

    state  "ok", "fault", or "unknown" while nothing was seen
    says   what to do, or what will light it; "" when all is well
    """

    name: str
    label: str
    state: str
    says: str = ""
    at: datetime | None = None
    errcode: int | None = None
    errmsg: str = ""
    rid: str = ""

    @property
    def state_words(self) -> str:
        return {"ok": _("works"), "fault": _("fails")}.get(
            self.state, _("not seen yet")
        )


def lamps(mini_program: MiniProgram, rejected: list[RejectedPush]) -> list[Lamp]:
    """Return the five lights.

    rejected  the mini program's, newest first
    """
    seen = {light.name: light for light in mini_program.lights.all()}
    push = seen.get(Name.PUSH)
    proved = push is not None and push.ok  # By the Token that the check needs too
    return [
        _warned(
            mini_program,
            _lamp(mini_program, name, seen.get(name), rejected, proved=proved),
        )
        for name in Name
    ]


def check_token(mini_program: MiniProgram) -> None:
    """Ask WeChat for a token now, and note how that went."""
    try:
        async_to_sync(_ask)(mini_program)
    except (WeChatError, NoAnswer, NotSent) as exc:
        lights.note(mini_program.pk, Name.TOKEN, False, exc)
    else:
        lights.note(mini_program.pk, Name.TOKEN, True)


async def _ask(mini_program: MiniProgram) -> None:
    # The stable token is the same for all who ask: nobody loses theirs by it.
    async with httpx.AsyncClient(timeout=TOKEN_DEADLINE, trust_env=False) as http:
        await fetch_stable(
            http,
            mini_programs.api_root(mini_program),
            mini_program.appid,
            mini_program.app_secret,
            force=False,
            deadline=TOKEN_DEADLINE,
        )


def _lamp(
    mini_program: MiniProgram,
    name: Name,
    light: Light | None,
    rejected: list[RejectedPush],
    *,
    proved: bool,
) -> Lamp:
    if light and light.ok:
        return Lamp(
            name, str(name.label), "ok", _since(name, light, rejected), light.at
        )
    if light:
        says = connection_words.of_refusal(light.errcode, light.errmsg)
        code, errmsg, rid = light.errcode, light.errmsg, light.rid
        return Lamp(name, str(name.label), "fault", says, light.at, code, errmsg, rid)
    refused = _refused(name, rejected)
    if refused and not proved:
        says = connection_words.of_rejection(refused.reason, refused.details)
        return Lamp(name, str(name.label), "fault", says, refused.at)
    if name == Name.TOKEN and mini_program.cloud_run_calls:
        says = _("Not needed: inside Cloud Run WeChat adds the token itself.")
        return Lamp(name, str(name.label), "unknown", says)
    says = _words_of(refused) if refused else _first_steps(name)
    return Lamp(name, str(name.label), "unknown", says)


def _warned(mini_program: MiniProgram, lamp: Lamp) -> Lamp:
    """Add what is no fault and should not stay so."""
    if lamp.name != Name.PUSH or mini_program.mode != MiniProgram.Mode.PLAIN:
        return lamp
    warning = _(
        "In plain mode nothing shows whether a push was read or changed on its way. "
        "Set secure mode here and at WeChat."
    )
    return replace(lamp, says=f"{lamp.says} {warning}".strip())


def _refused(name: Name, rejected: list[RejectedPush]) -> RejectedPush | None:
    """Return the newest that WeChat, and not just anybody, may have sent."""
    if name not in (Name.URL, Name.PUSH):
        return None
    for one in rejected:
        is_check = one.details.get("check") == "url"
        if is_check == (name == Name.URL) and one.details.get("fault") not in ANYBODYS:
            return one
    return None


def _since(name: Name, light: Light, rejected: list[RejectedPush]) -> str:
    refused = _refused(name, rejected)
    if refused is None or refused.at < light.at:
        return ""
    return _words_of(refused)


def _words_of(refused: RejectedPush) -> str:
    says = connection_words.of_rejection(refused.reason, refused.details)
    return _("One was rejected since. %(why)s") % {"why": says}


def _first_steps(name: Name) -> str:
    match name:
        case Name.URL:
            return _(
                "Enter URL, Token and EncodingAESKey at WeChat and submit: it asks at "
                "once. Where a cloud function hands pushes on, nothing asks."
            )
        case Name.PUSH:
            return _("Open the customer-service chat on a phone and write a word.")
        case Name.TOKEN:
            return _("Nothing was sent yet. “Check token now” asks WeChat for one.")
        case Name.SEND:
            return _("Answer a customer: the first message that goes out lights it.")
        case _:
            return _("Type an answer to a customer who has just written.")
