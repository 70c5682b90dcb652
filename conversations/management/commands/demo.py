from __future__ import annotations

import secrets
import string
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from agents.models import Agent
from conversations.answers import pinyin_keys
from conversations.management import at_the_simulator, demo
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Entrance,
    MiniProgram,
    Seat,
)

AES_KEY_LENGTH = 43  # letters and digits
APP_SECRET_BYTES = 16


class Command(BaseCommand):
    help = (
        "Fill an empty installation with a shop, its people and its answers, wired to "
        "the simulator. Run again, it adds nothing that somebody has taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PUBLIC_URL:
            raise CommandError(
                "PUBLIC_URL is set: demo passwords are known to everybody."
            )
        with transaction.atomic():
            mini_program = MiniProgram.objects.filter(appid=demo.APPID).first()
            if mini_program is None:
                mini_program = self._open_shop()
        # At every start: the port may be another one.
        at_the_simulator.register(mini_program)
        self._print_sign_ins()

    def _open_shop(self) -> MiniProgram:
        letters = string.ascii_letters + string.digits
        mini_program = MiniProgram.objects.create(
            appid=demo.APPID,
            original_id=demo.ORIGINAL_ID,
            name=demo.NAME,
            app_secret=secrets.token_hex(APP_SECRET_BYTES),
            push_token=secrets.token_urlsafe(16),
            encoding_aes_key="".join(
                secrets.choice(letters) for _ in range(AES_KEY_LENGTH)
            ),
        )
        agents = [_add(person) for person in demo.PEOPLE]
        Seat.objects.give_everyone(mini_program)
        Entrance.objects.bulk_create(
            Entrance(mini_program=mini_program, position=position, **fields)
            for position, fields in enumerate(demo.ENTRANCES)
        )
        AutoReplyRule.objects.bulk_create(
            AutoReplyRule(mini_program=mini_program, position=position, **fields)
            for position, fields in enumerate(demo.RULES)
        )
        CannedAnswer.objects.bulk_create(
            CannedAnswer(
                position=position, pinyin=pinyin_keys(str(fields["title"])), **fields
            )
            for position, fields in enumerate(demo.ANSWERS)
        )
        at_the_simulator.register(mini_program)
        demo.tell_past(mini_program, {agent.username: agent for agent in agents})
        return mini_program

    def _print_sign_ins(self) -> None:
        lines = ["  Sign in as"]
        for person in demo.PEOPLE:
            agent = Agent.objects.filter(username=person.username).first()
            if agent and agent.is_active and agent.check_password(person.password):
                role = "supervisor" if agent.is_staff else "agent"
                lines.append(
                    f"    {person.username:5} {person.password:15} {agent.name}, {role}"
                )
        self.stdout.write("\n".join(lines) if len(lines) > 1 else "")


def _add(person: demo.Person) -> Agent:
    agent = Agent.objects.filter(username=person.username).first()
    return agent or Agent.objects.create_user(
        person.username,
        password=person.password,
        display_name=person.display_name,
        is_staff=person.supervises,
    )
