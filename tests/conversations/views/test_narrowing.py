"""What the list is narrowed to, and the views kept by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import (
    CustomerTag,
    Delivery,
    DeskSettings,
    Entrance,
    SavedView,
    Tag,
)
from tests.conversations.views.conftest import say
from tests.conversations.views.test_inbox import rows


def listed(desk, query: str) -> list[int]:
    return rows(desk.get(f"/inbox/?{query}").text)


def window(conversation, *, hours: float, used: int = 0) -> None:
    """Have the customer's window end in some hours."""
    customer = conversation.customer
    now = timezone.now()
    customer.message_granted_at = now - timedelta(hours=48 - hours)
    customer.window_closes_at = now + timedelta(hours=hours)
    customer.message_used = used
    customer.save()


def fail(conversation, state: str = "failed") -> None:
    message = say(conversation, 5, "在的", author="agent")
    Delivery.objects.create(
        message=message,
        customer=conversation.customer,
        state=state,
        not_before=timezone.now(),
        settled_at=timezone.now(),
    )
    say(conversation, 6, "好")  # So the last message is another


def test_closing_soon_shows_whose_time_runs_out_first(desk, converse, chen):
    later, sooner, long = (converse(at=at) for at in range(3))
    for conversation, hours in [(later, 5), (sooner, 1), (long, 20)]:
        window(conversation, hours=hours)
    answered = converse(waits=False, assignee=chen)
    window(answered, hours=1)
    over = converse()
    window(over, hours=-1)
    assert listed(desk, "view=closing") == [sooner.pk, later.pk]

    DeskSettings.objects.create(pk=1, closing_soon_hours=24)
    assert listed(desk, "view=closing") == [sooner.pk, later.pk, long.pk]


