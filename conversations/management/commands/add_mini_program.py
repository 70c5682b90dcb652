from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import URLValidator
from django.db import transaction

from conversations import live, mini_programs, pauses
from conversations.management import at_the_simulator
from conversations.models import MiniProgram, Seat
from conversations.models.starting_rules import give_starting_rules
from conversations.wechat.crypto import BadKey, decode_key

# Options that may come from the environment, to stay out of the shell's history.
FROM_ENVIRONMENT = {
    "app_secret": "KEFU_APP_SECRET",
    "push_token": "KEFU_PUSH_TOKEN",
    "encoding_aes_key": "KEFU_AES_KEY",
}
FIELDS = (
    "name", "original_id", "app_secret", "push_token", "encoding_aes_key", "mode",
    "format", "api_root",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Add a mini program, or change the given things of one. The secrets are also "
        "read from KEFU_APP_SECRET, KEFU_PUSH_TOKEN and KEFU_AES_KEY."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("appid", metavar="APPID")
        add("--name")
        add("--original-id", metavar="gh_…")
        add("--secret", dest="app_secret", metavar="APPSECRET")
        add("--token", dest="push_token")
        add("--aes-key", dest="encoding_aes_key", metavar="ENCODINGAESKEY")
        add("--mode", choices=MiniProgram.Mode.values)
        add("--format", choices=MiniProgram.Format.values)
        add(
            "--api-root",
            metavar="URL",
            help="another API than WeChat's; empty: the simulator's or WeChat's own",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        appid = options["appid"]
        known = MiniProgram.objects.filter(appid=appid).first()
        mini_program = known or MiniProgram(appid=appid, name=appid)
        given = self._given(options)
        for field, value in given.items():
            setattr(mini_program, field, value)
        self._refuse_half_done(mini_program)
        with live.recording():
            mini_program.save()
            if known is None:
                give_starting_rules(mini_program)
                Seat.objects.give_everyone(mini_program)
            if known is None or "name" in given:
                live.mini_programs()
        if known and ("app_secret" in given or "api_root" in given):
            mini_programs.forget_token(mini_program)
        pauses.try_again(mini_program)
        if not mini_program.api_root and at_the_simulator.is_there():
            at_the_simulator.register(mini_program)
        self.stdout.write(f"{'Changed' if known else 'Added'} {mini_program.name}.")
        self.stdout.write(f"Push URL: {mini_programs.push_url(appid)}")

    def _given(self, options: dict[str, Any]) -> dict[str, str]:
        given = {
            field: os.environ[variable]
            for field, variable in FROM_ENVIRONMENT.items()
            if os.environ.get(variable)
        }
        given |= {
            field: options[field] for field in FIELDS if options[field] is not None
        }
        return given

    def _refuse_half_done(self, mini_program: MiniProgram) -> None:
        """Raise CommandError unless pushes can be authenticated the way it says."""
        try:
            if mini_program.api_root:
                URLValidator(schemes=["http", "https"])(mini_program.api_root)
            mini_program.full_clean(exclude=["api_root"])  # loopback and ports are fine
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        try:
            if mini_program.encoding_aes_key:
                decode_key(mini_program.encoding_aes_key)
        except BadKey as exc:
            raise CommandError(str(exc)) from exc
        if not mini_program.push_token:
            raise CommandError("Give --token: without it no push can be trusted.")
        plain = mini_program.mode == MiniProgram.Mode.PLAIN
        if not plain and not mini_program.encoding_aes_key:
            raise CommandError(f"Give --aes-key: {mini_program.mode} mode needs it.")
