"""Puts a backup in place of an installation's data, and keeps it from sending."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from console import snapshots
from console.lock import only_one
from console.schema import refuse_unknown
from conversations.models import Delivery, DeliveryAttempt, MiniProgram, OutboxHold
from conversations.models.encrypted import EncryptedTextField


class Command(BaseCommand):
    help = "Restore a backup. Nothing is sent afterwards until release_outbox."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force",
            action="store_true",
            help="replace the data that is here (SQLite: it is moved aside)",
        )

    def handle(self, *args: object, **options: Any) -> None:
        os.umask(0o077)
        with only_one(settings.VAR_DIR):
            if not options["force"] and has_tables():
                raise CommandError(
                    "There is data here already. --force replaces it with the backup."
                )
            try:
                manifest, moved = put_in_place(options["file"])
            except snapshots.SnapshotError as exc:
                raise CommandError(str(exc)) from exc
            call_command("migrate", interactive=False, verbosity=0)
            uncertain = hold_outbox(manifest)

        self.stdout.write(
            f"Restored what was saved on {timezone.localtime(manifest.made_at):%F %T}."
        )
        for path in moved:
            self.stdout.write(f"Moved aside: {path}")
        self.stdout.write(
            f"Messages on their way when it was saved, outcome unknown: {uncertain}."
        )
        self.stdout.write("Nothing is sent until you run: manage.py release_outbox")
        if not manifest.keys and has_unreadable_secrets():
            self.stderr.write(
                self.style.WARNING(
                    "The mini programs' secrets were encrypted with another key. Put "
                    "the old secrets_key back into VAR_DIR, or enter them again."
                )
            )


def has_tables() -> bool:
    try:
        return bool(connection.introspection.table_names())
    except OperationalError as exc:
        raise CommandError(f"The database can't be reached: {exc}") from exc


def put_in_place(file: Path) -> tuple[snapshots.Manifest, list[Path]]:
    """Unpack beside the data, look at everything, and only then replace."""
    with tempfile.TemporaryDirectory(
        dir=settings.VAR_DIR, prefix=".restore-"
    ) as folder:
        manifest = snapshots.unpack(file, Path(folder))
        refuse_unknown(manifest.migrations)
        return manifest, snapshots.install(Path(folder))


@transaction.atomic
def hold_outbox(manifest: snapshots.Manifest) -> int:
    """Keep a restored copy from sending what the original may have sent since.

    Returns how many deliveries were on their way at the time: nobody can know any more
    whether they arrived.
    """
    if not OutboxHold.objects.exists():
        OutboxHold.objects.create(reason=f"restored from {manifest.made_at:%F %T} UTC")
    now = timezone.now()
    DeliveryAttempt.objects.filter(ended_at=None).update(
        ended_at=now, outcome=DeliveryAttempt.Outcome.UNCONFIRMED
    )
    sending = Delivery.objects.filter(state=Delivery.State.SENDING)
    return sending.update(state=Delivery.State.UNCONFIRMED, settled_at=now)


def has_unreadable_secrets() -> bool:
    """Whether some secret is set but reads as "": no key of ours opens it."""
    return any(
        getattr(mini_program, field.name) == ""
        for field in MiniProgram._meta.fields
        if isinstance(field, EncryptedTextField)
        for mini_program in MiniProgram.objects.exclude(**{field.name: ""})
    )
