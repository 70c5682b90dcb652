"""Saves the database and the pictures in one file, while everything runs."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from console import snapshots


class Command(BaseCommand):
    help = "Save the database and the pictures in one .tar.gz file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="where to (default: a dated file in VAR_DIR/backups)",
        )
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="put SECRET_KEY and SECRETS_KEY in too; keep such a file like a safe",
        )

    def handle(self, *args: object, **options: Any) -> None:
        os.umask(0o077)
        name = timezone.localtime().strftime("kefu-%Y%m%d-%H%M%S.tar.gz")
        target: Path = options["file"] or settings.VAR_DIR / "backups" / name
        if target.exists():
            raise CommandError(f"{target} exists already.")
        try:
            snapshots.save(target.absolute(), with_keys=options["with_keys"])
        except snapshots.SnapshotError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Saved {target} ({target.stat().st_size:,} bytes).")
        if not options["with_keys"]:
            self.stdout.write(
                "The keys are not in it. Keep VAR_DIR/secrets_key somewhere else: "
                "without it the mini programs' secrets have to be entered again."
            )
