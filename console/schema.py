"""Whether this code may touch that database."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader

OURS = ("agents", "conversations")


def refuse_a_newer_database() -> None:
    """Refuse, before anything is written, a database that a newer Kefu has migrated.

    Django would go ahead, and an older version would write rows the newer one can't
    read.
    """
    try:
        loader = MigrationLoader(connection)
    except OperationalError as exc:
        raise CommandError(f"The database can't be reached: {exc}") from exc
    finally:
        connection.close()
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in OURS and (app, name) not in loader.disk_migrations
    )
    if unknown:
        raise CommandError(
            "The database was made by a newer version of Kefu. Use that version, or "
            f"restore a backup. Not known here: {', '.join(unknown)}."
        )
