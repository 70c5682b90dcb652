"""Later: a conversation put off comes back by itself, or as soon as the customer writes.

Until then it is in no list but the one of all. Nobody may put one off past its reply
window: by then it couldn't be answered any more.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agents.models import Agent
from conversations import live
from conversations.models import Conversation, Customer
from conversations.sending.writing import happened

MOST_AT_ONCE = 200  # that come back in one transaction
BEFORE_CLOSING = timedelta(hours=2)
AFTERNOON, MORNING = time(14), time(9)


class NotThen(Exception):
    """A conversation can't be put off till then. `reason` says why, to the agent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def moment(when: str, customer: Customer, now: datetime) -> datetime:
    """Return what a choice of the menu means for a customer's conversation.

    when  "hour", "afternoon", "tomorrow", "closing" (two hours before the reply window
          ends), or a moment as ISO 8601 with its zone

    By the office's clock. Raises NotThen for what is none of these, or is over.
    """
    here = timezone.localtime(now)
    match when:
        case "hour":
            return now + timedelta(hours=1)
        case "afternoon":
            found = _at(here, AFTERNOON)
        case "tomorrow":
            found = _at(here + timedelta(days=1), MORNING)
        case "closing":
            if customer.window_closes_at is None:
                raise NotThen(_over())
            found = customer.window_closes_at - BEFORE_CLOSING
        case _:
            found = _parsed(when)
    if found <= now:
        raise NotThen(_("That time is over. Choose a later one."))
    return found


def snooze(conversation: Conversation, agent: Agent, when: str) -> datetime:
    """Put a conversation off, and return till when. Raises NotThen."""
    with live.recording():
        customer = Customer.objects.select_for_update().get(pk=conversation.customer_id)
        now = timezone.now()
        until = moment(when, customer, now)
        closes_at = customer.window_closes_at
        if closes_at is None or closes_at <= now:
            raise NotThen(_over())
        if until >= closes_at:
            raise NotThen(
                _(
                    "The time to reply ends at %(time)s, before that. "
                    "Choose an earlier time."
                )
                % {"time": _clock(closes_at)}
            )
        current = Conversation.objects.get(pk=conversation.pk)
        if not current.is_open:
            raise NotThen(_("It is closed."))
        current.snoozed_until = until
        current.save(update_fields=["snoozed_until"])
        line = happened(current, "snoozed", now, agent)
        line.data["until"] = until.isoformat()
        line.save(update_fields=["data"])
        live.conversation(current)
    return until


def wake(conversation: Conversation) -> bool:
    """Bring a conversation back before its time. False when it was not put off."""
    with live.recording():
        Customer.objects.select_for_update().get(pk=conversation.customer_id)
        current = Conversation.objects.get(pk=conversation.pk)
        if current.snoozed_until is None:
            return False
        current.snoozed_until = None
        current.save(update_fields=["snoozed_until"])
        live.conversation(current)
    return True


def wake_due() -> int:
    """Bring back what was put off till now: unread, as if it were new. Returns how many."""
    due = Conversation.objects.filter(snoozed_until__lte=timezone.now())
    with live.recording():
        few = list(due.order_by("snoozed_until").values_list("pk", "customer_id"))
        few = few[:MOST_AT_ONCE]
        if not few:
            return 0
        customers = Customer.objects.select_for_update().order_by("pk")
        list(customers.filter(pk__in={customer for _, customer in few}))
        # Looked at again, under the locks: some may have come back meanwhile.
        back = list(due.filter(pk__in=[pk for pk, _ in few]))
        Conversation.objects.filter(pk__in=[one.pk for one in back]).update(
            snoozed_until=None, unread=Greatest(F("unread"), 1)
        )
        for one in back:
            live.conversation(one)
    return len(back)


def _at(day: datetime, clock: time) -> datetime:
    return day.replace(
        hour=clock.hour, minute=clock.minute, second=0, microsecond=0, fold=0
    )


def _parsed(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise NotThen(_("Choose a time."))
    return found


def _over() -> str:
    return _("The time to reply is over. You can reply once the customer writes.")


def _clock(moment: datetime) -> str:
    here = timezone.localtime(moment)
    today = timezone.localdate()
    if here.date() == today:
        return f"{here:%H:%M}"
    return f"{date_format(here, 'MONTH_DAY_FORMAT')} {here:%H:%M}"
