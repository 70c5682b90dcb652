"""add_agent and first_supervisor, as an owner or a script runs them."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Agent


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said, stderr=said)
    return said.getvalue()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_agent_is_added_with_a_password_from_standard_input(db, types) -> None:
    types("quiet-otter-42\n")

    run("add_agent", "lin", "--name", "林晓", "--password-stdin")

    lin = Agent.objects.get(username="lin")
    assert lin.check_password("quiet-otter-42")
    assert (lin.name, lin.is_supervisor) == ("林晓", False)


def test_a_weak_password_is_the_owners_choice_and_is_told(db, types) -> None:
    types("short\n")

    assert "Weak password" in run("add_agent", "lin", "--password-stdin")
    assert Agent.objects.get().check_password("short")


def test_run_again_it_changes_only_what_is_given(lin: Agent) -> None:
    run("add_agent", "lin", "--supervisor")

    lin.refresh_from_db()
    assert lin.is_supervisor
    assert lin.name == "Lin"
    assert lin.check_password("lin-password")
    assert lin.access_version == 1  # A new role holds in open tabs too


def test_no_password_on_standard_input_adds_nobody(db, types) -> None:
    types("")

    with pytest.raises(CommandError):
        run("add_agent", "lin", "--password-stdin")
    assert not Agent.objects.exists()


def test_a_name_nobody_could_type_is_refused(db) -> None:
    with pytest.raises(CommandError):
        run("add_agent", "a b")


def test_an_agent_without_a_password_gets_a_link(client: Client, db) -> None:
    link = run("add_agent", "lin").split()[-1]

    assert client.get(urlsplit(link).path).status_code == 200


def test_the_first_supervisor_comes_from_the_environment(db, monkeypatch) -> None:
    monkeypatch.setenv("SUPERVISOR_USERNAME", "wu")
    monkeypatch.setenv("SUPERVISOR_PASSWORD", "quiet-otter-42")

    run("first_supervisor")

    wu = Agent.objects.get()
    assert wu.username == "wu"
    assert wu.is_supervisor
    assert wu.check_password("quiet-otter-42")
    assert run("first_supervisor") == ""


def test_without_a_password_the_first_supervisor_gets_a_link_until_it_is_used(
    client: Client, db
) -> None:
    lost = urlsplit(run("first_supervisor").split()[-1]).path
    link = urlsplit(run("first_supervisor").split()[-1]).path

    assert client.get(lost).status_code == 404
    chosen = {"new_password1": "quiet-otter-42", "new_password2": "quiet-otter-42"}
    assert client.post(link, chosen).status_code == 302
    assert run("first_supervisor") == ""
    assert Agent.objects.get().is_supervisor


def test_where_a_supervisor_is_none_is_made(wu: Agent) -> None:
    assert run("first_supervisor") == ""
    assert Agent.objects.count() == 1
