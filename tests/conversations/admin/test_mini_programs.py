"""Mini programs: their secrets go in and never come out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from conversations.models import AccessToken, AutoReplyRule, MiniProgram

LIST = "/admin/conversations/miniprogram/"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRETS = ("an-app-secret", "a-push-token", KEY)


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


def form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "云课堂",
        "appid": "wxnew",
        "original_id": "gh_1",
        "active": "on",
        "app_secret": "",
        "push_token": "",
        "encoding_aes_key": "",
        "mode": "secure",
        "format": "json",
        "silence_minutes": "10",
        **fields,
    }


def change(mini_program: MiniProgram) -> str:
    return f"{LIST}{mini_program.pk}/change/"


def errors(answer: Any) -> dict[str, list[str]]:
    return answer.context["adminform"].form.errors


def test_no_page_shows_a_secret(client: Client, mini_program: MiniProgram) -> None:
    refused = client.post(
        change(mini_program), form(name="", app_secret="typed-just-now")
    )

    for page in (client.get(LIST), client.get(change(mini_program)), refused):
        text = page.content.decode()
        for secret in (*SECRETS, "typed-just-now"):
            assert secret not in text


def test_blank_keeps_what_is_stored(client: Client, mini_program: MiniProgram) -> None:
    assert client.post(change(mini_program), form(name="新名")).status_code == 302

    mini_program.refresh_from_db()
    assert mini_program.name == "新名"
    assert (
        mini_program.app_secret,
        mini_program.push_token,
        mini_program.encoding_aes_key,
    ) == SECRETS


def test_a_new_secret_is_stored_encrypted_and_noted_nowhere_else(
    client: Client, mini_program: MiniProgram
) -> None:
    client.post(change(mini_program), form(app_secret="canary-secret"))

    mini_program.refresh_from_db()
    assert mini_program.app_secret == "canary-secret"
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_secret FROM conversations_miniprogram")
        assert "canary" not in cursor.fetchone()[0]
    assert "canary" not in "".join(e.change_message for e in LogEntry.objects.all())


def test_a_new_secret_drops_the_token_of_the_old_one(
    client: Client, mini_program: MiniProgram
) -> None:
    AccessToken.objects.create(
        mini_program=mini_program,
        token="old",
        expires_at=timezone.now(),
        lease_until=timezone.now(),
    )

    client.post(change(mini_program), form())
    assert AccessToken.objects.exists()
    client.post(change(mini_program), form(app_secret="new"))
    assert not AccessToken.objects.exists()


def test_appid_and_api_root_are_not_to_be_changed_here(
    client: Client, mini_program: MiniProgram
) -> None:
    client.post(
        change(mini_program),
        form(appid="wxevil", api_root="https://evil.example", id="99"),
    )

    mini_program.refresh_from_db()
    assert (mini_program.appid, mini_program.api_root) == ("wx0123456789abcdef", "")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "push_token"),
        ({"push_token": "t"}, "encoding_aes_key"),
        ({"push_token": "t", "mode": "compatible"}, "encoding_aes_key"),
        ({"push_token": "t", "encoding_aes_key": "short"}, "encoding_aes_key"),
        ({"push_token": "t", "encoding_aes_key": KEY, "appid": "a/b"}, "appid"),
    ],
)
def test_what_could_not_receive_a_push_is_refused(
    client: Client, fields: dict[str, str], name: str
) -> None:
    assert name in errors(client.post(f"{LIST}add/", form(**fields)))
    assert not MiniProgram.objects.exists()


def test_a_new_mini_program_starts_with_three_rules(client: Client) -> None:
    client.post(f"{LIST}add/", form(push_token="t", encoding_aes_key=KEY))

    rules = AutoReplyRule.objects.filter(mini_program__appid="wxnew")
    assert [(rule.trigger, rule.active) for rule in rules] == [
        ("enter", False),
        ("nobody_online", True),
        ("no_answer", True),
    ]
    assert rules.get(trigger="no_answer").after_seconds == 60
    for rule in rules:
        rule.full_clean()


def test_the_page_names_the_push_address(
    client: Client, mini_program: MiniProgram
) -> None:
    page = client.get(change(mini_program)).content.decode()

    assert "http://127.0.0.1:8000/wechat/wx0123456789abcdef/push" in page
