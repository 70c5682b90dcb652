"""Mini programs: their secrets go in and never come out."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from conversations import mini_programs
from conversations.models import AccessToken, AutoReplyRule, MiniProgram
from conversations.wechat.crypto import decode_key

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
        "rules_may_spend": "2",
        "relay_secret": "",
        "hand_over_from": "",
        "hand_over_until": "",
        "transfer_format": "configured",
        "message_grant": "5",
        "message_hours": "48",
        "entry_grant": "2",
        "entry_seconds": "60",
        "typing_path": "auto",
        "send_path": "plain",
        **fields,
    }


def new(**fields: Any) -> dict[str, Any]:
    """What the form of a new mini program asks for."""
    return {"name": "新课堂", "appid": "wxnew", "app_secret": "a-new-secret", **fields}


def change(mini_program: MiniProgram) -> str:
    return f"{LIST}{mini_program.pk}/change/"


def pages(mini_program: MiniProgram) -> dict[str, str]:
    names = ("check", "new_keys", "new_relay_secret")
    return {name: f"{LIST}{mini_program.pk}/{name}/" for name in names}


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
        ({"encoding_aes_key": "short"}, "encoding_aes_key"),
        ({"hand_over_from": "22:00"}, "hand_over_until"),
    ],
)
def test_what_could_not_work_is_refused(
    client: Client, mini_program: MiniProgram, fields: dict[str, str], name: str
) -> None:
    assert name in errors(client.post(change(mini_program), form(**fields)))


def test_without_a_token_or_the_key_its_mode_needs_nothing_is_saved(
    client: Client, mini_program: MiniProgram
) -> None:
    MiniProgram.objects.update(push_token="", encoding_aes_key="")
    refused = errors(client.post(change(mini_program), form()))
    assert {"push_token", "encoding_aes_key"} <= set(refused)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": ""}, "name"),
        ({"appid": "a/b"}, "appid"),
        ({"appid": ""}, "appid"),
        ({"app_secret": ""}, "app_secret"),
    ],
)
def test_a_new_one_needs_a_name_an_appid_and_its_secret(
    client: Client, fields: dict[str, str], name: str
) -> None:
    assert name in errors(client.post(f"{LIST}add/", new(**fields)))
    assert not MiniProgram.objects.exists()


def test_the_form_of_a_new_one_asks_for_three_things_only(client: Client) -> None:
    asked = client.get(f"{LIST}add/").context["adminform"].form.fields
    assert list(asked) == ["name", "appid", "app_secret"]


def test_token_and_key_are_made_and_shown_once(client: Client) -> None:
    answer = client.post(f"{LIST}add/", new())
    made = MiniProgram.objects.get()
    assert (made.mode, made.format, made.original_id) == ("secure", "json", "")
    assert re.fullmatch(r"[0-9A-Za-z]{32}", made.push_token)
    assert re.fullmatch(r"[0-9A-Za-z]{43}", made.encoding_aes_key)
    assert len(base64.b64decode(made.encoding_aes_key + "=", validate=True)) == 32
    page = answer.text
    for value in (made.push_token, made.encoding_aes_key, "/wechat/wxnew/push"):
        assert page.count(value) == 1
    assert "a-new-secret" not in page
    assert "no-store" in answer.headers["Cache-Control"]

    again = client.post(f"{LIST}add/", new())
    assert "appid" in errors(again)
    addresses = [LIST, change(made), *(pages(made).values())]
    for shown in (again, *(client.get(address) for address in addresses)):
        for secret in (made.push_token, made.encoding_aes_key, "a-new-secret"):
            assert secret not in shown.text
    for row in (Session.objects.all(), LogEntry.objects.all()):
        for one in row.values_list():
            assert made.push_token not in str(one)


def test_new_keys_are_asked_for_first_and_the_old_ones_taken_beside_them(
    client: Client, mini_program: MiniProgram
) -> None:
    address = pages(mini_program)["new_keys"]
    asked = client.get(address).text
    mini_program.refresh_from_db()
    assert mini_program.push_token == "a-push-token"
    assert "a-push-token" not in asked

    shown = client.post(address).text
    mini_program.refresh_from_db()
    assert mini_program.push_token in shown
    assert mini_program.encoding_aes_key in shown
    assert "a-push-token" not in shown
    assert mini_program.previous_push_token == "a-push-token"
    assert mini_program.previous_aes_key == KEY

    check = pages(mini_program)["check"]
    assert "retire" in client.get(check).text
    client.post(check, {"do": "retire"})
    mini_program.refresh_from_db()
    assert not mini_program.previous_push_token
    assert not mini_program.previous_aes_key


def test_keys_made_twice_leave_those_that_wechat_still_has(
    client: Client, mini_program: MiniProgram
) -> None:
    """The page that showed the new ones was closed before anybody copied them."""
    address = pages(mini_program)["new_keys"]
    client.post(address)
    mini_program.refresh_from_db()
    lost = mini_program.push_token
    client.post(address)

    mini_program.refresh_from_db()
    taken = mini_programs.credentials(mini_program)
    assert taken.tokens == (mini_program.push_token, lost, "a-push-token")
    assert taken.aes_keys[-1] == decode_key(KEY)
    for _ in range(5):
        client.post(address)
    mini_program.refresh_from_db()
    assert len(mini_programs.credentials(mini_program).tokens) == 4


def test_a_token_typed_in_keeps_the_one_it_replaces(
    client: Client, mini_program: MiniProgram
) -> None:
    client.post(change(mini_program), form(push_token="another-token"))
    mini_program.refresh_from_db()
    assert mini_program.push_token == "another-token"
    assert mini_program.previous_push_token == "a-push-token"
    assert mini_program.previous_aes_key == ""
    client.post(change(mini_program), form())
    mini_program.refresh_from_db()
    assert mini_program.previous_push_token == "a-push-token"


def test_a_relay_secret_is_made_and_shown_once(
    client: Client, mini_program: MiniProgram
) -> None:
    address = pages(mini_program)["new_relay_secret"]
    shown = client.post(address).text
    mini_program.refresh_from_db()
    assert mini_program.relay_secret in shown
    assert "/wechat/wx0123456789abcdef/relay" in shown
    assert mini_program.relay_secret not in client.get(address).text


@pytest.mark.parametrize("page", ["check", "new_keys", "new_relay_secret"])
def test_only_supervisors_reach_the_pages_of_a_connection(
    client: Client, mini_program: MiniProgram, chen: Agent, page: str
) -> None:
    client.force_login(chen)
    for method in (client.get, client.post):
        assert method(pages(mini_program)[page]).status_code == 403
    mini_program.refresh_from_db()
    assert (mini_program.push_token, mini_program.relay_secret) == ("a-push-token", "")


def test_a_new_mini_program_starts_with_three_rules(client: Client) -> None:
    client.post(f"{LIST}add/", new())

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