def test_closing_soon_is_paged_like_the_others(desk, converse, monkeypatch):
    from conversations.views import pages
    from tests.conversations.views.test_inbox import walk

    monkeypatch.setattr(pages, "PAGE", 3)
    closing = [converse(at=at) for at in range(10)]
    for number, conversation in enumerate(closing):
        window(conversation, hours=1 + number // 3)
    assert sorted(walk(desk, "closing")) == [one.pk for one in closing]


def test_filters_hold_all_at_once(desk, converse, mini_program, lin, chen):
    order = Entrance.objects.create(
        mini_program=mini_program, pattern="order", label="订单"
    )
    vip = Tag.objects.create(name="贵宾")
    plain, entered, tagged, both, theirs = (converse(at=at) for at in range(5))
    for one in (entered, both):
        one.entrance = order
        one.save()
    for one in (tagged, both):
        CustomerTag.objects.create(customer=one.customer, tag=vip)
    theirs.assignee = chen
    theirs.save()
    for query, expected in [
        (f"entrance={order.pk}", {entered, both}),
        (f"tag={vip.pk}", {tagged, both}),
        (f"tag={vip.pk}&entrance={order.pk}", {both}),
        (f"assignee={chen.pk}", {theirs}),
        ("assignee=none", {plain, entered, tagged, both}),
        (f"assignee={chen.pk}&tag={vip.pk}", set()),
        (
            "entrance=&tag=x&window=ajar&failed=maybe",
            {plain, entered, tagged, both, theirs},
        ),
    ]:
        found = listed(desk, f"view=all&{query}")
        assert sorted(found) == sorted(one.pk for one in expected), query


def test_the_window_filter_knows_four_states(desk, converse):
    fresh, soon, spent, over = (converse(at=at) for at in range(4))
    window(fresh, hours=40)
    window(soon, hours=2)
    window(spent, hours=40, used=5)
    window(over, hours=-1)
    for state, expected in [
        ("open", [soon.pk, fresh.pk]),
        ("closing", [soon.pk]),
        ("spent", [spent.pk]),
        ("closed", [over.pk]),
    ]:
        assert listed(desk, f"view=all&window={state}") == expected, state
        for one in (fresh, soon, spent, over):
            standing = one.customer.standing
            if state == "spent":
                fits = standing.is_open and not standing.left
            elif state == "closed":
                fits = not standing.is_open
            else:
                continue
            assert fits == (one.pk in expected)


@pytest.mark.parametrize("state", ["failed", "unconfirmed"])
def test_a_failure_shows_wherever_it_is_in_the_conversation(desk, converse, state):
    converse()
    conversation = converse()
    fail(conversation, state)
    assert listed(desk, "view=all&failed=1") == [conversation.pk]
    html = desk.get("/inbox/?view=all").text
    assert html.count('class="row__failed"') == 1

    Delivery.objects.update(state="sent")
    assert listed(desk, "view=all&failed=1") == []


def test_what_it_is_narrowed_to_stands_over_the_list(desk, converse, chen):
    converse()
    html = desk.get(f"/inbox/?view=all&assignee={chen.pk}&window=closed").text
    assert 'data-unset="assignee"' in html
    assert "Chen" in html
    assert 'data-unset="window"' in html
    assert f'data-query="view=all&amp;assignee={chen.pk}&amp;window=closed"' in html
    assert " data-filtered" in html


def test_lin_keeps_a_view_by_name_and_chen_does_not_see_it(
    desk, client, converse, chen
):
    given = {"name": "退款", "query": "view=all&window=closed&junk=1"}
    assert desk.post("/inbox/views/", given).status_code == 204
    [saved] = SavedView.objects.all()
    assert saved.query == "view=all&window=closed"
    assert "退款" in desk.get("/inbox/?view=all").text

    desk.post(f"/inbox/views/{saved.pk}/", {"name": "已过期"})
    assert "已过期" in desk.get("/inbox/").text
    client.force_login(chen)
    assert "已过期" not in client.get("/inbox/").text
    assert client.delete(f"/inbox/views/{saved.pk}/").status_code == 404


def test_wu_keeps_a_view_for_all_and_lin_cannot(desk, client, lin, wu):
    given = {"name": "急", "query": "view=closing", "shared": "1"}
    assert desk.post("/inbox/views/", given).status_code == 403
    client.force_login(wu)
    assert client.post("/inbox/views/", given).status_code == 204
    [saved] = SavedView.objects.filter(owner=None)
    client.force_login(lin)
    assert "急" in client.get("/inbox/").text
    assert client.post(f"/inbox/views/{saved.pk}/", {"name": "慢"}).status_code == 403
    assert client.delete(f"/inbox/views/{saved.pk}/").status_code == 403


def test_saved_views_change_places(desk):
    for name in ("一", "二", "三"):
        desk.post("/inbox/views/", {"name": name, "query": "view=all"})
    last = SavedView.objects.get(name="三")
    desk.post(f"/inbox/views/{last.pk}/", {"move": "up"})
    desk.post(f"/inbox/views/{last.pk}/", {"move": "up"})
    desk.post(f"/inbox/views/{last.pk}/", {"move": "up"})
    assert [one.name for one in SavedView.objects.all()] == ["三", "一", "二"]


@pytest.mark.parametrize(
    "given",
    [
        {"name": "", "query": "view=all"},
        {"name": "一" * 21, "query": "view=all"},
        {"name": "好", "query": "view=everything"},
        {"name": "好", "query": ""},
    ],
)
def test_what_is_no_view_is_not_kept(desk, given):
    assert desk.post("/inbox/views/", given).status_code == 422
    assert not SavedView.objects.exists()


def test_the_choices_offer_what_there_is(desk, converse, mini_program, chen):
    Entrance.objects.create(mini_program=mini_program, pattern="order", label="订单")
    Tag.objects.create(name="贵宾")
    html = desk.get("/inbox/choices/?view=all&window=spent").text
    for words in ("订单", "贵宾", "Chen", 'value="spent" selected'):
        assert words in html
