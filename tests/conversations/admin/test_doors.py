"""Who enters the admin, and what supervisors may do there: exactly that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from agents.models import Agent
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    DeskSettings,
    Entrance,
    MiniProgram,
    Page,
    ReceivedPush,
    Tag,
)
from tests.conftest import Xiaoming

# model: (list, add, change, delete)
MATRIX = {
    "agents.agent": (200, 200, 200, 403),
    "conversations.cannedanswer": (200, 200, 200, 200),
    "conversations.autoreplyrule": (200, 200, 200, 200),
    "conversations.entrance": (200, 200, 200, 200),
    "conversations.miniprogram": (200, 200, 200, 403),
    "conversations.page": (200, 200, 200, 200),
    "conversations.receivedpush": (200, 403, 200, 403),
    "conversations.tag": (200, 200, 200, 200),
    "conversations.desksettings": (302, 403, 200, 403),  # To its only row
}


@pytest.fixture
def rows(
    mini_program: MiniProgram,
    lin: Agent,
    quick_reply: CannedAnswer,
    rule: Callable[..., AutoReplyRule],
) -> dict[str, int]:
    entrance = Entrance.objects.create(
        mini_program=mini_program, pattern="训练营", label="训练营"
    )
    page = Page.objects.create(mini_program=mini_program, path="a", title="订单")
    return {
        "agents.agent": lin.pk,
        "conversations.cannedanswer": quick_reply.pk,
        "conversations.autoreplyrule": rule("enter", "您好").pk,
        "conversations.entrance": entrance.pk,
        "conversations.miniprogram": mini_program.pk,
        "conversations.page": page.pk,
        "conversations.receivedpush": received(mini_program),
        "conversations.tag": Tag.objects.create(name="退款").pk,
        "conversations.desksettings": DeskSettings.objects.create(pk=1).pk,
    }


def received(mini_program: MiniProgram) -> int:
    """Have a push be received, and return its number."""
    Xiaoming(mini_program).writes("在吗")
    return ReceivedPush.objects.latest("pk").pk


def pages(model: str, pk: int) -> list[str]:
    name = f"admin:{model.replace('.', '_')}"
    return [
        reverse(f"{name}_changelist"),
        reverse(f"{name}_add"),
        reverse(f"{name}_change", args=[pk]),
        reverse(f"{name}_delete", args=[pk]),
    ]


@pytest.mark.parametrize("model", MATRIX)
def test_a_supervisor_may_do_exactly_this(
    client: Client, wu: Agent, rows: dict[str, int], model: str
) -> None:
    client.force_login(wu)

    found = [client.get(path).status_code for path in pages(model, rows[model])]

    assert found == list(MATRIX[model])


def test_nothing_else_is_there_to_be_entered() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}

    assert registered == set(MATRIX)
    for model in apps.get_models():
        if model._meta.label_lower not in MATRIX:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            with pytest.raises(NoReverseMatch):
                reverse(name)


@pytest.mark.parametrize("method", ["get", "post"])
def test_agents_cannot_enter(
    client: Client, lin: Agent, rows: dict[str, int], method: str
) -> None:
    client.force_login(lin)
    doors = [path for model, pk in rows.items() for path in pages(model, pk)]
    doors += [
        "/admin/",
        "/admin/search/?s=a",
        f"/admin/agents/agent/{lin.pk}/new_link/",
        f"/admin/conversations/entrance/{rows['conversations.entrance']}/contact-button/",
    ]

    for path in doors:
        answer = getattr(client, method)(path)
        assert answer.status_code == 403, path
        assert "admin/refused.html" in [one.name for one in answer.templates]
    assert Agent.objects.count() == 1
    assert CannedAnswer.objects.count() == 1


def test_zhao_is_asked_to_sign_in(client: Client, rows: dict[str, int]) -> None:
    for model, pk in rows.items():
        for path in pages(model, pk):
            way = client.get(path, follow=True).redirect_chain
            assert way[-1] == (f"/login/?next={path}", 302)


def test_there_is_one_sign_in(client: Client, db: None) -> None:
    assert client.get("/admin/login/").url.startswith("/login/?next=/admin/")


def test_supervisors_find_their_way_around(client: Client, wu: Agent) -> None:
    client.force_login(wu)
    page = client.get("/admin/").content.decode()

    for model in MATRIX:
        name = f"admin:{model.replace('.', '_')}_changelist"
        assert f'href="{reverse(name)}"' in page
    assert client.get("/admin/password_change/").url == "/settings/"


def test_signing_out_in_the_admin_closes_the_sockets_too(
    client: Client, wu: Agent
) -> None:
    client.force_login(wu)

    client.post("/admin/logout/")

    wu.refresh_from_db()
    assert wu.access_version == 1
    assert client.get("/settings/").status_code == 302


def test_only_the_admins_own_pages_bear_the_looser_policy(
    client: Client, wu: Agent, lin: Agent
) -> None:
    def policy(path: str) -> str:
        return client.get(path).headers["Content-Security-Policy"]

    client.force_login(wu)
    assert "'unsafe-eval'" in policy("/admin/")
    assert "'unsafe-inline'" in policy("/admin/agents/agent/")
    assert "script-src 'self' 'unsafe-eval'" in policy("/admin/")
    for path in ("/settings/", "/nowhere/", "/admin/nowhere/"):
        assert "unsafe" not in policy(path), path
    client.force_login(lin)
    for path in ("/admin/", "/login/"):
        assert "unsafe" not in policy(path), path


@pytest.mark.parametrize(
    "model", ["cannedanswer", "autoreplyrule", "entrance", "miniprogram"]
)
def test_a_longer_list_takes_no_more_queries(
    client: Client,
    wu: Agent,
    lin: Agent,
    rows: dict[str, int],
    django_assert_max_num_queries,
    model: str,
) -> None:
    client.force_login(wu)
    path = reverse(f"admin:conversations_{model}_changelist")
    client.get(path)
    with django_assert_max_num_queries(50) as few:
        client.get(path)
    first = apps.get_model("conversations", model).objects.get(
        pk=rows[f"conversations.{model}"]
    )
    for number in range(20):
        first.pk = None
        if model == "miniprogram":
            first.appid = f"wx{number}"
        if model == "cannedanswer":
            first.scope, first.owner = "personal", lin
        first._state.adding = True
        first.save()

    with django_assert_max_num_queries(len(few)):
        assert client.get(path).status_code == 200
