"""WeChat's refusals, in words an agent can act on: what happened, and who does what.

A code that isn't here is told in WeChat's own words, and by whom it concerns.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from conversations.wechat.errors import Action, action_for

_TOKEN = gettext_lazy(
    "WeChat refuses our access_token, the renewed one too: another system seems to "
    "renew this mini program's token as well. Tell a supervisor: only one may."
)
_PICTURE = gettext_lazy(
    "WeChat can't use this picture: its type or its size. Send another one."
)
_TITLES = gettext_lazy(
    "The title, description or an address is too long for WeChat. Shorten it."
)
_OURS = gettext_lazy(
    "WeChat couldn't read what we sent; that is a fault of this console. Tell a "
    "supervisor."
)
_NOT_GIVEN = gettext_lazy(
    "WeChat doesn't give this mini program the right to do this. Tell a supervisor: "
    "its console at mp.weixin.qq.com says what is missing."
)
_PLATFORM = gettext_lazy(
    "The third-party platform that manages this mini program isn't allowed to do "
    "this. Tell a supervisor."
)
_CUSTOMER_REFUSES = gettext_lazy(
    "The customer takes no messages from this mini program. Nothing can be done here."
)
_ADMINISTRATOR = gettext_lazy(
    "The mini program's administrator has to confirm this server in WeChat. Tell a "
    "supervisor."
)

_SENTENCES = {
    -1: gettext_lazy("WeChat is busy and refused it three times. Try again."),
    4: gettext_lazy(
        "WeChat refuses without saying why, twice now. Tell a supervisor: it may be "
        "the send call that is set for this mini program."
    ),
    40001: _TOKEN,
    40002: _OURS,
    40003: gettext_lazy(
        "WeChat doesn't know this customer here; they may belong to another mini "
        "program. Tell a supervisor."
    ),
    40004: _PICTURE,
    40005: _PICTURE,
    40006: _PICTURE,
    40007: gettext_lazy("WeChat no longer has this picture. Send it again."),
    40008: gettext_lazy("WeChat doesn't take this kind of message. Say it in words."),
    40009: _PICTURE,
    40013: gettext_lazy(
        "WeChat doesn't know this AppID. Tell a supervisor: it is wrong in the "
        "settings."
    ),
    40014: _TOKEN,
    40033: _OURS,
    40035: _OURS,
    40097: _OURS,
    40101: gettext_lazy(
        "WeChat misses a part of the call, such as a business ID. Tell a supervisor: "
        "the send call in the settings is the wrong one."
    ),
    40125: gettext_lazy(
        "The AppSecret is wrong. Tell a supervisor: it was reset, or mistyped in the "
        "settings."
    ),
    40164: gettext_lazy(
        "This server's address isn't in the mini program's IP allow-list. Tell a "
        "supervisor: it has to be added at mp.weixin.qq.com."
    ),
    40200: _NOT_GIVEN,
    40243: gettext_lazy(
        "The AppSecret is frozen. Tell a supervisor: it has to be released at "
        "mp.weixin.qq.com."
    ),
    41001: gettext_lazy(
        "WeChat got no access_token from us. Tell a supervisor: inside Cloud Run its "
        "open interface service is off or not ready, elsewhere calls without "
        "access_token must be off."
    ),
    41002: _OURS,
    41004: gettext_lazy(
        "The AppSecret is missing. Tell a supervisor: it has to be entered in the "
        "settings."
    ),
    41005: _PICTURE,
    41006: _PICTURE,
    42001: _TOKEN,
    43002: _OURS,
    43004: _CUSTOMER_REFUSES,
    43019: _CUSTOMER_REFUSES,
    44001: _PICTURE,
    44002: _OURS,
    44004: gettext_lazy("The text is empty for WeChat. Write something else."),
    45001: _PICTURE,
    45002: gettext_lazy("The text is too long for WeChat. Shorten or split it."),
    45003: _TITLES,
    45004: _TITLES,
    45005: _TITLES,
    45006: _TITLES,
    45009: gettext_lazy(
        "The mini program's daily quota is used up. It is tried again every ten "
        "minutes. Tell a supervisor: the quota can be cleared ten times a month."
    ),
    45011: gettext_lazy(
        "More was said this minute than WeChat takes. It goes on within a minute; "
        "nobody has to do anything."
    ),
    45015: gettext_lazy(
        "The time to reply is over. You can reply once the customer writes again."
    ),
    45047: gettext_lazy(
        "The messages allowed for this round are used up. You can reply once the "
        "customer writes again."
    ),
    45162: gettext_lazy("WeChat doesn't take this kind of message. Say it in words."),
    47001: _OURS,
    48001: gettext_lazy(
        "The mini program has no permission for customer-service messages. Tell a "
        "supervisor."
    ),
    48002: _CUSTOMER_REFUSES,
    48004: gettext_lazy(
        "WeChat has banned the mini program from sending for breaking its rules. Tell "
        "a supervisor."
    ),
    48006: gettext_lazy(
        "The mini program's quota can't be cleared any more this month. Tell a "
        "supervisor."
    ),
    48008: gettext_lazy(
        "The mini program has no right to this kind of message. Say it in words, and "
        "tell a supervisor."
    ),
    50002: gettext_lazy(
        "WeChat has restricted this customer's account. Nothing can be done here."
    ),
    50004: _NOT_GIVEN,
    50005: _CUSTOMER_REFUSES,
    50007: gettext_lazy("The mini program's account is frozen. Tell a supervisor."),
    61004: _PLATFORM,
    61007: _PLATFORM,
    70000: gettext_lazy("WeChat blocks messages to this customer to protect minors."),
    85107: gettext_lazy(
        "This call isn't on Cloud Run's list of open interfaces. Tell a supervisor."
    ),
    85112: gettext_lazy(
        "Cloud Run's open interface service is off. Tell a supervisor."
    ),
    85113: gettext_lazy(
        "Cloud Run's open interface service isn't ready. Try again in a minute."
    ),
    87014: gettext_lazy("WeChat's content check refuses it. Say it differently."),
    89503: _ADMINISTRATOR,
    89506: gettext_lazy(
        "The mini program's administrator has refused this server, for 24 hours. Tell "
        "a supervisor."
    ),
    89507: gettext_lazy(
        "The mini program's administrator has refused this server, for an hour. Tell "
        "a supervisor."
    ),
}


# Whoever says the same to the same customer again is refused again.
_IN_VAIN = frozenset(
    {
        *(40003, 43004, 43019, 48002, 50002, 50005, 70000),  # the customer
        *(40004, 40005, 40006, 40009, 41005, 41006, 44001),  # the picture
        *(40008, 45003, 45004, 45005, 45006, 45162),  # the kind, the titles
        *(40002, 40033, 40035, 40097, 41002, 43002, 44002, 47001),  # our own fault
    }
)
_WORDING = frozenset({44004, 45002, 87014})


def remedies(errcode: int | None, *, is_text: bool) -> list[str]:
    """Return what can help after a refusal: "again", "rewrite", both or neither."""
    if errcode in _IN_VAIN:
        return []
    if errcode in _WORDING:
        return ["rewrite"] if is_text else []
    if errcode is None or errcode in _SENTENCES:
        return ["again"]
    if action_for(errcode) is not Action.FINAL:
        return ["again"]
    return ["again", "rewrite"] if is_text else ["again"]


def sentence_for(errcode: int | None, errmsg: str = "") -> str:
    """Return why WeChat didn't take a message, in the reader's language.

    `errcode` None means that we never reached WeChat, or stopped by ourselves; `errmsg`
    then says why, in English, and only its first words are shown.
    """
    if errcode is None:
        return _("WeChat could not be reached. Try again.")
    if errcode in _SENTENCES:
        return str(_SENTENCES[errcode])
    words = {"errmsg": errmsg.split(" rid:")[0] or errcode}
    if action_for(errcode) is Action.CONFIGURATION:
        return _("WeChat refused it: %(errmsg)s. Tell a supervisor.") % words
    return pgettext("refusal", "WeChat refused it: %(errmsg)s") % words


def has_words_for(errcode: int) -> bool:
    """Return whether a code is told in our own words."""
    return errcode in _SENTENCES
