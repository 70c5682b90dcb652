from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from agents import links
from agents.models import Agent

USERNAME = "supervisor"


class Command(BaseCommand):
    help = (
        "See to it that somebody can enter the admin: by SUPERVISOR_USERNAME and "
        "SUPERVISOR_PASSWORD from the environment, else by a link printed here. Does "
        "nothing once a supervisor has a password."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        supervisors = Agent.objects.filter(is_staff=True, is_active=True)
        if any(one.has_usable_password() for one in supervisors):
            return
        username = os.environ.get("SUPERVISOR_USERNAME") or USERNAME
        agent = Agent.objects.filter(username=username).first() or Agent(
            username=username
        )
        agent.is_staff = agent.is_active = True
        password = os.environ.get("SUPERVISOR_PASSWORD")
        if password:
            agent.set_password(password)
        else:
            agent.set_unusable_password()
        try:
            agent.full_clean(exclude=["password"])
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        agent.save()
        if password:
            self.stdout.write(
                f"The first supervisor is {username}, with the password from "
                "SUPERVISOR_PASSWORD."
            )
        else:
            self.stdout.write(
                f"The first supervisor is {username}. Set the password within a day:\n"
                f"  {links.new_link(agent)}"
            )
