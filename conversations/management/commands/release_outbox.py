from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from conversations import sending


class Command(BaseCommand):
    help = "Let a held outbox go on: after a restore, once the original is off."

    def handle(self, *args: Any, **options: Any) -> None:
        released = sending.release_hold()
        self.stdout.write("The outbox goes on." if released else "It was not held.")
