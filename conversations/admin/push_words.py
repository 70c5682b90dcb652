"""What became of a push, as sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import AutoReplyRule, ReceivedPush

Outcome = ReceivedPush.Outcome

# By the codes of rule_trace, of auto_reply and of reply_windows.
_CODES = {
    "answered": gettext_lazy("answered."),
    "hands_over": gettext_lazy("handed it over to WeChat's own tool."),
    "window_refused": gettext_lazy(
        "fits, and kept silent: WeChat takes nothing until the customer writes again."
    ),
    "window_closed": gettext_lazy("fits, and kept silent: the time to reply was over."),
    "window_budget": gettext_lazy(
        "fits, and kept silent: what replies were left are the agents'."
    ),
    "cooling down": gettext_lazy("had spoken to this customer a short while before."),
    "event": gettext_lazy("hands over messages, and this was an event."),
    "held": gettext_lazy("didn't hand over: an agent had the customer."),
    "cloud run": gettext_lazy("couldn't hand over: Cloud Run takes no such answer."),
    "too late": gettext_lazy("couldn't hand over: WeChat had its answer already."),
    "later": gettext_lazy("speaks only when nobody has answered in time."),
    "other_kind": gettext_lazy("is for another kind of push."),
    "other_entrance": gettext_lazy("is for another entrance."),
    "other_words": gettext_lazy("looks for other words."),
    "online": gettext_lazy("speaks when nobody is online, and somebody was."),
}
_ALONE = {
    "blocked": gettext_lazy("No rule was asked: an agent had blocked the customer."),
    "silent": gettext_lazy("Rules kept silent: an agent had taken the word."),
    "handed_over": gettext_lazy(
        "Handed over by the clock: it was the time when nobody answers here."
    ),
}


def trace_of(push: ReceivedPush) -> list[str]:
    """Return which rules were looked at and why each did what it did, in their order."""
    ids = [rule for rule, _code in push.trace if rule]
    names = dict(AutoReplyRule.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [_sentence(rule, code, names) for rule, code in push.trace]


def _sentence(rule: int | None, code: str, names: dict[int, str]) -> str:
    if rule is None:
        return str(_ALONE.get(code, code))
    return _("“%(rule)s” %(did)s") % {
        "rule": names.get(rule) or _("A rule that is gone"),
        "did": _CODES.get(code, code),
    }


def failure_of(push: ReceivedPush) -> str:
    """Return why nothing could be made of a push, or ""."""
    if push.outcome != Outcome.FAILED:
        return ""
    match push.error:
        case "Unreadable":
            return _("It reads as neither JSON nor XML.")
        case "Encrypted":
            return _(
                "It is encrypted, and plain mode is set here. Set this mini program to "
                "secure mode with WeChat's EncodingAESKey, then try again."
            )
        case "Undecryptable":
            return _("None of our EncodingAESKeys opens it.")
        case error:
            return _("Something of ours broke on it (%(error)s).") % {"error": error}
