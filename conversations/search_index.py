"""The index of what was said, and of what customers are called.

Written in the transaction of what it indexes: what is on the screen can be found. It
holds numbers and words only; whoever asks reads the rows and looks again.

SQLite   FTS5. Of messages it keeps no text, only which words stand where, so to take one
         out it has to be told once more what was said.
PostgreSQL   one row a message with its words in a tsvector, under a GIN index.

Beside the words of a text stand its facets, words that no text has: whose it is, from
which mini program, of which month, whether a note, by which agent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction

from conversations.models import Customer, Message
from conversations.models.alias import alias_of
from conversations.search_words import words_of
from conversations.wechat import jump_links

MESSAGES = "conversations_message_words"
CUSTOMERS = "conversations_customer_words"
NEWEST = (1 << 63) - 1  # above every id

_KINDS = {Message.Kind.TEXT, Message.Kind.NOTE, Message.Kind.CARD, Message.Kind.LINK}
_OURS = {Message.Author.AGENT, Message.Author.AUTO_REPLY}
_FACET = "\ue000"  # for private use: in no word of a text
NOTE = f"{_FACET}n"
FILL_AT_ONCE = 2000  # rows


@dataclass(frozen=True, slots=True)
class Match:
    """What to ask the index for; nothing when none of the first three asks anything.

    words   all of them
    begins  for each, a word that begins so
    any_of  of each group at least one word
    never   none of them
    """

    words: Collection[str] = ()
    begins: Collection[str] = ()
    any_of: Sequence[Collection[str]] = ()
    never: Collection[str] = ()

    @property
    def asks(self) -> bool:
        return bool(self.words or self.begins or self.any_of)


def of_customer(pk: int) -> str:
    return f"{_FACET}c{pk}"


def of_mini_program(pk: int) -> str:
    return f"{_FACET}m{pk}"


def by_agent(pk: int) -> str:
    return f"{_FACET}a{pk}"


def in_month(at: datetime) -> str:
    return f"{_FACET}d{at.astimezone(UTC):%Y%m}"


def said(message: Message) -> str:
    """Return what of a message can be found: the words that are drawn of it."""
    data = message.data
    if message.kind == Message.Kind.CARD:
        return str(data.get("title", ""))
    if message.kind == Message.Kind.LINK:
        parts = ("title", "description", "url")
        return "\n".join(str(data.get(part, "")) for part in parts)
    if message.kind not in _KINDS:
        return ""
    return jump_links.plain(message.text) if message.author in _OURS else message.text


def called(customer: Customer) -> str:
    """Return what of a customer can be found: all that anybody may call them."""
    alias, openid = alias_of(customer.openid), customer.openid
    chinese = f"{alias.manner[0]}{alias.thing[0]}·{openid[-4:]}"
    english = f"{alias.manner[1]} {alias.thing[1]}·{openid[-4:]}"
    return "\n".join([customer.remark, chinese, english, openid])


def add(messages: Iterable[Message]) -> None:
    """Index messages that have just been written. One statement, however many."""
    _write(MESSAGES, [(one.pk, _words(one)) for one in messages if one.kind in _KINDS])


def add_customers(customers: Iterable[Customer]) -> None:
    """Index customers that are new, or have another remark name now."""
    _write(
        CUSTOMERS,
        [
            (one.pk, words_of(called(one)) | {of_mini_program(one.mini_program_id)})
            for one in customers
        ],
    )


def forget(message_ids: Collection[int]) -> None:
    """Take messages out, before their words are erased: they are asked for once more."""
    if _is_postgresql():
        _execute(DELETE_ROWS.format(table=MESSAGES), [list(message_ids)])
        return
    messages = _to_index(Message.objects.filter(pk__in=message_ids))
    rows = [(one.pk, " ".join(_words(one))) for one in messages]
    _execute_many(TAKE_OUT.format(table=MESSAGES), rows)


def forget_customers(customer_ids: Collection[int]) -> None:
    """Take customers out who are erased."""
    if _is_postgresql():
        _execute(DELETE_ROWS.format(table=CUSTOMERS), [list(customer_ids)])
        return
    _execute_many(DELETE.format(table=CUSTOMERS), [(pk,) for pk in customer_ids])


def find(table: str, match: Match, before: int, limit: int) -> list[int]:
    """Return the newest ids below one that have what is asked for, descending."""
    if _is_postgresql():
        sql, query = FIND_ROWS, _tsquery(match)
    else:
        sql, query = FIND, _fts_query(match)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(table=table), [query, before, limit])
        return [pk for (pk,) in cursor.fetchall()]


def fill(messages: models.Manager, customers: models.Manager) -> None:
    """Index what was there before the index was, in batches. Can be repeated."""
    for table in (MESSAGES, CUSTOMERS):
        _execute(CLEAR_ROWS.format(table=table) if _is_postgresql() else CLEAR[table])
    for batch in _batches(_to_index(messages)):
        with transaction.atomic():
            add(batch)
    for batch in _batches(customers.only("remark", "openid", "mini_program_id")):
        with transaction.atomic():
            add_customers(batch)


def _words(message: Message) -> set[str]:
    customer = message.customer
    facets = {
        of_customer(customer.pk),
        of_mini_program(customer.mini_program_id),
        in_month(message.ordered_at),
    }
    if message.kind == Message.Kind.NOTE:
        facets.add(NOTE)
    if message.agent_id:
        facets.add(by_agent(message.agent_id))
    return words_of(said(message)) | facets


def _to_index(messages: models.Manager | models.QuerySet) -> models.QuerySet:
    """With no more than is indexed: a migration may run before later columns are."""
    fields = ("kind", "author", "agent_id", "text", "data", "ordered_at", "customer_id")
    return messages.select_related("customer").only(
        *fields, "customer__mini_program_id"
    )


def _batches(rows: models.QuerySet) -> Iterator[list[Any]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:FILL_AT_ONCE]):
        yield batch
        last = batch[-1].pk


# The names of the tables are ours; all else goes in by parameters.
DELETE_ROWS = "DELETE FROM {table} WHERE id = ANY(%s)"
WRITE_ROWS = """
    INSERT INTO {table} (id, words)
    SELECT id, array_to_tsvector(string_to_array(words, ' '))
    FROM unnest(%s::bigint[], %s::text[]) AS written (id, words)
    ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words
