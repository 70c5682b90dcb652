"""What can go wrong between WeChat and us, sorted by what we do about it.

None of these exceptions carries a URL, a token, a secret or an openid in its text: they
end up in logs, in job results and on an agent's screen.
"""

from __future__ import annotations

import enum
import re


class Unreadable(ValueError):
    """A body that isn't one of WeChat's: broken, hostile or in another format."""


class NotSent(Exception):
    """The request never left: no connection, or no token. Safe to try again."""


class NoAnswer(Exception):
    """The request may have arrived, but no usable answer came back.

    status  the HTTP status, when there was one
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class TooBig(NoAnswer):
    """The answer is longer than we take. To anything but a download that is as good as
    none."""


class Action(enum.StrEnum):
    """What to do when WeChat answers with a code other than 0."""

    TOKEN = enum.auto()  # get a new access token, try once more
    RETRY = enum.auto()  # busy: try again in a second or so
    QUOTA = enum.auto()  # the reply window is closed or used up: wait for the customer
    FINAL = enum.auto()  # this message will never go through
    CONFIGURATION = enum.auto()  # nothing will go through until somebody acts
    PAUSE_MINUTE = enum.auto()  # calls of this minute are used up
    PAUSE_DAY = enum.auto()  # calls of this day are used up
    DROP = enum.auto()  # it didn't matter


BUSY = -1
TOKEN_CODES = frozenset({40001, 40014, 42001})

# Codes not listed are FINAL: WeChat said no, so nothing was delivered, and saying the
# same again would be no better received.
#
# Source: developers.weixin.qq.com, the page of each interface; the enums of error codes
# in Wechat-Group/WxJava; reports in the developers' community.
ACTIONS: dict[Action, frozenset[int]] = {
    Action.TOKEN: TOKEN_CODES,
    Action.RETRY: frozenset({BUSY, 4, 85113, -604102, -604103}),
    Action.QUOTA: frozenset({45015, 45047}),
    Action.CONFIGURATION: frozenset(
        {
            *(40002, 40013, 40125, 40164, 40243),  # appid, secret, addresses
            *(40101, 40200),  # the wrong path, the wrong kind of account
            *(41001, 41002, 41004),  # token, appid or secret missing
            *(48001, 48004, 48006, 48008, 50004, 50007),  # rights
            *(61004, 61007),  # a third-party platform's rights
            *range(65400, 65415),  # agent accounts
            *(85107, 85112, -604100, -604101, -604104),  # Cloud Run, cloud functions
            *(89503, 89506, 89507),  # an administrator has to confirm
        }
    ),
    Action.PAUSE_MINUTE: frozenset({45011, 44991}),
    Action.PAUSE_DAY: frozenset({45009}),
    Action.DROP: frozenset({45080, 45081, 61010}),  # typing; a check that can't be made
}
_ACTION_OF = {code: action for action, codes in ACTIONS.items() for code in codes}


def action_for(errcode: int) -> Action:
    """Return what to do about a code. Go by the code alone: texts have changed."""
    return _ACTION_OF.get(errcode, Action.FINAL)


RID = re.compile(r"\brid: ?([0-9a-f]+(?:-[0-9a-f]+){2})\b")
ERRMSG_MAX = 255  # characters kept


class WeChatError(Exception):
    """WeChat answered, and the answer is no.

    errcode  WeChat's number
    errmsg   its words, cut to 255 characters; not part of the exception's text
    rid      the request's id in those words, which WeChat's support asks for; or ""
    """

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg[:ERRMSG_MAX]
        found = RID.search(errmsg)
        self.rid = found[1] if found else ""

    def __str__(self) -> str:
        return f"errcode {self.errcode}" + (f", rid {self.rid}" if self.rid else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    @property
    def action(self) -> Action:
        return action_for(self.errcode)


class Busy(WeChatError):
    """WeChat is busy (-1) and did nothing."""


class TokenRejected(WeChatError):
    """WeChat doesn't take our access token, or the secret it is asked for with."""


class Refused(WeChatError):
    """WeChat says no, for any other reason."""


def refusal(errcode: int, errmsg: str = "") -> WeChatError:
    """Return the exception for a code other than 0."""
    if errcode == BUSY:
        return Busy(errcode, errmsg)
    if errcode in TOKEN_CODES:
        return TokenRejected(errcode, errmsg)
    return Refused(errcode, errmsg)
