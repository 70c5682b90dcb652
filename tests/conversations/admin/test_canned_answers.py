"""Canned answers, as supervisors keep them and consoles hear of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from conversations.models import CannedAnswer, LiveEvent

LIST = "/admin/conversations/cannedanswer/"
ADD = f"{LIST}add/"


@pytest.fixture(autouse=True)
def _signed_in(client: Client, wu: Agent) -> None:
    client.force_login(wu)


def change(answer: CannedAnswer) -> str:
    return f"{LIST}{answer.pk}/change/"


def form(**fields: Any) -> dict[str, Any]:
    """Return what the form posts; `says` is one text."""
    parts = fields.pop("parts", [{"kind": "text", "text": fields.pop("says", "您好")}])
    return {
        "use": "common_answer",
        "title": "退款",
        "shortcut": "",
        "parts": parts if isinstance(parts, str) else json.dumps(parts),
        "scope": "everyone",
        "owner": "",
        "mini_program": "",
        "active": "on",
        **fields,
    }


def same(answer: CannedAnswer, **fields: Any) -> dict[str, Any]:
    now = {
        name: getattr(answer, name) for name in ("use", "title", "shortcut", "parts")
    }
    return form(**{**now, **fields})


def told() -> int:
    return LiveEvent.objects.filter(kind="answers").count()


def errors(answer: Any) -> dict[str, list[str]]:
    return answer.context["adminform"].form.errors


def test_a_saved_answer_is_found_by_pinyin_and_told_to_the_consoles(
    client: Client,
) -> None:
    assert client.post(ADD, form(title="退款")).status_code == 302

    answer = CannedAnswer.objects.get()
    assert answer.pinyin == "tuikuan tk"
    assert answer.parts == [{"kind": "text", "text": "您好"}]
    assert told() == 1


def test_new_answers_stand_last(client: Client, quick_reply: CannedAnswer) -> None:
    client.post(ADD, form(title="一"))
    client.post(ADD, form(title="二"))

    assert [a.title for a in CannedAnswer.objects.all()] == ["您好", "一", "二"]


def test_only_other_words_make_a_new_version(
    client: Client, quick_reply: CannedAnswer
) -> None:
    client.post(change(quick_reply), same(quick_reply, title="打招呼"))
    quick_reply.refresh_from_db()
    assert (quick_reply.version, quick_reply.title) == (1, "打招呼")
    assert quick_reply.pinyin == "dazhaohu dzh"

    client.post(
        change(quick_reply), same(quick_reply, parts=[{"kind": "text", "text": "早"}])
    )
    quick_reply.refresh_from_db()
    assert (quick_reply.version, quick_reply.preview) == (2, "早")
    assert told() == 2


def test_saving_does_not_forget_uses_counted_meanwhile(
    client: Client, quick_reply: CannedAnswer
) -> None:
    client.get(change(quick_reply))
    CannedAnswer.objects.update(uses=7)

    client.post(change(quick_reply), same(quick_reply, uses="0", version="9"))

    quick_reply.refresh_from_db()
    assert (quick_reply.uses, quick_reply.version) == (7, 1)


def test_a_link_is_kept_with_all_its_fields_and_no_others(client: Client) -> None:
    link = {
        "kind": "link",
        "title": "报名",
        "description": "从零开始",
        "url": "https://a.example.com/",
        "thumb_url": "https://a.example.com/1.png",
    }

    client.post(
        ADD, form(parts=[{**link, "text": "x", "onclick": "x"}, {"kind": "text"}])
    )

    assert CannedAnswer.objects.get().parts == [link]


@pytest.mark.parametrize(
    "parts",
    [
        "[]",
        "",
        "{}",
        "null",
        "not json",
        "[" * 100_000,
        '["a"]',
        '[{"kind": "text", "text": " "}]',
        '[{"kind": "video", "text": "x"}]',
        '[{"kind": "text", "text": 5}]',
        '[{"kind": "text", "text": "a\\u0000b"}]',
        '[{"kind": "text", "text": "a\\ud800b"}]',
        json.dumps([{"kind": "text", "text": "字" * 683}]),
        json.dumps([{"kind": "text", "text": "x"}] * 6),
        '[{"kind": "link", "title": "x", "url": "javascript:alert(1)"}]',
    ],
)
def test_what_cannot_be_sent_is_refused_under_its_field(
    client: Client, parts: str
) -> None:
    answer = client.post(ADD, form(parts=parts))

    assert answer.status_code == 200
    assert errors(answer)["parts"]
    assert not CannedAnswer.objects.exists()
    assert told() == 0


@pytest.mark.parametrize(
    ("kind", "field", "most"),
    [
        ("text", "text", 2048),
        ("link", "title", 128),
        ("link", "description", 256),
        ("link", "url", 1024),
        ("link", "thumb_url", 1024),
    ],
)
def test_every_field_may_be_as_long_as_wechat_takes_and_no_longer(
    client: Client, kind: str, field: str, most: int
) -> None:
    web = "https://a.example.com/"
    parts = {
        "text": {"text": "您好"},
        "link": {"title": "报名", "description": "免费", "url": web, "thumb_url": web},
    }
    for length, status in ((most, 302), (most + 1, 200)):
        value = (web if "url" in field else "").ljust(length, "a")
        part = {"kind": kind, **parts[kind], field: value}
        answer = client.post(ADD, form(parts=[part]))
        assert answer.status_code == status, length
    assert str(most) in str(errors(answer)["parts"])
    assert CannedAnswer.objects.count() == 1


def test_a_personal_answer_needs_an_owner(client: Client, lin: Agent) -> None:
    assert "owner" in errors(client.post(ADD, form(scope="personal")))

    client.post(ADD, form(scope="personal", owner=lin.pk))

    assert CannedAnswer.objects.get().owner == lin


def test_a_shortcut_is_kept_without_its_slash(client: Client) -> None:
    client.post(ADD, form(shortcut="／tk "))

    assert CannedAnswer.objects.get().shortcut == "tk"


@pytest.mark.parametrize(("action", "active"), [("withdraw", False), ("restore", True)])
def test_withdrawn_and_offered_again(
    client: Client, quick_reply: CannedAnswer, action: str, active: bool
) -> None:
    CannedAnswer.objects.update(active=not active)

    client.post(LIST, {"action": action, "_selected_action": [quick_reply.pk]})

    quick_reply.refresh_from_db()
    assert quick_reply.active is active
    assert told() == 1


def test_a_new_order_is_one_event(client: Client) -> None:
    answers = [
        CannedAnswer.objects.create(
            title=str(n), parts=[{"kind": "text", "text": "x"}], position=n
        )
        for n in range(3)
    ]
    rows: dict[str, Any] = {
        "form-TOTAL_FORMS": 3,
        "form-INITIAL_FORMS": 3,
        "_save": "1",
    }
    for n, answer in enumerate(answers):
        rows[f"form-{n}-id"] = answer.pk
        rows[f"form-{n}-position"] = 2 - n
        rows[f"form-{n}-title"] = "untergeschoben"

    assert client.post(LIST, rows).status_code == 302

    assert [a.title for a in CannedAnswer.objects.all()] == ["2", "1", "0"]
    assert {a.version for a in CannedAnswer.objects.all()} == {1}
    assert told() == 1


def test_dragging_what_a_search_left_moves_nothing_else(client: Client) -> None:
    answers = [
        CannedAnswer.objects.create(
            title=title, parts=[{"kind": "text", "text": "x"}], position=n
        )
        for n, title in enumerate(["您好", "退款一", "物流", "退款二"])
    ]
    rows: dict[str, Any] = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "_save": "1",
        "form-0-id": answers[1].pk,
        "form-0-position": 1,
        "form-1-id": answers[3].pk,
        "form-1-position": 0,
    }

    assert client.post(f"{LIST}?q=退款", rows).status_code == 302

    assert [a.title for a in CannedAnswer.objects.all()] == [
        "您好",
        "退款二",
        "物流",
        "退款一",
    ]


def test_deleted_one_by_one_or_several_at_once(
    client: Client, quick_reply: CannedAnswer
) -> None:
    client.post(f"{LIST}{quick_reply.pk}/delete/", {"post": "yes"})
    assert not CannedAnswer.objects.exists()
    assert told() == 1

    client.post(ADD, form())
    chosen = CannedAnswer.objects.get().pk
    client.post(
        LIST, {"action": "delete_selected", "_selected_action": [chosen], "post": "yes"}
    )
    assert not CannedAnswer.objects.exists()
    assert told() == 3


def test_looking_at_pages_tells_nobody(
    client: Client, quick_reply: CannedAnswer
) -> None:
    client.get(LIST, {"action": "withdraw", "_selected_action": quick_reply.pk})
    client.get(f"{LIST}{quick_reply.pk}/delete/")

    assert CannedAnswer.objects.get().active
    assert told() == 0


def test_words_that_look_like_markup_stay_words(
    client: Client, quick_reply: CannedAnswer
) -> None:
    evil = "</textarea><script>alert(1)</script>'\"{{ 7*7 }}"
    CannedAnswer.objects.update(title=evil[:40], parts=[{"kind": "text", "text": evil}])

    for path in (LIST, change(quick_reply)):
        assert "<script>alert" not in client.get(path).content.decode()


TAG = (
    '<a href="http://www.qq.com" data-miniprogram-appid="wx0123456789abcdef" '
    'data-miniprogram-path="pages/index/index">点击跳小程序</a>'
)


def test_a_jump_links_tag_pasted_from_wechats_pages_is_kept_as_a_link(client):
    client.post(ADD, form(says=f"欢迎{TAG}"))
    [part] = CannedAnswer.objects.get().parts
    assert part["text"] == (
        "欢迎⟦点击跳小程序|pages/index/index|http://www.qq.com|wx0123456789abcdef⟧"
    )


def test_a_tag_that_wechat_might_read_otherwise_is_refused(client):
    response = client.post(ADD, form(says=TAG.replace("<a ", '<a onclick="x" ')))
    assert response.status_code == 200
    assert "onclick" in response.text
    assert not CannedAnswer.objects.exists()
