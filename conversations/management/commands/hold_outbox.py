from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from conversations import sending


class Command(BaseCommand):
    help = "Send nothing until `release_outbox`; replies are kept and wait."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--reason", default="held by hand")

    def handle(self, *args: Any, **options: Any) -> None:
        sending.hold(options["reason"])
        self.stdout.write("Nothing is sent until `manage.py release_outbox`.")
