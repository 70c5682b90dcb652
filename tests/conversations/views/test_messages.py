from __future__ import annotations

from uuid import uuid4

import pytest

from agents.models import Agent
from conversations import notes, sending
from conversations.models import CannedAnswer, Draft, Message


def replies() -> list[str]:
    ours = Message.objects.filter(author="agent").in_order()
    return [message.text or message.data["title"] for message in ours]


@pytest.fixture
def url(converse) -> str:
    return f"/conversations/{converse().pk}/messages/"


def test_a_reply_comes_back_drawn(desk, url):
    response = desk.post(url, {"text": "在的", "client_uuid": uuid4()})
    message = Message.objects.get(author="agent")
    assert response.status_code == 200
    assert f'id="message-{message.pk}"' in response.text
    assert "delivery--queued" in response.text


def test_a_reply_sent_twice_is_said_once(desk, url):
    sent = {"text": "在的", "client_uuid": uuid4()}
    first, second = desk.post(url, sent), desk.post(url, sent)
    assert (first.status_code, second.status_code) == (200, 200)
    assert replies() == ["在的"]


def test_other_words_under_the_same_uuid_are_refused(desk, url):
    key = uuid4()
    desk.post(url, {"text": "在的", "client_uuid": key})
    response = desk.post(url, {"text": "不在", "client_uuid": key})
    assert response.status_code == 409
    assert response.json()["error"]
    assert replies() == ["在的"]


@pytest.mark.parametrize(
    "words", ["", "  \n ", "长" * 700], ids=["empty", "blank", "2100 bytes"]
)
def test_words_that_cannot_be_sent_are_refused(desk, url, words):
    response = desk.post(url, {"text": words, "client_uuid": uuid4()})
    assert response.status_code == 422
    assert response.json()["error"]
    assert replies() == []


def test_as_many_bytes_as_wechat_takes_are_sent(desk, url):
    words = "长" * 682 + "aa"
    assert len(words.encode()) == 2048
    assert desk.post(url, {"text": words, "client_uuid": uuid4()}).status_code == 200


def test_a_reply_without_a_uuid_is_refused(desk, url):
    assert desk.post(url, {"text": "在的"}).status_code == 422


def test_lines_break_as_they_were_typed(desk, url):
    desk.post(url, {"text": "一\r\n二\n三", "client_uuid": uuid4()})
    assert replies() == ["一\n二\n三"]


def test_the_draft_goes_when_its_words_are_sent(desk, converse, lin):
    conversation = converse()
    Draft.objects.create(agent=lin, conversation=conversation, text="在的")
    desk.post(
        f"/conversations/{conversation.pk}/messages/",
        {"text": "在的", "client_uuid": uuid4()},
    )
    assert not Draft.objects.exists()


def test_what_was_added_to_a_draft_meanwhile_stays(desk, converse, lin):
    conversation = converse()
    Draft.objects.create(agent=lin, conversation=conversation, text="在的，请说")
    desk.post(
        f"/conversations/{conversation.pk}/messages/",
        {"text": "在的", "client_uuid": uuid4()},
    )
    assert Draft.objects.get().text == "在的，请说"


def test_a_quick_reply_is_sent_as_it_is(desk, url, quick_reply):
    picked = {"answer": quick_reply.pk, "version": quick_reply.version}
    response = desk.post(url, {**picked, "client_uuid": uuid4()})
    message = Message.objects.get(author="agent")
    assert response.status_code == 200
    assert message.text == "您好，请问有什么可以帮您？"
    assert message.delivery.typing_first
    quick_reply.refresh_from_db()
    assert quick_reply.uses == 1


def test_all_parts_of_an_answer_are_sent(desk, url, db):
    link = {"kind": "link", "title": "指南", "description": "", "thumb_url": ""}
    parts = [{"kind": "text", "text": "请看"}, {**link, "url": "https://example.com/"}]
    answer = CannedAnswer.objects.create(title="指南", parts=parts)
    picked = {"answer": answer.pk, "version": answer.version, "client_uuid": uuid4()}
    assert desk.post(url, picked).text.count("<article ") == 2
    assert desk.post(url, picked).text.count("<article ") == 2
    assert replies() == ["请看", "指南"]


def test_an_answer_that_has_changed_is_shown_and_not_sent(desk, url, quick_reply):
    picked = {"answer": quick_reply.pk, "version": quick_reply.version}
    CannedAnswer.objects.update(
        version=quick_reply.version + 1, parts=[{"kind": "text", "text": "新的话"}]
    )
    response = desk.post(url, {**picked, "client_uuid": uuid4()})
    assert response.status_code == 409
    assert response.json()["text"] == "新的话"
    assert response.json()["stale"] is True
    assert replies() == []


def test_a_withdrawn_answer_is_not_sent(desk, url, quick_reply):
    picked = {"answer": quick_reply.pk, "version": quick_reply.version}
    CannedAnswer.objects.update(active=False)
    response = desk.post(url, {**picked, "client_uuid": uuid4()})
    assert response.status_code == 409
    assert replies() == []


def test_an_answer_for_another_mini_program_is_not_sent(
    desk, url, quick_reply, mini_program
):
    mini_program.pk, mini_program.appid = None, "wx-another"
    mini_program.save()
    CannedAnswer.objects.update(mini_program=mini_program)
    picked = {"answer": quick_reply.pk, "version": quick_reply.version}
    response = desk.post(url, {**picked, "client_uuid": uuid4()})
    assert response.status_code == 409
    assert desk.post(url.replace("messages", "picks"), picked).status_code == 409
    assert replies() == []


