"""add_mini_program and demo, as an owner or `make run` runs them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Agent
from conversations import answers, mini_programs
from conversations.management import demo
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Conversation,
    Delivery,
    Entrance,
    MiniProgram,
)
from conversations.simulator.state import World

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ALL = [
    *("--name", "云课堂", "--original-id", "gh_1", "--secret", "s", "--token", "t"),
    *("--aes-key", KEY, "--mode", "secure", "--format", "xml"),
    *("--api-root", "http://127.0.0.1:9000/api"),
]


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def state(settings: Any, tmp_path: Path) -> str:
    """The simulator is on, with a world of its own."""
    settings.WECHAT_SIMULATOR = True
    settings.WECHAT_SIMULATOR_STATE = str(tmp_path / "simulator.sqlite3")
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.WECHAT_SIMULATOR_STATE


def at_the_simulator(path: str, appid: str) -> Any:
    world = World(path)
    try:
        return world.app(appid)
    finally:
        world.close()


def test_a_mini_program_is_added_with_all_that_is_given(db) -> None:
    said = run("add_mini_program", "wxnew", *ALL)

    mini_program = MiniProgram.objects.get(appid="wxnew")
    assert mini_program.name == "云课堂"
    assert (mini_program.mode, mini_program.format) == ("secure", "xml")
    assert mini_program.encoding_aes_key == KEY
    assert mini_programs.api_root(mini_program) == "http://127.0.0.1:9000/api"
    assert "http://127.0.0.1:8000/wechat/wxnew/push" in said
    assert mini_program.rules.count() == 3


def test_run_again_it_changes_only_what_is_given(db) -> None:
    run("add_mini_program", "wxnew", *ALL)

    run("add_mini_program", "wxnew", "--mode", "plain", "--format", "json")

    mini_program = MiniProgram.objects.get()
    assert (mini_program.mode, mini_program.format) == ("plain", "json")
    assert (mini_program.name, mini_program.app_secret) == ("云课堂", "s")
    assert mini_program.rules.count() == 3


def test_secrets_may_come_from_the_environment_and_are_not_printed(
    db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_APP_SECRET", "canary-secret")
    monkeypatch.setenv("KEFU_PUSH_TOKEN", "canary-token")
    monkeypatch.setenv("KEFU_AES_KEY", KEY)

    said = run("add_mini_program", "wxnew", "--name", "云课堂")

    mini_program = MiniProgram.objects.get()
    assert mini_program.app_secret == "canary-secret"
    assert mini_program.push_token == "canary-token"
    assert mini_program.mode == "secure"
    assert "canary" not in said
    assert KEY not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["wxnew"],
        ["wxnew", "--token", "t"],
        ["wxnew", "--token", "t", "--aes-key", "short"],
        ["wxnew", "--aes-key", KEY],
        ["wxnew", "--mode", "plain"],
        ["wx/new", "--token", "t", "--aes-key", KEY],
        ["wxnew", "--token", "t", "--aes-key", KEY, "--api-root", "file:///etc"],
    ],
)
def test_what_could_not_work_is_refused(db, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("add_mini_program", *arguments)
    assert not MiniProgram.objects.exists()


def test_without_an_api_root_the_simulator_comes_to_know_it(db, state: str) -> None:
    run("add_mini_program", "wxnew", "--secret", "s", "--token", "t", "--aes-key", KEY)

    app = at_the_simulator(state, "wxnew")
    assert (app.secret, app.token, app.mode) == ("s", "t", "secure")
    assert app.push_url == "http://127.0.0.1:8000/wechat/wxnew/push"


def test_the_demo_opens_a_shop(client: Client, db, state: str) -> None:
    said = run("demo")

    mini_program = MiniProgram.objects.get()
    app = at_the_simulator(state, mini_program.appid)
    assert (app.secret, app.token) == (mini_program.app_secret, mini_program.push_token)
    assert app.push_url == f"http://127.0.0.1:8000/wechat/{mini_program.appid}/push"
    assert app.relay_secret == mini_program.relay_secret
    assert mini_program.pages.exclude(cover=None).count() == 5
    assert CannedAnswer.objects.count() == 30
    assert AutoReplyRule.objects.count() == 12
    assert Entrance.objects.count() == 5
    for model in (CannedAnswer, AutoReplyRule, Entrance):
        for row in model.objects.all():
            row.full_clean()
    for person in demo.PEOPLE:
        assert person.username in said
        assert person.password in said
        agent = Agent.objects.get(username=person.username)
        assert agent.check_password(person.password)
        assert agent.is_supervisor is person.supervises
    lin = Agent.objects.get(username="lin")
    first = answers.find(answers.library(lin), "/tk")[0]
    assert first["title"] == "退款多久到账"
    shortcuts = [a.shortcut for a in CannedAnswer.objects.filter(use="quick_reply")]
    assert len(set(shortcuts)) == 8


def test_the_demo_has_a_second_shop_for_who_asks(db, state: str, lin: Agent) -> None:
    run("demo", "--second")
    run("demo")

    second = MiniProgram.objects.get(appid=demo.SECOND_APPID)
    assert at_the_simulator(state, second.appid).secret == second.app_secret
    assert second.seats.filter(agent=lin).exists()
    for model in (CannedAnswer, AutoReplyRule, Entrance):
        theirs = model.objects.filter(mini_program=second)
        assert theirs.exists()
        for row in theirs:
            row.full_clean()
    assert CannedAnswer.objects.filter(mini_program=None).count() == 30


def test_the_demos_past_owes_nobody_an_answer(db, state: str) -> None:
    run("demo")

    assert Conversation.objects.count() == 3
    assert not Conversation.objects.waiting().exists()
    assert {d.state for d in Delivery.objects.all()} == {"sent"}


def test_run_again_the_demo_brings_nothing_back(db, state: str, settings: Any) -> None:
    run("demo")
    CannedAnswer.objects.first().delete()
    Agent.objects.filter(username="chen").update(is_active=False)
    lin = Agent.objects.get(username="lin")
    lin.set_password("her-own-since")
    lin.save()
    secret = MiniProgram.objects.get().app_secret
    settings.PORT = 8123

    said = run("demo")

    assert CannedAnswer.objects.count() == 29
    assert not Agent.objects.get(username="chen").is_active
    assert "kefu-demo-lin" not in said  # It is no longer hers
    assert MiniProgram.objects.get().app_secret == secret
    app = at_the_simulator(state, demo.APPID)
    assert app.push_url.startswith("http://127.0.0.1:8123/")


def test_no_demo_where_the_public_comes_in(db, state: str, settings: Any) -> None:
    settings.PUBLIC_URL = "https://kf.example.com"

    with pytest.raises(CommandError):
        run("demo")
    assert not Agent.objects.exists()


def test_two_installations_share_no_secrets(db, state: str) -> None:
    run("demo")
    first = MiniProgram.objects.get()
    MiniProgram.objects.update(appid="wxother")
    run("demo")
    second = MiniProgram.objects.get(appid=demo.APPID)

    for name in ("app_secret", "push_token", "encoding_aes_key"):
        assert getattr(first, name) != getattr(second, name)
