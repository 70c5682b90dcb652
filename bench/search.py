"""How long it takes to find two characters, against a bare LIKE on the same table.

    python -m bench.search [messages]

On SQLite in a temporary folder, or on the PostgreSQL in DATABASE_URL, whose database
should be empty and is left with what was written. 100,000 messages take a minute to make.

LIKE walks back from the newest message until it has a page: fast for what everybody
says, and through all of the table for what hardly anybody does.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

MESSAGES = 100_000
CUSTOMERS = 2_000
ROUNDS = 9
AT_ONCE = 5_000  # rows written by one statement

# The first are in every tenth message, the last in every ten-thousandth.
QUERIES = {
    "everyday word, 2": "订单",
    "rare word, 2": "麒麟",
    "rare word, 4": "麒麟花瓶",
    "Latin in Chinese": "iphone",
    "order number": "20240930000077",
    "its beginning": "202409300000",
    "not there, 2": "饕餮",
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
        import django

        django.setup()
        _measure(count)


def _measure(count: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from conversations import search_index
    from conversations.models import Customer, Message

    call_command("migrate", "--no-input", verbosity=0)
    wu = _write(count)
    before = _size(connection)
    filled = _seconds(lambda: search_index.fill(Message.objects, Customer.objects))
    grown = (_size(connection) - before) / 2**20
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{connection.vendor}, {count:,} messages, medians of {ROUNDS} rounds, ms")
    print(f"index: {filled / count * 1e6:.0f} µs a message, {grown:.0f} MiB in all\n")
    print(f"{'':20}{'index':>9}{'search':>9}{'LIKE':>9}{'/ index':>9}{'/ search':>9}")
    for name, words in QUERIES.items():
        ways = [_index(words), _search(wu, words), _like(words)]
        times: list[list[float]] = [[] for _ in ways]
        for _ in range(ROUNDS):
            for way, taken in zip(ways, times, strict=True):
                taken.append(_seconds(way) * 1000)
        index, ours, theirs = map(statistics.median, times)
        ratios = f"{theirs / index:9.1f}{theirs / ours:9.1f}"
        print(f"{name:20}{index:9.2f}{ours:9.2f}{theirs:9.2f}{ratios}")
    connection.close()


def _index(words: str) -> Callable[[], Any]:
    """The index alone: which messages may say it."""
    from conversations import search_index
    from conversations.search_words import wanted

    asked = wanted(words)
    match = search_index.Match(asked.words, asked.begins)
    table, newest = search_index.MESSAGES, search_index.NEWEST
    return lambda: search_index.find(table, match, newest, 200)


def _search(agent: Any, words: str) -> Callable[[], Any]:
    """The whole way, to snippets with marks."""
    from conversations import search
    from conversations.search import Asked
    from conversations.search_words import wanted

    return lambda: search.messages(agent, Asked(words, wanted(words)))


def _like(words: str) -> Callable[[], Any]:
    from django.db import connection

    sql = "SELECT id FROM conversations_message WHERE text LIKE %s ORDER BY id DESC LIMIT 20"

    def run() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, [f"%{words}%"])
            return cursor.fetchall()

    return run


def _write(count: int) -> Any:
    """Make messages of customers who talk about what customers talk about."""
    from django.utils import timezone

    from agents.models import Agent
    from conversations.models import Conversation, Customer, Message, MiniProgram
    from conversations.models.conversation import digest_of

    now, chance = timezone.now(), random.Random(7)
    mini_program = MiniProgram.objects.create(appid="wx0123456789abcdef", name="bench")
    customers = Customer.objects.bulk_create(
        Customer(mini_program=mini_program, openid=f"oBench-{number:028}")
        for number in range(CUSTOMERS)
    )
    conversations = Conversation.objects.bulk_create(
        Conversation(
            customer=customer, session_from_digest=digest_of(""), last_message_at=now
        )
        for customer in customers
    )
    vocabulary = _vocabulary(chance)
    for start in range(0, count, AT_ONCE):
        Message.objects.bulk_create(
            Message(
                conversation=(conversation := chance.choice(conversations)),
                customer_id=conversation.customer_id,
                author="customer",
                text=_sentence(chance, vocabulary, number),
                said_at=now - timedelta(seconds=count - number),
                ordered_at=now - timedelta(seconds=count - number),
            )
            for number in range(start, min(start + AT_ONCE, count))
        )
    return Agent.objects.create_user("wu", password="-", is_staff=True)


def _vocabulary(chance: random.Random) -> list[str]:
    """Two-character words of 1,500 common characters, the first the likeliest."""
    common = [chr(0x4E00 + chance.randrange(6000)) for _ in range(1500)]
    rare = set("麒麟花瓶饕餮订单")
    common = [one for one in common if one not in rare]
    return ["".join(chance.sample(common, 2)) for _ in range(20_000)]


def _sentence(chance: random.Random, vocabulary: list[str], number: int) -> str:
    last = len(vocabulary) - 1
    words = [
        vocabulary[min(last, int(chance.paretovariate(0.4)))]
        for _ in range(chance.randint(3, 9))
    ]
    if number % 10 == 0:
        words.append("订单")
    if number % 50 == 0:
        words.append(f"202409{30_000_000 + number // 50}")
    if number % 1000 == 0:
        words.append("iPhone")
    if number % 10_000 == 77:
        words.append("麒麟花瓶")
    chance.shuffle(words)
    return "".join(words)


def _size(connection: Any) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return cursor.fetchone()[0]
        cursor.execute("SELECT * FROM pragma_page_count(), pragma_page_size()")
        pages, bytes_each = cursor.fetchone()
        return pages * bytes_each


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
