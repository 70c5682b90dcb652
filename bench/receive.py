"""How much a batch saves: 256 pushes in one transaction against 256 of one push each.

    python -m bench.receive

On SQLite in a temporary folder, or on the PostgreSQL in DATABASE_URL, whose database
should be empty and is left with what was written. Takes half a minute.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

ROUNDS = 5
BATCH = 256
CUSTOMERS = 100


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
        import django

        django.setup()
        _measure()


def _measure() -> None:
    from django.core.management import call_command
    from django.db import connection

    from conversations import broker
    from conversations.receiving import receive

    call_command("migrate", "--no-input", verbosity=0)
    broker.announce = lambda first, last: None  # Redis is another story
    arrivals = _arrivals(_mini_program())

    def in_a_batch() -> None:
        receive(list(itertools.islice(arrivals, BATCH)))

    def one_by_one() -> None:
        for arrival in itertools.islice(arrivals, BATCH):
            receive([arrival])

    in_a_batch()  # Makes the customers, for both
    batch, single = [], []
    for _ in range(ROUNDS):
        batch.append(_seconds(in_a_batch))
        single.append(_seconds(one_by_one))
    ours, theirs = statistics.median(batch), statistics.median(single)
    connection.close()
    print(f"{connection.vendor}, {ROUNDS} rounds of {BATCH} pushes, medians\n")
    print(f"{'':14}{'ms a push':>10}{'pushes/s':>10}")
    for name, taken in (("one by one", theirs), ("in a batch", ours)):
        print(f"{name:14}{taken / BATCH * 1000:10.2f}{BATCH / taken:10.0f}")
    print(f"\nA batch is {theirs / ours:.1f} times as fast.")


def _mini_program() -> Any:
    from conversations.models import AutoReplyRule, MiniProgram

    mini_program = MiniProgram.objects.create(appid="wx0123456789abcdef", name="bench")
    for trigger, keywords in (("keyword", "退款"), ("no_answer", "")):
        AutoReplyRule.objects.create(
            mini_program=mini_program,
            name=trigger,
            trigger=trigger,
            keywords=keywords,
            parts=[{"kind": "text", "text": "请稍候"}],
        )
    return mini_program


def _arrivals(mini_program: Any) -> Iterator[Any]:
    from django.utils import timezone

    from conversations.receiving import Arrival
    from conversations.wechat import pushes

    for number in itertools.count(1):
        fields = {
            "ToUserName": "gh_0123456789ab",
            "FromUserName": f"oBench-{number % CUSTOMERS}",
            "CreateTime": int(time.time()),
            "MsgType": "text",
            "Content": f"请问第{number}个问题怎么办",
            "MsgId": 22_876_340_532_000_000 + number,
        }
        push = pushes.parse(fields, mini_program.appid, timezone.now())
        yield Arrival(mini_program.pk, push, str(fields), "msg_signature")


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
