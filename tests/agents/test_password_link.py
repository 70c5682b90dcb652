"""One-time links to set a password."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from agents import links
from agents.models import Agent

CHOSEN = {"new_password1": "quiet-otter-42", "new_password2": "quiet-otter-42"}


def path_of(link: str) -> str:
    return urlsplit(link).path


@pytest.fixture
def path(lin: Agent) -> str:
    return path_of(links.new_link(lin))


def test_lin_sets_her_password_and_signs_in_with_it(
    client: Client, lin: Agent, path: str
) -> None:
    assert client.get(path).status_code == 200

    answer = client.post(path, CHOSEN)

    assert answer.url == "/login/"
    lin.refresh_from_db()
    assert lin.check_password("quiet-otter-42")


@pytest.mark.parametrize(("browser", "reads"), [("en-GB", "en"), ("zh-CN", "zh-hans")])
def test_who_comes_first_reads_on_in_the_language_of_their_browser(
    client: Client, lin: Agent, path: str, browser: str, reads: str
) -> None:
    client.post(path, CHOSEN, headers={"accept-language": browser})
    lin.refresh_from_db()
    assert lin.language == reads


def test_a_language_that_was_chosen_stays(client: Client, lin: Agent) -> None:
    Agent.objects.update(language="en")
    client.post(path_of(links.new_link(lin)), CHOSEN, headers={"accept-language": "zh"})
    lin.refresh_from_db()
    assert lin.language == "en"


def test_who_has_been_here_keeps_their_language(
    client: Client, lin: Agent, path: str
) -> None:
    client.post(path, CHOSEN)
    client.post("/login/", {"username": "lin", "password": "quiet-otter-42"})
    client.post("/logout/")
    lin.refresh_from_db()
    again = path_of(links.new_link(lin))
    client.post(again, CHOSEN, headers={"accept-language": "en"})
    lin.refresh_from_db()
    assert lin.language == "zh-hans"


def test_a_link_works_once(client: Client, lin: Agent, path: str) -> None:
    client.post(path, CHOSEN)

    assert client.get(path).status_code == 404
    again = {"new_password1": "other-otter-42", "new_password2": "other-otter-42"}
    assert client.post(path, again).status_code == 404
    lin.refresh_from_db()
    assert lin.check_password("quiet-otter-42")


def test_a_link_lives_for_a_day(client: Client, path: str) -> None:
    with time_machine.travel(timedelta(hours=23)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timedelta(hours=25)):
        assert client.get(path).status_code == 404


def test_a_new_link_ends_the_older_one(client: Client, lin: Agent, path: str) -> None:
    newer = path_of(links.new_link(lin))

    assert client.get(path).status_code == 404
    assert client.get(newer).status_code == 200


def test_a_link_ends_when_the_agent_leaves(
    client: Client, lin: Agent, path: str
) -> None:
    Agent.objects.filter(pk=lin.pk).update(is_active=False)

    assert client.get(path).status_code == 404


def test_another_agents_token_opens_nothing(
    client: Client, chen: Agent, path: str
) -> None:
    token = path.split("/")[3]
    hers = path_of(links.new_link(chen)).split("/")[2]

    assert client.get(f"/set-password/{hers}/{token}/").status_code == 404


@pytest.mark.parametrize(
    "uid", ["%20", "MQ==", "x", "-", "_w", "AAAA", "💥", "9" * 400]
)
@pytest.mark.parametrize("token", ["%20", "set-password", "x-y", "", "a-" + "b" * 400])
def test_garbage_opens_nothing(
    client: Client, lin: Agent, uid: str, token: str
) -> None:
    answer = client.get(f"/set-password/{uid}/{token}/")

    # Either no such page, or, where the address fits nothing, the way to sign in.
    assert answer.status_code == 404
    assert "_auth_user_id" not in client.session


def test_a_weak_password_is_refused(client: Client, lin: Agent, path: str) -> None:
    weak = {"new_password1": "12345678901", "new_password2": "12345678901"}

    assert client.post(path, weak).status_code == 422
    lin.refresh_from_db()
    assert lin.check_password("lin-password")
