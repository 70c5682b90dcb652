"""Why a rule answered a push, and why those before it didn't: for whoever asks later.

A trace is a list of [rule's id or None, code], in the order in which rules were looked
at. It is written with the push, in codes, and read as sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conversations.models import AutoReplyRule
from conversations.models.entrance import matches
from conversations.wechat.pushes import EnterPush, Push, TextPush, UnknownPush

Trigger = AutoReplyRule.Trigger
Trace = list[tuple[int | None, str]]

MOST = 20  # rules told of; a longer list is nobody's to read

SILENT: Trace = [(None, "silent")]  # a human had taken the word
BLOCKED: Trace = [(None, "blocked")]  # an agent had blocked the customer
BY_THE_CLOCK: Trace = [(None, "handed_over")]  # it was the time for that


def of(
    rules: Iterable[AutoReplyRule],
    chosen: AutoReplyRule | None,
    push: Push,
    session_from: str,
    held_back: Mapping[int, str],
    outcome: str = "answered",
) -> Trace:
    """Return the trace of a decision that has been made.

    held_back  by rules' ids, why they could not do what they do; "" if they could
    outcome    what the chosen rule did: answered, hands_over, or why it was withheld
    """
    trace: Trace = []
    for rule in rules:
        if rule == chosen:
            trace.append((rule.pk, outcome))
            break
        trace.append((rule.pk, _why_not(rule, push, session_from, held_back)))
    return trace[:MOST] if chosen is None else trace[-MOST:]


def _why_not(
    rule: AutoReplyRule,
    push: Push,
    session_from: str,
    held_back: Mapping[int, str],
) -> str:
    if rule.trigger == Trigger.NO_ANSWER:
        return "later"
    if not _is_for(rule, push):
        return "other_kind"
    if rule.session_match and not matches(
        rule.session_match, rule.session_from, session_from
    ):
        return "other_entrance"
    if why := held_back.get(rule.pk):
        return why
    return "online" if rule.trigger == Trigger.NOBODY_ONLINE else "other_words"


def _is_for(rule: AutoReplyRule, push: Push) -> bool:
    match rule.trigger:
        case Trigger.ENTER:
            return isinstance(push, EnterPush)
        case Trigger.KEYWORD:
            return isinstance(push, TextPush)
        case Trigger.NOBODY_ONLINE:
            return not isinstance(push, EnterPush | UnknownPush)
    return True
