"""The page from which a developer copies an entrance's contact button."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from conversations.models import Entrance, MiniProgram


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


@pytest.fixture
def orders(mini_program: MiniProgram) -> Entrance:
    return Entrance.objects.create(
        mini_program=mini_program, match="prefix", pattern="order/", label="订单"
    )


def page(client: Client, entrance: Entrance, **query: Any) -> str:
    path = f"/admin/conversations/entrance/{entrance.pk}/contact-button/"
    return client.get(path, query).text


def code(text: str) -> list[str]:
    """Return what the buttons copy: the WXML and the script."""
    return [
        html.unescape(one)
        for one in re.findall(r"<textarea[^>]*>(.*?)</textarea>", text, re.S)
    ]


def test_an_entrance_has_its_button_ready(client: Client, orders: Entrance) -> None:
    wxml, script = code(page(client, orders))
    assert 'session-from="order/"' in wxml
    assert "onContact(" in script


def test_a_button_is_made_for_what_is_asked(client: Client, orders: Entrance) -> None:
    wxml, script = code(
        page(
            client, orders, session_from='order/"1"', card="on", path="pages/o?a=1&b=2"
        )
    )
    assert 'session-from="{{sessionFrom}}"' in wxml
    assert 'sessionFrom: "order/\\"1\\""' in script
    assert 'cardPath: "pages/o?a=1&b=2"' in script
    assert 'show-message-card="{{true}}"' in wxml


def test_what_the_entrance_would_not_know_is_refused(
    client: Client, orders: Entrance
) -> None:
    text = page(client, orders, session_from="refund/1")
    assert code(text) == []
    Entrance.objects.create(
        mini_program=orders.mini_program,
        pattern="order/vip",
        label="贵宾",
        position=0,
    )
    Entrance.objects.filter(pk=orders.pk).update(position=1)
    text = page(client, orders, session_from="order/vip")
    assert code(text) == []
    assert "贵宾" in text


def test_a_pattern_has_no_session_from_of_its_own(
    client: Client, mini_program: MiniProgram
) -> None:
    entrance = Entrance.objects.create(
        mini_program=mini_program, match="pattern", pattern="^a[0-9]+$", label="a"
    )
    assert code(page(client, entrance)) == []
    assert 'session-from="a7"' in code(page(client, entrance, session_from="a7"))[0]


def test_there_is_no_button_without_an_entrance(client: Client, db: None) -> None:
    path = "/admin/conversations/entrance/9/contact-button/"
    assert client.get(path).status_code == 404


def test_the_page_runs_no_script_of_its_own(client: Client, orders: Entrance) -> None:
    text = page(client, orders)
    ours = text[text.index('class="snippets"') :]
    assert not re.search(r"<script(?! src)|\son\w+=|style=", ours)
