"""WeChat's refusals, in words an agent can act on."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

_SENTENCES = {
    -1: gettext_lazy("WeChat is busy and refused it three times. Try again."),
    40001: gettext_lazy("WeChat refused our credentials. Tell a supervisor."),
    40003: gettext_lazy(
        "WeChat doesn't know this customer here; they may belong to another mini "
        "program. Tell a supervisor."
    ),
    40013: gettext_lazy("WeChat doesn't know this AppID. Tell a supervisor."),
    40125: gettext_lazy("The AppSecret is wrong. Tell a supervisor."),
    40164: gettext_lazy(
        "This server's address isn't in the mini program's IP allow-list. Tell a "
        "supervisor."
    ),
    42001: gettext_lazy("WeChat refused our credentials. Tell a supervisor."),
    45002: gettext_lazy("The text is too long for WeChat. Shorten or split it."),
    45009: gettext_lazy(
        "The mini program's daily quota is used up. Tell a supervisor."
    ),
    45011: gettext_lazy("Too many messages this minute. Try again in a minute."),
    45015: gettext_lazy(
        "The time to reply is over. You can reply once the customer writes again."
    ),
    45047: gettext_lazy(
        "The messages allowed for this round are used up. You can reply once the "
        "customer writes again."
    ),
    48001: gettext_lazy(
        "The mini program has no permission for customer-service messages. Tell a "
        "supervisor."
    ),
    48002: gettext_lazy("The customer refuses messages."),
    70000: gettext_lazy("WeChat blocks messages to this customer to protect minors."),
}


def sentence_for(errcode: int | None, errmsg: str = "") -> str:
    """Return why WeChat didn't take a message, in the reader's language.

    `errcode` None means that we never reached WeChat, or stopped by ourselves; `errmsg`
    then says why, in English, and only its first words are shown.
    """
    if errcode is None:
        return _("WeChat could not be reached. Try again.")
    if errcode in _SENTENCES:
        return str(_SENTENCES[errcode])
    return pgettext("refusal", "WeChat refused it: %(errmsg)s") % {
        "errmsg": errmsg.split(" rid:")[0] or errcode
    }
