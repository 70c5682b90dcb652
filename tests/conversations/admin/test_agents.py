"""Agents: made, changed, given links and switched off by supervisors."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from agents.models import Agent
from conversations import handling

LIST = "/admin/agents/agent/"
FORGED = {
    "is_superuser": "on",
    "user_permissions": "1",
    "groups": "1",
    "password": "forged",
    "access_version": "9",
    "first_name": "x",
    "email": "x@example.com",
}


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


def change(agent: Agent) -> str:
    return f"{LIST}{agent.pk}/change/"


def form(agent: Agent, **fields: Any) -> dict[str, Any]:
    """Return what the form posts; None leaves a box unticked."""
    posted = {
        "display_name": agent.display_name,
        "language": agent.language,
        "is_active": "on",
        "is_staff": "on" if agent.is_staff else None,
        **fields,
    }
    return {name: value for name, value in posted.items() if value is not None}


def link_in(answer: Any) -> str:
    found = re.search(
        r'value="(http[^"]+/set-password/[^"]+)"', answer.content.decode()
    )
    assert found, "no link on the page"
    return urlsplit(found[1]).path


def test_a_new_agent_gets_a_link_shown_once(client: Client) -> None:
    answer = client.post(
        f"{LIST}add/",
        {"username": "li", "display_name": "李", "language": "zh-hans", **FORGED},
    )

    li = Agent.objects.get(username="li")
    assert not li.has_usable_password()
    assert not li.is_superuser
    assert not li.is_staff
    assert li.email == ""
    guest = Client()
    chosen = {"new_password1": "quiet-otter-42", "new_password2": "quiet-otter-42"}
    assert guest.post(link_in(answer), chosen).status_code == 302
    assert guest.login(username="li", password="quiet-otter-42", request=_request())
    for page in (LIST, change(li), "/admin/"):
        assert "/set-password/" not in client.get(page).content.decode()


def _request() -> Any:
    from django.test import RequestFactory

    return RequestFactory().get("/")


def test_a_name_already_taken_is_refused(client: Client, lin: Agent) -> None:
    answer = client.post(f"{LIST}add/", {"username": "lin", "language": "en"})

    assert "username" in answer.context["adminform"].form.errors


def test_a_new_link_is_made_by_post_only_and_ends_the_older(
    client: Client, lin: Agent
) -> None:
    path = f"{LIST}{lin.pk}/new_link/"

    assert "/set-password/" not in client.get(path).content.decode()
    lin.refresh_from_db()
    assert lin.access_version == 0

    first, second = link_in(client.post(path)), link_in(client.post(path))
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    lin.refresh_from_db()
    assert lin.check_password("lin-password")


def test_nothing_more_than_shown_can_be_changed(client: Client, lin: Agent) -> None:
    client.post(change(lin), form(lin, display_name="小林", username="evil", **FORGED))

    lin.refresh_from_db()
    assert (lin.username, lin.display_name, lin.email) == ("lin", "小林", "")
    assert not lin.is_superuser
    assert lin.check_password("lin-password")
    assert lin.access_version == 0  # A new name closes no socket


def test_a_new_role_closes_the_sockets(client: Client, lin: Agent) -> None:
    client.post(change(lin), form(lin, is_staff="on"))

    lin.refresh_from_db()
    assert lin.is_supervisor
    assert lin.access_version == 1


def test_switched_off_an_agent_is_out_and_their_customers_wait_again(
    client: Client, lin: Agent, xiaoming: Any
) -> None:
    there = Client()
    there.force_login(lin)
    xiaoming.writes("在吗")
    handling.claim(xiaoming.conversation, lin)

    client.post(change(lin), form(lin, is_active=None))

    lin.refresh_from_db()
    assert not lin.is_active
    assert lin.access_version == 1
    assert xiaoming.conversation.assignee is None
    assert xiaoming.conversation.waiting_since is not None
    assert there.get("/settings/").status_code == 302


def test_supervisors_do_not_decide_on_themselves(client: Client, wu: Agent) -> None:
    client.post(change(wu), form(wu, is_staff=None, is_active=None, display_name="吴"))

    wu.refresh_from_db()
    assert wu.is_supervisor
    assert wu.is_active
    assert wu.display_name == "吴"


def test_a_superuser_is_above_supervisors(client: Client, wu: Agent) -> None:
    root = Agent.objects.create_superuser("root", password="root-password")

    assert client.post(change(root), form(root, is_active=None)).status_code == 403
    assert client.post(f"{LIST}{root.pk}/new_link/").status_code == 403
    root.refresh_from_db()
    assert root.is_active
    assert root.check_password("root-password")


def test_nobody_is_deleted(client: Client, lin: Agent) -> None:
    client.post(f"{LIST}{lin.pk}/delete/", {"post": "yes"})
    client.post(
        LIST, {"action": "delete_selected", "_selected_action": [lin.pk], "post": "yes"}
    )

    assert Agent.objects.filter(pk=lin.pk).exists()
