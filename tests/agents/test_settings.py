"""What agents change about themselves, and what they can't."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from agents.models import Agent

ALERTS = {
    "volume_message": "30",
    "volume_waiting": "0",
    "volume_closing": "60",
    "volume_called": "100",
    "desktop": "on",
}

PASSWORDS = {
    "old_password": "lin-password",
    "new_password1": "quiet-otter-42",
    "new_password2": "quiet-otter-42",
}


def test_lin_changes_her_name_and_language(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.post(
        "/settings/profile/",
        {"display_name": "小林", "language": "en", "theme": "dark"},
    )

    assert answer.status_code == 302
    lin.refresh_from_db()
    assert (lin.name, lin.language) == ("小林", "en")
    page = client.get("/settings/").text
    assert '<html lang="en" data-theme="dark">' in page


def test_an_agent_cannot_give_herself_more(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    client.post(
        "/settings/profile/",
        {
            "display_name": "Lin",
            "language": "en",
            "theme": "auto",
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

    answer = client.post(
        "/settings/profile/",
        {"display_name": "林" * 41, "language": "en", "theme": "dark"},
    )

    assert answer.status_code == 422
    assert "林" * 41 in answer.text  # What was typed is still there
    assert "data-theme" not in answer.text
    lin.refresh_from_db()
    assert (lin.display_name, lin.language, lin.theme) == ("Lin", "zh-hans", "auto")


def test_a_new_password_ends_the_other_sessions_and_closes_the_sockets(
    lin: Agent,
) -> None:
    here, there = Client(), Client()
    here.force_login(lin)
    there.force_login(lin)

    assert here.post("/settings/password/", PASSWORDS).status_code == 302

    assert here.get("/settings/").status_code == 200
    assert there.get("/settings/").status_code == 302
    lin.refresh_from_db()
    assert lin.access_version == 1
    assert lin.check_password("quiet-otter-42")


def test_a_new_password_needs_the_old_one(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    answer = client.post("/settings/password/", {**PASSWORDS, "old_password": "guess"})

    assert answer.status_code == 422
    lin.refresh_from_db()
    assert lin.check_password("lin-password")


def test_a_left_agents_session_ends_at_once(client: Client, lin: Agent) -> None:
    client.force_login(lin)
    Agent.objects.filter(pk=lin.pk).update(is_active=False)

    assert client.get("/settings/").status_code == 302


def test_the_english_console_has_no_chinese(client: Client, wu: Agent) -> None:
    wu.language = "en"
    wu.save()
    guest = Client(headers={"accept-language": "en"})
    client.force_login(wu)
    pages = [guest.get("/login/"), guest.get("/set-password/x/y/")]
    pages += [client.get(path) for path in ("/settings/", "/inbox/", "/admin/")]
    for model in ("cannedanswer", "autoreplyrule", "entrance", "miniprogram"):
        pages.append(client.get(f"/admin/conversations/{model}/"))
        pages.append(client.get(f"/admin/conversations/{model}/add/"))

    for page in pages:
        text = page.content.decode()
        assert not [c for c in text if "\u4e00" <= c <= "\u9fff"], page.request


def test_the_old_address_still_leads_there(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    assert client.get("/account/").url == "/settings/"


def test_lin_says_how_she_writes(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    client.post("/settings/writing/", {"send_key": "ctrl_enter", "undo_seconds": "3"})

    lin.refresh_from_db()
    kept = (lin.send_key, lin.undo_seconds, lin.single_keys)
    assert kept == ("ctrl_enter", 3, False)
    desk = client.get("/inbox/").text
    assert 'data-send-key="ctrl_enter"' in desk
    assert 'data-undo-seconds="3"' in desk
    assert 'data-single-keys="off"' in desk


def test_sending_waits_five_seconds_at_most(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    fields = {"send_key": "ctrl_enter", "undo_seconds": "6"}
    answer = client.post("/settings/writing/", fields)

    assert answer.status_code == 422
    assert 'value="6"' in answer.text
    lin.refresh_from_db()
    assert (lin.undo_seconds, lin.send_key) == (0, "enter")


def test_every_tone_has_its_own_volume(client: Client, lin: Agent) -> None:
    client.force_login(lin)
    before = json.loads(lin.alerts_json)
    assert set(before["volume"].values()) == {60}
    assert (before["desktop"], before["hide_text"], before["repeat"]) == (
        True,
        False,
        True,
    )

    client.post("/settings/alerts/", ALERTS)

    lin.refresh_from_db()
    assert json.loads(lin.alerts_json) == {
        "volume": {"message": 30, "waiting": 0, "closing": 60, "called": 100},
        "desktop": True,
        "hide_text": False,
        "repeat": False,
    }


@pytest.mark.parametrize("volume", ["-10", "101", "", "loud"])
def test_a_volume_is_a_percentage(client: Client, lin: Agent, volume: str) -> None:
    client.force_login(lin)

    fields = {**ALERTS, "volume_message": volume}

    assert client.post("/settings/alerts/", fields).status_code == 422
    lin.refresh_from_db()
    assert lin.alerts == {}


def test_a_section_saves_without_the_others(client: Client, lin: Agent) -> None:
    client.force_login(lin)

    asked = {"HX-Request": "true"}
    answer = client.post("/settings/alerts/", ALERTS, headers=asked)
    assert answer.status_code == 200
    assert answer.text.count("notice--ok") == 1
    # A language, or a theme, is the whole page's.
    fields = {"display_name": "Lin", "language": "en", "theme": "auto"}
    answer = client.post("/settings/profile/", fields, headers=asked)
    assert answer.headers["HX-Redirect"] == "/settings/"


def test_signing_out_everywhere_ends_every_session_and_socket(lin: Agent) -> None:
    here, there = Client(), Client()
    here.force_login(lin)
    there.force_login(lin)
    assert here.post("/settings/sessions/").status_code == 422
    assert there.get("/settings/").status_code == 200

    assert here.post("/settings/sessions/", {"confirmed": "yes"}).url == "/login/"

    assert here.get("/settings/").status_code == 302
    assert there.get("/settings/").status_code == 302
    lin.refresh_from_db()
    assert lin.access_version == 1
    here.force_login(lin)
    assert here.get("/settings/").status_code == 200


def test_signing_out_everywhere_is_for_oneself(lin: Agent, chen: Agent) -> None:
    hers, his = Client(), Client()
    hers.force_login(lin)
    his.force_login(chen)

    hers.post("/settings/sessions/", {"confirmed": "yes"})

    assert his.get("/settings/").status_code == 200


def test_dark_by_choice_is_dark_by_default() -> None:
    css = Path(settings.BASE_DIR, "console/static/console/css/tokens.css").read_text()
    by_default, by_choice = (
        set(re.findall(r"--[\w-]+: [^;]+;", block))
        for block in css.split("@media (prefers-color-scheme: dark)")[1].split(
            ':root[data-theme="dark"]'
        )
    )
    assert by_default == by_choice
    assert by_default


def test_no_other_style_sheet_asks_for_the_scheme() -> None:
    folder = Path(settings.BASE_DIR, "console/static/console/css")
    asking = [
        f.name for f in folder.iterdir() if "prefers-color-scheme" in f.read_text()
    ]
    assert asking == ["tokens.css"]