def test_a_common_answer_put_into_the_box_is_counted(desk, url, quick_reply):
    picked = {"answer": quick_reply.pk, "version": quick_reply.version}
    assert desk.post(url.replace("messages", "picks"), picked).status_code == 204
    quick_reply.refresh_from_db()
    assert quick_reply.uses == 1
    assert replies() == []


def test_a_click_repeated_after_the_answer_changed_was_heard(desk, url, quick_reply):
    picked = {
        "answer": quick_reply.pk,
        "version": quick_reply.version,
        "client_uuid": uuid4(),
    }
    desk.post(url, picked)
    CannedAnswer.objects.update(version=quick_reply.version + 1)
    assert desk.post(url, picked).status_code == 200
    assert len(replies()) == 1


def test_a_colleagues_uuid_brings_up_nothing(desk, client, url, chen, quick_reply):
    sent = {"text": "在的", "client_uuid": uuid4()}
    desk.post(url, sent)
    client.force_login(chen)
    assert client.post(url, sent).status_code == 409


def test_the_quick_replies_are_those_of_the_mini_program(
    desk, converse, quick_reply, mini_program
):
    conversation = converse()
    url = f"/conversations/{conversation.pk}/quick-replies/"
    assert f'data-answer="{quick_reply.pk}"' in desk.get(url).text

    mini_program.pk, mini_program.appid = None, "wx-another"
    mini_program.save()
    CannedAnswer.objects.update(mini_program=mini_program)
    assert "data-answer" not in desk.get(url).text


def test_the_library_says_whose_it_is(desk, lin: Agent, quick_reply):
    found = desk.get("/answers/").json()
    assert found["agent"] == lin.pk
    assert [answer["title"] for answer in found["answers"]] == ["您好"]


LONG = "一句话说到这里。" * 120  # 2,880 bytes


def test_a_text_too_long_for_one_message_goes_in_as_many_as_were_agreed_to(desk, url):
    sent = {"text": LONG, "client_uuid": uuid4(), "split": 2}
    first, again = desk.post(url, sent), desk.post(url, sent)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "".join(replies()) == LONG
    assert [len(words.encode()) <= 2048 for words in replies()] == [True, True]
    assert replies()[0].endswith("。")


@pytest.mark.parametrize("agreed", ["", "1", "3"])
def test_a_long_text_never_costs_more_than_was_agreed_to(desk, url, agreed):
    sent = {"text": LONG, "client_uuid": uuid4(), "split": agreed}
    response = desk.post(url, sent)
    assert response.status_code == 422
    assert response.json()["error"]
    assert replies() == []


def test_a_text_for_more_messages_than_wechat_allows_is_refused(desk, url):
    sent = {"text": LONG * 5, "client_uuid": uuid4(), "split": 8}
    assert desk.post(url, sent).status_code == 422
    assert replies() == []


def test_the_draft_goes_with_a_text_that_was_split(desk, converse, lin):
    conversation = converse()
    Draft.objects.create(agent=lin, conversation=conversation, text=LONG)
    sent = {"text": LONG, "client_uuid": uuid4(), "split": 2}
    desk.post(f"/conversations/{conversation.pk}/messages/", sent)
    assert not Draft.objects.exists()


def test_how_many_messages_a_text_takes_is_told_before(desk, converse):
    url = f"/conversations/{converse().pk}/splitting/"
    assert desk.post(url, {"text": LONG}).json() == {"count": 2}
    assert desk.post(url, {"text": "在的"}).json() == {"count": 1}
    assert desk.post(url, {"text": " "}).status_code == 422
    assert replies() == []


def test_a_jump_link_counts_as_the_tag_it_becomes(desk, url):
    link = "⟦点击进入|pages/a?x=1⟧"
    sent = {"text": "长" * 650 + link, "client_uuid": uuid4()}
    assert len(sent["text"].encode()) < 2048
    assert desk.post(url, sent).status_code == 422
    assert desk.post(url, {**sent, "text": link}).status_code == 200
    assert replies() == [link]


def test_words_that_a_colleague_forestalled_wait_for_a_second_look(
    desk, converse, chen
):
    conversation = converse()
    url, seen = f"/conversations/{conversation.pk}/messages/", Message.objects.get().pk
    sending.reply(conversation, chen, [{"kind": "text", "text": "我来"}], uuid4())

    late = {"text": "在的", "client_uuid": uuid4(), "seen": seen}
    response = desk.post(url, late)
    assert response.status_code == 409
    newest = response.json()["unseen"]
    assert newest == Message.objects.get(text="我来").pk
    assert replies() == ["我来"]

    again = {**late, "seen": newest}
    assert desk.post(url, again).status_code == 200
    assert replies() == ["我来", "在的"]
    # Repeated, it is what was said, whatever has come since.
    sending.reply(conversation, chen, [{"kind": "text", "text": "好"}], uuid4())
    assert desk.post(url, again).status_code == 200


def test_ones_own_words_events_and_notes_are_no_news(desk, converse, lin, chen):
    conversation = converse()
    url, seen = f"/conversations/{conversation.pk}/messages/", Message.objects.get().pk
    sending.reply(conversation, lin, [{"kind": "text", "text": "您好"}], uuid4())
    notes.write(conversation, chen, "老客户", uuid4())

    sent = {"text": "在的", "client_uuid": uuid4(), "seen": seen}
    assert desk.post(url, sent).status_code == 200


@pytest.mark.parametrize("seen", ["", "abc", "-1", "9" * 40])
def test_what_a_browser_says_it_has_seen_may_be_anything(desk, url, seen):
    sent = {"text": "在的", "client_uuid": uuid4(), "seen": seen}
    assert desk.post(url, sent).status_code == 200
