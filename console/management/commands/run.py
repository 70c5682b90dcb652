"""Starts everything: broker, web, worker and cron; Ctrl-C ends it all."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError

from console.installation import Installation, SetUpFailed
from console.lock import only_one
from console.processes import die_with_parent
from console.schema import refuse_a_newer_database

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104


class Command(BaseCommand):
    help = (
        "Run the whole console: broker (unless REDIS_URL is set), web, worker, cron. "
        "Without PUBLIC_URL it is a demo with a simulated phone."
    )
    requires_system_checks: list[str] = []  # Each process makes its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop when the process that started this one ends (make does)",
        )

    def handle(self, *args: object, **options: Any) -> None:
        if options["stop_with_parent"]:
            die_with_parent(signal.SIGTERM)
        os.umask(0o077)
        bind = self.address()
        with only_one(settings.VAR_DIR):
            refuse_a_taken_port(bind, settings.PORT)
            refuse_a_newer_database()
            installation = Installation(
                settings.BASE_DIR,
                settings.VAR_DIR,
                bind,
                settings.PORT,
                host=urlsplit(settings.SITE_URL).netloc,
                embedded_broker=not os.environ.get("REDIS_URL"),
                demo=not settings.PUBLIC_URL,
                commands=get_commands(),
                greeting=greeting(bind),
            )
            try:
                asyncio.run(installation.run())
            except (SetUpFailed, RuntimeError) as exc:
                raise CommandError(str(exc)) from exc

    def address(self) -> str:
        """Return where web listens: loopback, unless the public address is plain HTTP.

        The demo's passwords are known to everybody, so it is never reachable from
        elsewhere.
        """
        public = urlsplit(settings.PUBLIC_URL)
        bind = os.environ.get("BIND", "")
        if not settings.PUBLIC_URL:
            if bind and not is_loopback(bind):
                raise CommandError(
                    "BIND needs PUBLIC_URL: the demo's passwords are no secret."
                )
            return bind or LOOPBACK
        if public.scheme == "http" and not is_loopback(public.hostname or ""):
            self.stderr.write(
                self.style.WARNING(
                    "Warning: PUBLIC_URL is plain http. Everybody on the network can "
                    "read passwords and conversations. Put it behind HTTPS."
                )
            )
            return bind or EVERYWHERE
        return bind or LOOPBACK


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_a_taken_port(bind: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind.strip("[]"), port))
        except OSError as exc:
            raise CommandError(
                f"Can't listen on {bind}:{port}: {exc.strerror}. "
                f"Choose another port: PORT={port + 1} make run"
            ) from exc


def greeting(bind: str) -> str:
    """Return what to show once everything is up."""
    site = settings.SITE_URL
    lines = [
        "Ready. Ctrl-C stops it.",
        "",
        f"  Console  {site}/",
        f"  Admin    {site}/admin/",
    ]
    if settings.PUBLIC_URL:
        lines += [
            f"  Push     {site}/wechat/<AppID>/push",
            "",
            f"  Listens on {bind}:{settings.PORT}"
            + (", for the HTTPS proxy in front of it." if settings.HTTPS else "."),
        ]
    else:
        lines.append(f"  Phone    {site}/simulator/")
    return "\n".join([*lines, ""])
