"""What the panel beside a conversation shows of its customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, F, Min, Model, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from conversations.entry_parameters import Parameters, parameters
from conversations.models import Conversation, Customer, CustomerTag, Message, Tag

Row = TypeVar("Row", bound=Model)

ENTRIES = 20  # at a time
CONVERSATIONS = 30  # at a time


class Gone(LookupError):
    """The row behind which a page was to begin isn't there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entering, with what its SessionFrom says."""

    message: Message

    @property
    def session_from(self) -> str:
        return str(self.message.data.get("session_from", ""))

    @property
    def label(self) -> str:
        return self.message.conversation.label

    @property
    def colour(self) -> str:
        entrance = self.message.conversation.entrance
        return entrance.colour if entrance else "grey"

    @property
    def parameters(self) -> Parameters:
        return parameters(self.session_from)


@dataclass(frozen=True, slots=True)
class Panel:
    """customer  with their mini program
    tags         that they bear, in the order of all tags
    entries      the newest of their enterings, the newest first
    more         the id behind which older ones begin; None when these are all
    """

    customer: Customer
    tags: Sequence[Tag]
    entries: Sequence[Entry]
    more: int | None


def panel_of(customer_id: int) -> Panel:
    return panels_of([customer_id])[customer_id]


def panels_of(customer_ids: Collection[int]) -> dict[int, Panel]:
    """Return the panels of some customers, by their ids: three queries for all."""
    if not customer_ids:
        return {}
    known = Customer.objects.select_related("mini_program", "blocked_by")
    tags: dict[int, list[Tag]] = defaultdict(list)
    borne = CustomerTag.objects.filter(customer__in=customer_ids)
    for one in borne.select_related("tag").order_by("tag__position", "tag"):
        tags[one.customer_id].append(one.tag)
    newest = Window(
        RowNumber(),
        partition_by="customer",
        order_by=[F("ordered_at").desc(), F("pk").desc()],
    )
    entered: dict[int, list[Message]] = defaultdict(list)
    found = _entered().filter(customer__in=customer_ids).annotate(place=newest)
    for message in found.filter(place__lte=ENTRIES + 1).order_by("place"):
        entered[message.customer_id].append(message)
    return {
        customer.pk: Panel(
            customer,
            tags[customer.pk],
            [Entry(message) for message in entered[customer.pk][:ENTRIES]],
            _behind(entered[customer.pk], ENTRIES),
        )
        for customer in known.filter(pk__in=customer_ids)
    }


def entries(
    customer: Customer, before: int | None = None
) -> tuple[list[Entry], int | None]:
    """Return a customer's enterings, the newest first, and behind which to go on.

    before  the id of the oldest one on show

    Raises Gone.
    """
    entered = _entered().filter(customer=customer)
    page, more = _page(entered, "ordered_at", before, ENTRIES)
    return [Entry(message) for message in page], more


def conversations(
    customer: Customer, before: int | None = None
) -> tuple[list[Conversation], int | None]:
    """Return a customer's conversations, the latest first, and behind which to go on.

    Each bears `said`, how many messages it has, and `first_at`, when it began.

    before  the id of the last one on show

    Raises Gone.
    """
    theirs = Conversation.objects.filter(customer=customer)
    page, more = _page(theirs, "last_message_at", before, CONVERSATIONS)
    told = theirs.select_related("entrance", "assignee").annotate(
        said=Count("messages", filter=~Q(messages__kind=Message.Kind.EVENT)),
        first_at=Min("messages__ordered_at"),
    )
    # Counted for those of the page only.
    known = told.in_bulk([one.pk for one in page])
    return [known[one.pk] for one in page if one.pk in known], more


def _entered() -> QuerySet[Message]:
    return Message.objects.filter(
        kind=Message.Kind.EVENT, author=Message.Author.CUSTOMER
    ).select_related("conversation__entrance")


def _page(
    rows: QuerySet[Row], field: str, before: int | None, size: int
) -> tuple[list[Row], int | None]:
    if before is not None:
        at = rows.filter(pk=before).values_list(field, flat=True).first()
        if at is None:
            raise Gone
        rows = rows.filter(
            Q(**{f"{field}__lt": at}) | Q(pk__lt=before), **{f"{field}__lte": at}
        )
    found = list(rows.order_by(f"-{field}", "-pk")[: size + 1])
    return found[:size], _behind(found, size)


def _behind(found: Sequence[Model], size: int) -> int | None:
    """Return the id behind which to go on, when one more was found than is shown."""
    return found[size - 1].pk if len(found) > size else None
