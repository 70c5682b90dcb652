"""Whether this code may touch that database."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader

OURS = ("agents.", "conversations.")


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
    refuse_unknown(f"{app}.{name}" for app, name in loader.applied_migrations)


def refuse_unknown(migrations: Iterable[str]) -> None:
    """Refuse migrations of ours ("app.name") that this code doesn't have."""
    here = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    unknown = sorted(
        name for name in migrations if name.startswith(OURS) and name not in here
    )
    if unknown:
        raise CommandError(
            "The database was made by a newer version of Kefu. Use that version, or "
            f"restore a backup of this one. Not known here: {', '.join(unknown)}."
        )
