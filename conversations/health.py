"""Whether the main job can run: database, broker, worker, timers."""

from __future__ import annotations

from datetime import timedelta

import django_rq
from django.db import DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from conversations.models import ProcessHeartbeat

SILENT = timedelta(seconds=30)  # A process that says nothing for so long is gone


def beat(name: str) -> None:
    """Note that a process lives: worker or cron."""
    ProcessHeartbeat.objects.update_or_create(pk=name, defaults={"at": timezone.now()})


def lives(name: str) -> bool:
    """Return whether a process has shown itself lately."""
    since = timezone.now() - SILENT
    return ProcessHeartbeat.objects.filter(pk=name, at__gt=since).exists()


def check() -> dict[str, bool]:
    """Return {part: whether it is up} for database, broker, worker and cron."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        alive = set(
            ProcessHeartbeat.objects.filter(at__gt=timezone.now() - SILENT).values_list(
                "pk", flat=True
            )
        )
        database = True
    except DatabaseError:
        alive, database = set(), False
    return {
        "database": database,
        "broker": _broker_answers(),
        "worker": "worker" in alive,
        "cron": "cron" in alive,
    }


def _broker_answers() -> bool:
    try:
        return bool(django_rq.get_connection("outbox").ping())
    except (RedisError, OSError):
        return False
