from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from agents import links
from agents.models import Agent
from conversations.models import Seat


class Command(BaseCommand):
    help = (
        "Add an agent, with a seat at every mini program, or change the given things "
        "of one. A new agent without a password gets a link to set one, printed here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", help="what colleagues see")
        parser.add_argument(
            "--supervisor", action="store_true", help="may enter the admin"
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input, one line",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        agent = Agent.objects.filter(username=options["username"]).first()
        new = agent is None
        agent = agent or Agent(username=options["username"])
        if options["name"] is not None:
            agent.display_name = options["name"]
        if options["supervisor"]:
            agent.is_staff = True
        if options["password_stdin"]:
            self._set_password(agent)
        elif new:
            agent.set_unusable_password()
        try:
            agent.full_clean(exclude=["password"])
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        agent.save()
        if new:
            Seat.objects.give_all_to(agent)
        agent.shut_out()  # A new password or role holds in open tabs too
        self.stdout.write(f"{'Added' if new else 'Changed'} {agent.username}.")
        if new and not agent.has_usable_password():
            self.stdout.write(f"Set the password within a day: {links.new_link(agent)}")

    def _set_password(self, agent: Agent) -> None:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError("No password came in on standard input.")
        try:
            validate_password(password, agent)
        except ValidationError as exc:
            # Whoever runs this owns the machine, so it is their choice.
            warning = self.style.WARNING(f"Weak password: {' '.join(exc.messages)}")
            self.stderr.write(warning)
        agent.set_password(password)
