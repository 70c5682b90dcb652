"""Entrances, and how the conversations there are take on what changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from conversations.models import Conversation, Entrance, LiveEvent, MiniProgram

LIST = "/admin/conversations/entrance/"


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


@pytest.fixture
def post(
    client: Client, django_capture_on_commit_callbacks: Callable[..., Any]
) -> Callable[..., Any]:
    def send(path: str, **fields: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path, fields)

    return send


@pytest.fixture
def entrance(mini_program: MiniProgram) -> Entrance:
    return Entrance.objects.create(
        mini_program=mini_program, pattern="训练营", label="训练营"
    )


def form(mini_program: MiniProgram, **fields: Any) -> dict[str, Any]:
    return {
        "mini_program": mini_program.pk,
        "match": "exact",
        "pattern": "训练营",
        "label": "训练营",
        "colour": "blue",
        **fields,
    }


def labels() -> list[str]:
    return [c.label for c in Conversation.objects.order_by("pk")]


def redrawn() -> set[int]:
    return set(
        LiveEvent.objects.filter(kind="conversation").values_list(
            "conversation", flat=True
        )
    )


def test_a_new_entrance_names_the_conversations_there_are(
    post: Any, mini_program: MiniProgram, xiaoming: Any
) -> None:
    for session_from in ("order/1", "order/2", "训练营", ""):
        xiaoming.enters(session_from)
    LiveEvent.objects.all().delete()

    post(
        f"{LIST}add/",
        **form(mini_program, match="prefix", pattern="order/", label="订单"),
    )

    assert labels() == ["订单", "订单", "训练营", ""]
    named = Conversation.objects.filter(session_from__startswith="order/")
    assert redrawn() == set(named.values_list("pk", flat=True))


def test_a_new_label_is_drawn_at_once(
    post: Any, mini_program: MiniProgram, entrance: Entrance, xiaoming: Any
) -> None:
    xiaoming.enters("训练营")
    LiveEvent.objects.all().delete()

    post(f"{LIST}{entrance.pk}/change/", **form(mini_program, label="集训"))

    assert labels() == ["集训"]
    assert redrawn() == {xiaoming.conversation.pk}


def test_a_deleted_entrance_leaves_the_next_that_knows_the_session_from(
    post: Any, mini_program: MiniProgram, entrance: Entrance, xiaoming: Any
) -> None:
    Entrance.objects.create(
        mini_program=mini_program,
        match="pattern",
        pattern="训|练",
        label="其他",
        position=9,
    )
    xiaoming.enters("训练营")
    LiveEvent.objects.all().delete()

    post(f"{LIST}{entrance.pk}/delete/", post="yes")

    assert labels() == ["其他"]
    assert redrawn() == {xiaoming.conversation.pk}


def test_deleting_several_leaves_conversations_with_their_session_from(
    post: Any, entrance: Entrance, xiaoming: Any
) -> None:
    xiaoming.enters("训练营")

    post(LIST, action="delete_selected", _selected_action=entrance.pk, post="yes")

    assert Conversation.objects.get().entrance is None
    assert labels() == ["训练营"]


def test_the_first_in_the_order_wins(
    post: Any, mini_program: MiniProgram, entrance: Entrance, xiaoming: Any
) -> None:
    other = Entrance.objects.create(
        mini_program=mini_program, match="prefix", pattern="训", label="训…", position=1
    )
    xiaoming.enters("训练营")
    assert labels() == ["训练营"]

    post(
        LIST,
        **{
            "form-TOTAL_FORMS": 2,
            "form-INITIAL_FORMS": 2,
            "_save": "1",
            "form-0-id": entrance.pk,
            "form-0-position": 1,
            "form-1-id": other.pk,
            "form-1-position": 0,
        },
    )

    assert labels() == ["训…"]


def test_another_mini_programs_conversations_stay_as_they_are(
    post: Any, mini_program: MiniProgram, xiaoming: Any
) -> None:
    other = MiniProgram.objects.create(appid="wxother", name="别家")
    xiaoming.enters("训练营")

    post(f"{LIST}add/", **form(other, label="别家的"))

    assert labels() == ["训练营"]
    assert Conversation.objects.get().entrance is None


def test_a_pattern_that_cannot_run_is_refused(
    post: Any, mini_program: MiniProgram
) -> None:
    answer = post(f"{LIST}add/", **form(mini_program, match="pattern", pattern="("))

    assert "pattern" in answer.context["adminform"].form.errors
    assert not Entrance.objects.exists()
