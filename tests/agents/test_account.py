"""What agents change about themselves, and what they can't."""

from __future__ import annotations

from django.test import Client

from agents.models import Agent

PASSWORDS = {
    "old_password": "lin-password",
    "new_password1": "quiet-otter-42",
    "new_password2": "quiet-otter-42",
}


def test_lin_changes_her_name_and_language(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.post("/account/", {"display_name": "小林", "language": "en"})

    assert answer.status_code == 302
    lin.refresh_from_db()
    assert (lin.name, lin.language) == ("小林", "en")
    assert 'lang="en"' in client.get("/account/").content.decode()


def test_an_agent_cannot_give_herself_more(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    client.post(
        "/account/",
        {
            "display_name": "Lin",
            "language": "en",
            "username": "wu",
            "is_staff": "1",
            "is_superuser": "1",
            "is_active": "0",
            "access_version": "99",
            "password": "x",
            "groups": "1",
        },
    )

    lin.refresh_from_db()
    assert (lin.username, lin.access_version) == ("lin", 0)
    assert not lin.is_staff
    assert not lin.is_superuser
    assert lin.is_active
    assert lin.check_password("lin-password")


def test_a_name_too_long_changes_nothing(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.post("/account/", {"display_name": "林" * 41, "language": "en"})

    assert answer.status_code == 422
    lin.refresh_from_db()
    assert (lin.display_name, lin.language) == ("Lin", "zh-hans")


def test_a_new_password_ends_the_other_sessions_and_closes_the_sockets(
    lin: Agent,
) -> None:
    here, there = Client(), Client()
    here.force_login(lin)
    there.force_login(lin)

    assert here.post("/account/password/", PASSWORDS).status_code == 302

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    lin.refresh_from_db()
    assert lin.access_version == 1
    assert lin.check_password("quiet-otter-42")


def test_a_new_password_needs_the_old_one(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.post("/account/password/", {**PASSWORDS, "old_password": "guess"})

    assert answer.status_code == 422
    lin.refresh_from_db()
    assert lin.check_password("lin-password")


def test_a_left_agents_session_ends_at_once(client: Client, lin: Agent) -> None:
    client.force_login(lin)
    Agent.objects.filter(pk=lin.pk).update(is_active=False)

    assert client.get("/account/").status_code == 302


def test_the_english_console_has_no_chinese(client: Client, wu: Agent) -> None:
    wu.language = "en"
    wu.save()
    guest = Client(headers={"accept-language": "en"})
    client.force_login(wu)
    pages = [guest.get("/login/"), guest.get("/set-password/x/y/")]
    pages += [client.get(path) for path in ("/account/", "/inbox/", "/admin/")]
    for model in ("cannedanswer", "autoreplyrule", "entrance", "miniprogram"):
        pages.append(client.get(f"/admin/conversations/{model}/"))
        pages.append(client.get(f"/admin/conversations/{model}/add/"))

    for page in pages:
        text = page.content.decode()
        assert not [c for c in text if "\u4e00" <= c <= "\u9fff"], page.request
