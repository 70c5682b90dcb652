"""What is wrong with a connection, in words a supervisor can act on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models.refusals import sentence_for

# By the `fault` of wechat.diagnosis: what differs, and what to do.
_FAULTS = {
    "token": gettext_lazy(
        "The Token differs: the signature isn't what our Token gives. Enter the same "
        "Token at WeChat and here. If WeChat's side is right, somebody else asked."
    ),
    "body": gettext_lazy(
        "The Token fits, but the encrypted body was changed on its way. Look at what "
        "stands between WeChat and us: it must pass the body on untouched."
    ),
    "key": gettext_lazy(
        "The Token fits, the EncodingAESKey differs. Enter the same key at WeChat and "
        "here."
    ),
    "clear": gettext_lazy(
        "The push mode differs: it came in the clear, and encryption is set here. Set "
        "WeChat to secure mode, or this mini program to the mode WeChat has."
    ),
    "query": gettext_lazy(
        "Without the timestamp and nonce that WeChat sends: somebody else called this "
        "address, or a proxy drops what follows the question mark."
    ),
    "format": gettext_lazy(
        "It reads as neither JSON nor XML: not a push of WeChat's, or a proxy changed "
        "it."
    ),
    "size": gettext_lazy("Longer than 64 KiB, which no push of WeChat's is."),
    "unconfigured": gettext_lazy(
        "There is no Token here yet. Make one below and enter it at WeChat."
    ),
    "relay_off": gettext_lazy(
        "The relay address was called, and there is no relay secret here. Make one for "
        "the cloud function, if it is yours."
    ),
    "relay_format": gettext_lazy(
        "The relay address was called without a timestamp, nonce and signature: not by "
        "our cloud function."
    ),
    "relay_signature": gettext_lazy(
        "The relay secret differs: give the cloud function the one from here."
    ),
    "relay_timestamp": gettext_lazy(
        "A clock is wrong, or the cloud function held the push up: it is more than five "
        "minutes off. Set this server's clock."
    ),
    "nonce": gettext_lazy(
        "A plain push came a second time with another body: somebody replays it. In "
        "secure mode nobody can."
    ),
    "relay_nonce": gettext_lazy(
        "A relayed push came a second time with another body: somebody replays it."
    ),
    "relay_body": gettext_lazy("The cloud function sent something that isn't JSON."),
    "relay_appid": gettext_lazy(
        "The AppID differs: the cloud function belongs to another mini program."
    ),
    "relay_openid": gettext_lazy(
        "It speaks for another customer than the one it came from: somebody called the "
        "cloud function with an event of their own."
    ),
    "cloud_run_off": gettext_lazy(
        "The Cloud Run address was called, and pushes by Cloud Run are off here. Switch "
        "them on, if this server stands in Cloud Run without public access."
    ),
    "cloud_run_source": gettext_lazy(
        "The Cloud Run address was called without WeChat's own header: by somebody "
        "else. Is the service's public access off?"
    ),
    "cloud_run_appid": gettext_lazy(
        "The AppID differs: Cloud Run brought another mini program's push."
    ),
    "cloud_run_openid": gettext_lazy(
        "It speaks for another customer than the one it came from."
    ),
}

# By errcode: what to change, where agents are only told that something is wrong.
_REFUSALS = {
    40001: gettext_lazy(
        "WeChat refuses the access_token again and again. Another system that renews "
        "it, or another mini program's AppSecret."
    ),
    40002: gettext_lazy("WeChat doesn't take this way of asking for a token."),
    40013: gettext_lazy("WeChat doesn't know this AppID. Compare it letter by letter."),
    40125: gettext_lazy(
        "The AppSecret is wrong. Reset it in the mini program's console and enter the "
        "new one here."
    ),
    40164: gettext_lazy(
        "This server's address isn't in the IP allow-list. Add it in the mini "
        "program's console, under development management."
    ),
    40243: gettext_lazy(
        "The AppSecret is frozen. Unfreeze it in the mini program's console."
    ),
    41002: gettext_lazy("The AppID is missing."),
    41004: gettext_lazy("The AppSecret is missing. Enter it here."),
    45009: gettext_lazy(
        "The day's calls are used up. They begin anew at midnight; the quota can be "
        "cleared ten times a month."
    ),
    45011: gettext_lazy("This minute's calls are used up. It goes on by itself."),
    48001: gettext_lazy(
        "The permission for customer-service messages is missing. Is the mini program "
        "published, and customer service switched on?"
    ),
    48004: gettext_lazy(
        "WeChat has taken away this permission for a breach of its rules."
    ),
    50007: gettext_lazy("WeChat has frozen this account."),
    61004: gettext_lazy(
        "This server's address isn't in the third-party platform's list."
    ),
    61007: gettext_lazy(
        "The mini program hasn't given the third-party platform this permission."
    ),
    85107: gettext_lazy("The call isn't in Cloud Run's list of permitted ones."),
    89503: gettext_lazy(
        "The mini program's administrator has to confirm this server's address."
    ),
    89506: gettext_lazy(
        "The administrator refused this server's address; ask again in a day."
    ),
    89507: gettext_lazy(
        "The administrator refused this server's address; ask again in an hour."
    ),
}
ADDRESS = re.compile(r"\bip:? ?([0-9a-fA-F.:]{3,45})")


def of_rejection(reason: str, details: Mapping[str, Any]) -> str:
    """Return which setting is likely wrong, for a push that was rejected."""
    fault = details.get("fault", reason)
    if fault == "appid":
        return _(
            "The AppID differs: Token and key fit, but it is meant for %(appid)s."
        ) % {"appid": details.get("meant_for", "?")}
    if fault in ("clock", "timestamp"):
        return _clock(int(details.get("skew", 0)))
    if fault in _FAULTS:
        return str(_FAULTS[fault])
    return _("It could not prove that it is WeChat's (%(reason)s).") % {
        "reason": reason
    }


def _clock(skew: int) -> str:
    minutes = max(1, round(abs(skew) / 60))
    if skew > 0:
        return _(
            "A clock is wrong, or it was held up: by its timestamp it is %(minutes)s "
            "minutes old. Plain mode takes ten at most; set this server's clock."
        ) % {"minutes": minutes}
    return _(
        "A clock is wrong: its timestamp is %(minutes)s minutes ahead of ours. Plain "
        "mode takes ten at most; set this server's clock."
    ) % {"minutes": minutes}


def of_refusal(errcode: int | None, errmsg: str) -> str:
    """Return what to change, for a call that WeChat refused or that never arrived."""
    if errcode is None:
        return _(
            "WeChat could not be reached from this server. Does it let calls out to "
            "api.weixin.qq.com?"
        )
    if errcode not in _REFUSALS:
        return sentence_for(errcode, errmsg)
    said = str(_REFUSALS[errcode])
    found = ADDRESS.search(errmsg) if errcode in (40164, 61004) else None
    if found:
        said += " " + _("WeChat saw it as %(address)s.") % {"address": found[1]}
    return said