"""
# Nothing else in this statement: with one more condition the planner reads them all.
FIND_ROWS = """
    SELECT id FROM {table} WHERE words @@ %s::tsquery AND id < %s
    ORDER BY id DESC LIMIT %s
"""
CLEAR_ROWS = "DELETE FROM {table}"
DELETE = "DELETE FROM {table} WHERE rowid = %s"
TAKE_OUT = "INSERT INTO {table} ({table}, rowid, words) VALUES ('delete', %s, %s)"
WRITE = {
    MESSAGES: f"INSERT INTO {MESSAGES} (rowid, words) VALUES (%s, %s)",  # noqa: S608
    CUSTOMERS: f"REPLACE INTO {CUSTOMERS} (rowid, words) VALUES (%s, %s)",  # noqa: S608
}
CLEAR = {
    MESSAGES: f"INSERT INTO {MESSAGES} ({MESSAGES}) VALUES ('delete-all')",  # noqa: S608
    CUSTOMERS: f"DELETE FROM {CUSTOMERS}",  # noqa: S608
}
FIND = """
    SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid < %s
    ORDER BY rowid DESC LIMIT %s
"""


def _write(table: str, rows: list[tuple[int, set[str]]]) -> None:
    if not rows:
        return
    # Sorted, so that what is taken out again is told in the same words.
    written = [(pk, " ".join(sorted(words))) for pk, words in rows]
    if _is_postgresql():
        pks, words = zip(*written, strict=True)
        _execute(WRITE_ROWS.format(table=table), [list(pks), list(words)])
    else:
        _execute_many(WRITE[table], written)


def _fts_query(match: Match) -> str:
    """Words hold nothing that FTS5 would read as more than a word."""
    asked = [f'"{word}"' for word in sorted(match.words)]
    asked += [f'"{begin}" *' for begin in sorted(match.begins)]
    asked += [_any_of(group, '"{}"', " OR ") for group in match.any_of]
    return " AND ".join(asked) + "".join(f' NOT "{word}"' for word in match.never)


def _tsquery(match: Match) -> str:
    asked = [f"'{word}'" for word in sorted(match.words)]
    asked += [f"'{begin}':*" for begin in sorted(match.begins)]
    asked += [_any_of(group, "'{}'", " | ") for group in match.any_of]
    return " & ".join(asked + [f"!'{word}'" for word in match.never])


def _any_of(group: Collection[str], quoted: str, either: str) -> str:
    return f"({either.join(quoted.format(word) for word in sorted(group))})"


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _execute(sql: str, parameters: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _execute_many(sql: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)
