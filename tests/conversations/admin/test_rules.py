"""Auto-reply rules, as supervisors write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from conversations.models import AutoReplyRule, MiniProgram

LIST = "/admin/conversations/autoreplyrule/"
ADD = f"{LIST}add/"


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


@pytest.fixture
def form(mini_program: MiniProgram) -> Callable[..., dict[str, Any]]:
    def fields(**fields: Any) -> dict[str, Any]:
        return {
            "mini_program": mini_program.pk,
            "name": "退款说明",
            "active": "on",
            "trigger": "keyword",
            "after_seconds": "60",
            "comparison": "contains",
            "keywords": "退款",
            "session_match": "",
            "session_from": "",
            "cooldown_seconds": "60",
            "parts": json.dumps([{"kind": "text", "text": "七天内可退。"}]),
            **fields,
        }

    return fields


def errors(answer: Any) -> dict[str, list[str]]:
    return answer.context["adminform"].form.errors


def test_a_rule_is_stored_as_the_form_shows_it(client: Client, form: Any) -> None:
    assert client.post(ADD, form()).status_code == 302

    rule = AutoReplyRule.objects.get()
    assert (rule.name, rule.keywords, rule.preview) == (
        "退款说明",
        "退款",
        "七天内可退。",
    )
    page = client.get(f"{LIST}{rule.pk}/change/").content.decode()
    assert "七天内可退。" in page


def test_what_the_form_hides_is_not_stored(client: Client, form: Any) -> None:
    client.post(ADD, form(trigger="enter", comparison="regex", session_from="order/"))

    rule = AutoReplyRule.objects.get()
    assert (rule.keywords, rule.comparison, rule.session_from) == ("", "contains", "")


@pytest.mark.parametrize(
    "pattern",
    ["(退款", "退款)", "[退", "退**", "(?=退)", r"(退)\1", "退{2000}", "a" * 501],
)
def test_a_pattern_that_cannot_run_is_refused_in_the_supervisors_language(
    client: Client, wu: Agent, form: Any, pattern: str
) -> None:
    answer = client.post(ADD, form(comparison="regex", keywords=pattern))
    chinese = errors(answer)["keywords"][0]
    Agent.objects.filter(pk=wu.pk).update(language="en")
    answer = client.post(ADD, form(comparison="regex", keywords=pattern))
    english = errors(answer)["keywords"][0]

    assert not AutoReplyRule.objects.exists()
    assert english.split(" (")[0].isascii()
    assert chinese != english
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"keywords": " "}, "keywords"),
        ({"session_match": "pattern", "session_from": "("}, "session_from"),
        ({"session_match": "exact"}, "session_from"),
        ({"parts": "[]"}, "parts"),
        ({"after_seconds": "0"}, "after_seconds"),
        ({"cooldown_seconds": "99999999999"}, "cooldown_seconds"),
        ({"trigger": "doomsday"}, "trigger"),
        ({"name": ""}, "name"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(
    client: Client, form: Any, fields: dict[str, str], name: str
) -> None:
    assert name in errors(client.post(ADD, form(**fields)))
    assert not AutoReplyRule.objects.exists()


def test_new_rules_are_tried_last_and_dragging_changes_that(
    client: Client, form: Any
) -> None:
    client.post(ADD, form(name="一"))
    client.post(ADD, form(name="二"))
    one, two = AutoReplyRule.objects.all()
    assert (one.name, two.name) == ("一", "二")

    rows = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "1"}
    for number, (rule, position) in enumerate([(one, 1), (two, 0)]):
        rows[f"form-{number}-id"] = rule.pk
        rows[f"form-{number}-position"] = position
    client.post(LIST, rows)

    assert [rule.name for rule in AutoReplyRule.objects.all()] == ["二", "一"]
    assert AutoReplyRule.objects.get(name="一").keywords == "退款"


def test_the_list_reads_as_sentences(client: Client, wu: Agent, form: Any) -> None:
    Agent.objects.filter(pk=wu.pk).update(language="en")
    client.post(
        ADD, form(session_match="prefix", session_from="order/", keywords="退款\n退货")
    )
    client.post(ADD, form(trigger="no_answer", after_seconds="30"))

    page = client.get(LIST).content.decode()

    assert "SessionFrom begins with “order/” · the text contains" in page
    assert "退款 / 退货" in page
    assert "no agent has answered for 30 seconds" in page
