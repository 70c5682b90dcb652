"""The rules a new mini program starts with, to be edited by whoever runs it."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from .auto_reply_rule import AutoReplyRule
from .mini_program import MiniProgram

FALLBACK_AFTER = 60  # s


def give_starting_rules(mini_program: MiniProgram) -> None:
    """Add a fallback, one for when nobody is online, and a welcome that is off.

    In the installation's language and not the supervisor's: customers read them.
    """
    trigger = AutoReplyRule.Trigger
    with translation.override(settings.LANGUAGE_CODE):
        rules = [
            AutoReplyRule(
                name=_("Welcome"),
                trigger=trigger.ENTER,
                parts=_text(_("Hello! How can we help you?")),
                cooldown_seconds=24 * 60 * 60,
                active=False,
            ),
            AutoReplyRule(
                name=_("Nobody online"),
                trigger=trigger.NOBODY_ONLINE,
                parts=_text(
                    _(
                        "Nobody is here at the moment. Leave your question, and we "
                        "will answer as soon as we are back."
                    )
                ),
                cooldown_seconds=60 * 60,
            ),
            AutoReplyRule(
                name=_("Answering takes a while"),
                trigger=trigger.NO_ANSWER,
                after_seconds=FALLBACK_AFTER,
                parts=_text(
                    _("Thank you for waiting. We have your message and answer soon.")
                ),
                cooldown_seconds=10 * 60,
            ),
        ]
    for position, rule in enumerate(rules):
        rule.mini_program, rule.position = mini_program, position
    AutoReplyRule.objects.bulk_create(rules)


def _text(text: str) -> list[dict[str, str]]:
    return [{"kind": "text", "text": text}]
