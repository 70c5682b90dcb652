"""Signing in and out, and what is said to those who can't."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.models import Agent
from agents.views import signing

SIGN_IN = "/login/"


def sign_in(client: Client, username: str, password: str, **more: str):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_lin_signs_in_and_lands_in_the_inbox(client: Client, lin: Agent) -> None:
    answer = sign_in(client, "lin", "lin-password")

    assert answer.status_code == 302
    assert answer.url == "/inbox/"


def test_nobody_sees_a_page_without_signing_in(client: Client, db: None) -> None:
    for path in ("/settings/", "/inbox/", "/admin/", "/admin/agents/agent/"):
        way = client.get(path, follow=True).redirect_chain
        assert way[-1] == (f"/login/?next={path}", 302)


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        r"/\evil.example",
        r"\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        " https://evil.example",
        "https:/evil.example",
        "data:text/html,x",
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(
    client: Client, lin: Agent, evil: str
) -> None:
    answer = sign_in(client, "lin", "lin-password", next=evil)

    assert answer.url == "/inbox/"


def test_a_wrong_name_a_wrong_password_and_a_left_agent_sound_the_same(
    client: Client, lin: Agent, chen: Agent
) -> None:
    chen.is_active = False
    chen.save()

    answers = [
        sign_in(client, name, password)
        for name, password in [
            ("zhao", "whatever"),
            ("lin", "wrong"),
            ("chen", "chen-password"),
        ]
    ]

    assert {answer.status_code for answer in answers} == {200}
    errors = {str(answer.context["form"].non_field_errors()) for answer in answers}
    assert len(errors) == 1


def test_five_wrong_passwords_lock_this_address_only(
    client: Client, lin: Agent
) -> None:
    for _ in range(5):
        answer = sign_in(client, "lin", "wrong")

    assert answer.status_code == 429
    assert sign_in(client, "lin", "lin-password").status_code == 429
    assert "registration/locked.html" in [one.name for one in answer.templates]

    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert sign_in(elsewhere, "lin", "lin-password").status_code == 302


def test_a_flood_of_passwords_is_checked_a_few_at_a_time(
    client: Client, lin: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "PATIENCE", 0)

    with signing.CHECKING, signing.CHECKING:
        assert sign_in(client, "lin", "lin-password").status_code == 503

    assert sign_in(client, "lin", "lin-password").status_code == 302


def test_the_session_key_changes_with_signing_in(client: Client, lin: Agent) -> None:
    client.get(SIGN_IN)
    session = client.session
    session["planted"] = "1"
    session.save()
    planted = session.session_key

    client.cookies["sessionid_8000"] = planted
    sign_in(client, "lin", "lin-password")

    assert client.session.session_key != planted


def test_signing_out_closes_the_sockets_and_leaves_other_sessions(lin: Agent) -> None:
    here, there = Client(), Client()
    here.force_login(lin)
    there.force_login(lin)

    answer = here.post("/logout/")

    assert answer.status_code == 302
    assert here.get("/settings/").status_code == 302
    assert there.get("/settings/").status_code == 200
    lin.refresh_from_db()
    assert lin.access_version == 1


def test_a_link_signs_nobody_out(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    assert client.get("/logout/").status_code == 405
    assert client.get("/settings/").status_code == 200


def test_forms_from_elsewhere_are_refused(lin: Agent) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lin)

    for path in ("/login/", "/logout/", "/settings/", "/settings/password/"):
        answer = strict.post(path, {})
        assert answer.status_code == 403, path
        assert "403_csrf.html" in [one.name for one in answer.templates]


def test_what_does_not_exist_is_said_kindly(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "404.html" in [one.name for one in answer.templates]


def test_a_fault_of_ours_has_a_page_without_any_context(rf: object) -> None:
    from django.views.defaults import server_error

    answer = server_error(rf.get("/"))  # type: ignore[attr-defined]

    assert answer.status_code == 500
    assert b"<h1>" in answer.content
