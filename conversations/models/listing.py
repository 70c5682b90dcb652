"""What a row of the inbox shows besides what the conversation says of itself."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Aggregate,
    CharField,
    Exists,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat

from .conversation import ConversationQuerySet
from .delivery import Delivery
from .tag import CustomerTag


class _Lines(Aggregate):
    """Texts as one, a line each, in no order."""

    function = "GROUP_CONCAT"
    template = "%(function)s(%(expressions)s, char(10))"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "STRING_AGG(%(expressions)s, chr(10))"
        return self.as_sql(compiler, connection, template=template, **context)


def listed(rows: ConversationQuerySet) -> ConversationQuerySet:
    """Return conversations with all that their rows show, in one query."""
    shown: dict[str, Any] = {"has_failed": failing(), "tag_lines": Subquery(_tags())}
    return rows.drawn().annotate(**shown)


def failing() -> Q:
    """Whether something of ours did not go out, or may not have, and nobody has seen to
    it: anywhere in the conversation, not only at its end."""
    theirs = Delivery.objects.filter(
        customer=OuterRef("customer"), message__conversation=OuterRef("pk")
    )
    # One after the other: each has an index of its own.
    failed = theirs.filter(state=Delivery.State.FAILED)
    unconfirmed = theirs.filter(state=Delivery.State.UNCONFIRMED)
    return Q(Exists(failed)) | Q(Exists(unconfirmed))


def _tags() -> Any:
    parts: list[Any] = [
        Cast("tag__position", CharField()),
        Cast("tag_id", CharField()),
        "tag__colour",
        "tag__name",
    ]
    spaced = [part for each in parts for part in (each, Value(" "))][:-1]
    return (
        CustomerTag.objects.filter(customer=OuterRef("customer"))
        .order_by()
        .values("customer")
        .annotate(lines=_Lines(Concat(*spaced, output_field=TextField())))
        .values("lines")
    )
