"""Notes: for colleagues, and never for the customer."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client

from agents.models import Agent
from conversations import drawing, notes, sending
from conversations.models import (
    Conversation,
    Delivery,
    Draft,
    LiveEvent,
    Mention,
    Message,
)
from tests.conftest import new_uuid, seated

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(xiaoming):
    xiaoming.writes("在吗")
    return xiaoming.conversation


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def post(client: Client, conversation, text: str, key: uuid.UUID | None = None, **more):
    path = f"/conversations/{conversation.pk}/note/"
    return client.post(path, {"text": text, "client_uuid": key or new_uuid(), **more})


def called(text: str, conversation, lin, *ids: int) -> list[str]:
    note = notes.write(conversation, lin, text, new_uuid(), ids)
    return sorted(one.agent.name for one in note.mentions.select_related("agent"))


def test_a_note_is_drawn_and_never_sent(conversation, lin, chen, outbox, wechat):
    answer = post(browser(lin), conversation, "这位是老客户")
    assert (answer.status_code, "这位是老客户" in answer.text) == (200, True)
    assert "message--note" in answer.text
    page = browser(chen).get(f"/conversations/{conversation.pk}/messages/").text
    assert "这位是老客户" in page
    assert (outbox(), wechat.heard(), wechat.calls()) == ([], [], [])
    assert not Delivery.objects.exists()


def test_a_note_answers_nothing_and_costs_nothing(conversation, lin):
    before = Conversation.objects.get(pk=conversation.pk)
    left = before.customer.standing.left
    post(browser(lin), conversation, "稍后回")
    after = Conversation.objects.drawn().get(pk=conversation.pk)
    assert after.waiting_since == before.waiting_since
    assert after.assignee is None
    assert after.customer.standing.left == left
    assert (after.last_message, after.unread) == (before.last_message, before.unread)


def test_the_row_shows_a_mark_and_keeps_its_question(conversation, lin, chen):
    post(browser(lin), conversation, "这位是老客户")
    row = browser(chen).get("/inbox/?view=all").text
    assert "row__note" in row
    assert "在吗" in row
    assert "这位是老客户" not in row


def test_the_same_note_sent_twice_is_one(conversation, lin):
    key = new_uuid()
    for _ in range(2):
        assert post(browser(lin), conversation, "稍后回", key).status_code == 200
    assert Message.objects.filter(kind="note").count() == 1
    assert post(browser(lin), conversation, "别的", key).status_code == 409


def test_a_note_may_follow_when_no_reply_may(conversation, lin):
    sending_room = conversation.customer
    sending_room.message_granted_at = None
    sending_room.save()
    assert post(browser(lin), conversation, "窗口已过").status_code == 200


def test_a_note_takes_its_draft_with_it_and_no_other(conversation, lin):
    for mode in Draft.Mode:
        Draft.objects.create(
            agent=lin, conversation=conversation, mode=mode, text="稍后回"
        )
    post(browser(lin), conversation, "稍后回")
    assert [one.mode for one in Draft.objects.all()] == ["reply"]


@pytest.mark.parametrize("text", ["", "  ", "好" * 2001])
def test_empty_and_endless_notes_are_refused(conversation, lin, text):
    assert post(browser(lin), conversation, text).status_code == 422


def test_names_are_found_in_chinese_without_spaces(conversation, lin, zhao):
    seated("xw", display_name="小王")
    seated("xwz", display_name="小王子")
    assert called("@小王子请看", conversation, lin) == ["小王子"]
    assert called("请＠小王看一下", conversation, lin) == ["小王"]
    assert called("@小王@小王子", conversation, lin) == ["小王", "小王子"]
    assert called("小王 @小 @zhao @Lin a@b.cn", conversation, lin) == []


def test_ids_of_the_box_count_only_with_a_seat(conversation, lin, chen, zhao):
    assert called("请看", conversation, lin, chen.pk, zhao.pk, lin.pk) == ["Chen"]


def test_who_is_called_is_told_and_counts_until_they_see(conversation, lin, chen):
    answer = post(browser(lin), conversation, "@Chen 请看", mentions=[chen.pk])
    assert '<strong class="call">@Chen</strong>' in answer.text
    events = list(LiveEvent.objects.filter(kind="agent"))
    [frame] = drawing.draw(events, ["zh-hans"], set())
    assert frame.concerns(None, None, chen.pk)
    assert not frame.concerns(None, None, lin.pk)
    told = json.loads(frame.texts["zh-hans"])
    assert (told["about"], told["conversation"]) == ("mention", conversation.pk)
    assert "Lin" in told["text"]
    assert "请看" in told["text"]
    chens = browser(chen)
    assert ">1</span>" in chens.get("/mentions/").text
    assert ">1</span>" not in browser(lin).get("/mentions/").text
    seen = chens.post(f"/conversations/{conversation.pk}/mentions/")
    assert ">1</span>" not in seen.text
    assert Mention.objects.get().seen_at is not None


def test_a_note_cannot_be_sent_to_wechat_by_settling_it(conversation, lin, outbox):
    note = notes.write(conversation, lin, "秘密", new_uuid())
    path = f"/conversations/{conversation.pk}/messages/{note.pk}/settlement/"
    for action in ("again", "delivered"):
        assert browser(lin).post(path, {"action": action}).status_code in (404, 409)
    assert outbox() == []


def test_a_uuid_of_a_note_sends_no_reply(conversation, lin):
    key = new_uuid()
    notes.write(conversation, lin, "秘密", key)
    with pytest.raises(sending.Conflict):
        sending.reply(conversation, lin, [{"kind": "text", "text": "秘密"}], key)
    assert not Delivery.objects.exists()
