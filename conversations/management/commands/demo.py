from __future__ import annotations

import secrets
import string
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agents.models import Agent
from conversations import live
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

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--second",
            action="store_true",
            help="add a second mini program, to see several in one console",
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
        second = MiniProgram.objects.filter(appid=demo.SECOND_APPID).first()
        if second is None and options["second"]:
            second = self._open_second()
        if second is not None:
            at_the_simulator.register(second)
        self._print_sign_ins()

    def _open_shop(self) -> MiniProgram:
        agents = [_add(person) for person in demo.PEOPLE]
        mini_program = _open(demo.APPID, demo.ORIGINAL_ID, demo.NAME)
        _furnish(mini_program, demo.ENTRANCES, demo.RULES)
        CannedAnswer.objects.bulk_create(_answers(demo.ANSWERS))
        demo.put_up_pages(mini_program)
        at_the_simulator.register(mini_program)
        demo.tell_past(mini_program, {agent.username: agent for agent in agents})
        return mini_program

    def _open_second(self) -> MiniProgram:
        """Open a shop whose answers are for its own customers only."""
        with live.recording():
            second = _open(demo.SECOND_APPID, demo.SECOND_ORIGINAL_ID, demo.SECOND_NAME)
            _furnish(second, demo.SECOND_ENTRANCES, demo.SECOND_RULES)
            taken = CannedAnswer.objects.count()
            theirs = [{**one, "mini_program": second} for one in demo.SECOND_ANSWERS]
            CannedAnswer.objects.bulk_create(_answers(theirs, taken))
            live.mini_programs()
        return second

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


def _open(appid: str, original_id: str, name: str) -> MiniProgram:
    mini_program = MiniProgram.objects.create(
        appid=appid,
        original_id=original_id,
        name=name,
        app_secret=secrets.token_hex(APP_SECRET_BYTES),
        push_token=secrets.token_urlsafe(16),
        encoding_aes_key=_new_aes_key(),
        # So that every way in, and a push under the key before, can be tried.
        previous_aes_key=_new_aes_key(),
        relay_secret=secrets.token_urlsafe(24),
    )
    Seat.objects.give_everyone(mini_program)
    return mini_program


def _new_aes_key() -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(AES_KEY_LENGTH))


def _furnish(
    mini_program: MiniProgram,
    entrances: list[dict[str, str]],
    rules: list[dict[str, Any]],
) -> None:
    Entrance.objects.bulk_create(
        Entrance(mini_program=mini_program, position=position, **fields)
        for position, fields in enumerate(entrances)
    )
    AutoReplyRule.objects.bulk_create(
        AutoReplyRule(mini_program=mini_program, position=position, **fields)
        for position, fields in enumerate(rules)
    )


def _answers(said: list[dict[str, Any]], first: int = 0) -> list[CannedAnswer]:
    return [
        CannedAnswer(position=position, pinyin=pinyin_keys(fields["title"]), **fields)
        for position, fields in enumerate(said, first)
    ]


def _add(person: demo.Person) -> Agent:
    agent = Agent.objects.filter(username=person.username).first()
    return agent or Agent.objects.create_user(
        person.username,
        password=person.password,
        display_name=person.display_name,
        is_staff=person.supervises,
    )
