"""How many rows each of several queries finds, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

MOST_COUNTED = 1000  # past it a badge says 999+


def tally(
    queries: Mapping[str, QuerySet[Any]], **values: QuerySet[Any]
) -> dict[str, int]:
    """Return {name: how many rows}, MOST_COUNTED for any more.

    A badge is redrawn with every message, and whoever counts a long list to its end
    each time would do little else.

    values  queries for one number each, read in the same statement: 0 if there is none
    """
    statements: dict[str, str] = {}
    params: list[Any] = []
    for name, rows in {**values, **queries}.items():
        few = rows if name in values else rows.order_by().values("pk")[:MOST_COUNTED]
        try:
            sql, theirs = few.query.sql_with_params()
        except EmptyResultSet:
            continue
        if name in queries:
            sql = f"SELECT COUNT(*) FROM ({sql}) AS counted"  # noqa: S608
        statements[name] = f"COALESCE(({sql}), 0)"
        params += theirs
    found = dict.fromkeys([*values, *queries], 0)
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(statements.values())}", params)
            found |= zip(statements, cursor.fetchone(), strict=True)
    return found
