from __future__ import annotations

import json

import pytest
from django.utils import timezone

from conversations import handling
from conversations.models import Conversation, Delivery, Draft
from tests.conversations.views.conftest import say


def status_of(conversation: Conversation) -> tuple[str, int | None]:
    conversation.refresh_from_db()
    return conversation.status, conversation.assignee_id


def test_an_agent_claims_and_gives_back(desk, converse, lin):
    conversation = converse()
    url = f"/conversations/{conversation.pk}/assignment/"
    response = desk.post(url)
    assert f'data-assignee="{lin.pk}"' in response.text
    assert status_of(conversation) == ("open", lin.pk)

    response = desk.delete(url)
    assert 'data-action="claim"' in response.text
    assert status_of(conversation) == ("open", None)


def test_who_claims_too_late_is_told_who_was_faster(desk, converse, chen):
    conversation = converse()
    handling.claim(conversation, chen)
    response = desk.post(f"/conversations/{conversation.pk}/assignment/")
    notice = json.loads(response["HX-Trigger"])["desk:notice"]["text"]
    assert response.status_code == 200
    assert "Chen" in notice
    assert f'data-assignee="{chen.pk}"' in response.text
    assert status_of(conversation) == ("open", chen.pk)


def test_an_agent_closes_and_reopens(desk, converse, lin):
    conversation = converse()
    url = f"/conversations/{conversation.pk}/closure/"
    assert 'data-action="reopen"' in desk.post(url).text
    assert status_of(conversation)[0] == "closed"
    assert 'data-action="close"' in desk.delete(url).text
    assert status_of(conversation)[0] == "open"


def test_reading_takes_away_the_count(desk, converse):
    conversation = converse(unread=3)
    seen = {"seen": conversation.messages.latest("pk").pk}
    read = desk.post(f"/conversations/{conversation.pk}/reading/", seen)
    assert read.status_code == 204
    conversation.refresh_from_db()
    assert conversation.unread == 0


def test_a_draft_is_kept_changed_and_dropped(desk, converse, lin):
    conversation = converse()
    url = f"/conversations/{conversation.pk}/draft/"
    for text in ("您", "您好"):
        assert desk.put(url, f"text={text}").status_code == 204
        assert Draft.objects.get(agent=lin).text == text
    assert "您好</textarea>" in desk.get(f"/conversations/{conversation.pk}/").text
    desk.put(url, "text=")
    assert not Draft.objects.exists()


def test_a_draft_is_its_writers_own(desk, client, converse, chen):
    conversation = converse()
    desk.put(f"/conversations/{conversation.pk}/draft/", "text=不给别人看")
    client.force_login(chen)
    html = client.get(f"/conversations/{conversation.pk}/").text
    assert "不给别人看" not in html


@pytest.fixture
def failed(converse, lin) -> Delivery:
    conversation = converse()
    message = say(conversation, 1, "在的", author="agent", agent=lin)
    return Delivery.objects.create(
        message=message,
        customer=conversation.customer,
        state="unconfirmed",
        not_before=timezone.now(),
    )


def settlement(delivery: Delivery, conversation_pk: int | None = None) -> str:
    pk = conversation_pk or delivery.message.conversation_id
    return f"/conversations/{pk}/messages/{delivery.message_id}/settlement/"


@pytest.mark.parametrize(
    ("action", "state"), [("delivered", "sent"), ("again", "queued")]
)
def test_a_human_decides_what_became_of_it(desk, failed, action, state):
    response = desk.post(settlement(failed), {"action": action})
    failed.refresh_from_db()
    assert failed.state == state
    assert f"delivery--{state}" in response.text


def test_the_second_to_decide_is_told(desk, failed):
    desk.post(settlement(failed), {"action": "again"})
    response = desk.post(settlement(failed), {"action": "delivered"})
    assert "desk:notice" in response["HX-Trigger"]
    failed.refresh_from_db()
    assert failed.state == "queued"


def test_only_what_can_be_decided_is_asked(desk, failed, converse):
    assert desk.post(settlement(failed), {"action": "forget"}).status_code == 422
    elsewhere = settlement(failed, converse().pk)
    assert desk.post(elsewhere, {"action": "again"}).status_code == 404
    theirs = failed.message.conversation.messages.first()
    failed.message_id = theirs.pk
    assert desk.post(settlement(failed), {"action": "again"}).status_code == 404
