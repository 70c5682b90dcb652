"""Who may go where: every address for every kind of visitor."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from django.test import Client

from agents.models import Agent
from conversations.simulator import urls as simulator_urls
from tests.conftest import Xiaoming
from tests.routes import Examples, routes

pytestmark = pytest.mark.django_db


class Statuses(NamedTuple):
    guest: int
    agent: int
    supervisor: int


class Access(NamedTuple):
    get: Statuses
    post: Statuses


SIGN_IN = 302  # to the sign-in page
FORBIDDEN = 403
NO_SUCH_METHOD = 405
UNUSABLE = 422  # an empty form

open_to_all = Access(Statuses(200, 200, 200), Statuses(405, 405, 405))
people_read = Access(Statuses(SIGN_IN, 200, 200), Statuses(SIGN_IN, 405, 405))
people_send = Access(Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 422, 422))


def supervisors(get: int = 200, post: int = 200) -> Access:
    return Access(Statuses(SIGN_IN, FORBIDDEN, get), Statuses(SIGN_IN, FORBIDDEN, post))


def rows(app: str, model: str, *, deletable: bool) -> dict[str, Access]:
    """The addresses that the admin has for a model."""
    deleting = 200 if deletable else FORBIDDEN
    return {
        f"admin/{app}/{model}/": supervisors(),
        f"admin/{app}/{model}/add/": supervisors(),
        f"admin/{app}/{model}/<path:object_id>/": supervisors(302, 302),
        f"admin/{app}/{model}/<path:object_id>/change/": supervisors(),
        f"admin/{app}/{model}/<path:object_id>/history/": supervisors(),
        f"admin/{app}/{model}/<path:object_id>/delete/": supervisors(
            deleting, deleting
        ),
    }


# An address that isn't here fails: say who may go there, then add it.
MATRIX = {
    "healthz": open_to_all,
    "metrics": Access(Statuses(404, 404, 404), Statuses(405, 405, 405)),  # No token
    "readyz": Access(Statuses(503, 503, 503), Statuses(405, 405, 405)),  # No worker
    # People.
    "login/": Access(Statuses(200, 302, 302), Statuses(200, 302, 302)),
    "logout/": Access(Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 302, 302)),
    "settings/": people_read,
    "settings/profile/": people_send,
    "settings/writing/": people_send,
    "settings/alerts/": people_send,
    "settings/password/": people_send,
    "settings/sessions/": people_send,
    "account/": Access(Statuses(SIGN_IN, 302, 302), Statuses(SIGN_IN, 302, 302)),
    "set-password/<str:uidb64>/<str:token>/": Access(
        Statuses(200, 200, 200), Statuses(422, 422, 422)
    ),
    # The desk.
    "": Access(Statuses(SIGN_IN, 302, 302), Statuses(SIGN_IN, 405, 405)),
    "inbox/": people_read,
    "inbox/choices/": people_read,
    "inbox/bulk/": people_send,
    "inbox/views/": people_send,
    # Somebody else's
    "inbox/views/<int:view_pk>/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 404, 404)
    ),
    "answers/": people_read,
    "answers/own/": Access(Statuses(SIGN_IN, 200, 200), Statuses(SIGN_IN, 422, 422)),
    "answers/own/order/": people_send,
    # Somebody else's.
    "answers/own/<int:answer_pk>/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 404, 404)
    ),
    "search/": people_read,
    "events/": Access(Statuses(SIGN_IN, 400, 400), Statuses(SIGN_IN, 405, 405)),
    "pauses/": people_read,
    "pauses/<int:mini_program_pk>/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, FORBIDDEN, 204)
    ),
    "conversations/<int:pk>/": people_read,
    "conversations/<int:pk>/messages/": Access(
        Statuses(SIGN_IN, 200, 200), Statuses(SIGN_IN, 422, 422)
    ),
    "conversations/<int:pk>/messages/<int:message_pk>/settlement/": people_send,
    "conversations/<int:pk>/messages/<int:message_pk>/attempts/": people_read,
    "conversations/<int:pk>/images/": people_send,
    # Of a message that has none.
    "conversations/<int:pk>/pictures/<int:message_pk>/": Access(
        Statuses(SIGN_IN, 404, 404), Statuses(SIGN_IN, 404, 404)
    ),
    "conversations/<int:pk>/pictures/<int:message_pk>/thumb/": Access(
        Statuses(SIGN_IN, 404, 404), Statuses(SIGN_IN, 405, 405)
    ),
    "conversations/<int:pk>/pages/<int:page_pk>/cover/": Access(
        Statuses(SIGN_IN, 404, 404), Statuses(SIGN_IN, 405, 405)
    ),
    "conversations/<int:pk>/assignment/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 200, 200)
    ),
    "conversations/<int:pk>/snooze/": Access(  # Till no time
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 409, 409)
    ),
    "conversations/<int:pk>/pin/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 204, 204)
    ),
    "conversations/<int:pk>/closure/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 200, 200)
    ),
    "conversations/<int:pk>/transfer/": Access(
        Statuses(SIGN_IN, 200, 200), Statuses(SIGN_IN, 422, 422)
    ),
    "conversations/<int:pk>/transfer/<int:line_pk>/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 200, 200)
    ),
    "conversations/<int:pk>/note/": Access(
        Statuses(SIGN_IN, 200, 200), Statuses(SIGN_IN, 422, 422)
    ),
    "conversations/<int:pk>/mentions/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 200, 200)
    ),
    "mentions/": people_read,
    "availability/": people_send,
    "conversations/<int:pk>/reading/": people_send,
    "conversations/<int:pk>/quick-replies/": people_read,
    "conversations/<int:pk>/picks/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 422, 422)
    ),
    "conversations/<int:pk>/draft/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 405, 405)
    ),
    "conversations/<int:pk>/splitting/": people_send,
    "conversations/<int:pk>/links/": people_send,
    "conversations/<int:pk>/cards/": people_send,
    "conversations/<int:pk>/pages/": people_read,
    # The panel.
    "tags/": people_read,
    "conversations/<int:pk>/panel/": people_read,
    "conversations/<int:pk>/panel/entries/": people_read,
    "conversations/<int:pk>/panel/history/": people_read,
    # A blank one takes the name away.
    "conversations/<int:pk>/remark/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 200, 200)
    ),
    "conversations/<int:pk>/tags/": people_send,
    "conversations/<int:pk>/tags/<int:tag_pk>/": Access(
        Statuses(SIGN_IN, 405, 405), Statuses(SIGN_IN, 405, 405)
    ),
    "conversations/<int:pk>/block/": people_send,
    # The admin.
    "admin/": supervisors(),
    "admin/search/": supervisors(),
    "admin/login/": Access(Statuses(302, 302, 302), Statuses(302, 302, 302)),
    "admin/logout/": supervisors(405, 302),
    "admin/password_change/": supervisors(302, 302),
    "admin/password_change/done/": supervisors(200, 405),
    "admin/autocomplete/": supervisors(FORBIDDEN, 405),  # Of nothing in particular
    "admin/jsi18n/": supervisors(200, 405),
    "admin/^(?P<app_label>agents|conversations)/$": supervisors(),
    "admin/(?P<url>.*)$": supervisors(404, 404),
    **rows("agents", "agent", deletable=False),
    "admin/agents/agent/<path:object_id>/new_link/": supervisors(),
    **rows("conversations", "cannedanswer", deletable=True),
    **rows("conversations", "entrance", deletable=True),
    "admin/conversations/entrance/<path:object_id>/contact-button/": supervisors(),
    **rows("conversations", "page", deletable=True),
    **rows("conversations", "tag", deletable=True),
    "admin/conversations/page/<path:object_id>/cover/": supervisors(404, 404),  # None
    **{
        **rows("conversations", "desksettings", deletable=False),
        "admin/conversations/desksettings/": supervisors(302, 302),  # To its only row
        "admin/conversations/desksettings/add/": supervisors(FORBIDDEN, FORBIDDEN),
    },
    **rows("conversations", "miniprogram", deletable=False),
    "admin/conversations/miniprogram/<path:object_id>/check/": supervisors(200, 302),
    "admin/conversations/miniprogram/<path:object_id>/new_keys/": supervisors(),
    "admin/conversations/miniprogram/<path:object_id>/new_relay_secret/": supervisors(),
    **rows("conversations", "autoreplyrule", deletable=True),
    **{
        **rows("conversations", "receivedpush", deletable=False),
        "admin/conversations/receivedpush/add/": supervisors(FORBIDDEN, FORBIDDEN),
        "admin/conversations/receivedpush/<path:object_id>/change/": supervisors(
            200, 302
        ),
    },
}

# The methods that some addresses know besides.
MORE = {
    ("delete", "conversations/<int:pk>/assignment/"): 200,
    ("delete", "conversations/<int:pk>/closure/"): 200,
    ("delete", "conversations/<int:pk>/snooze/"): 200,
    ("delete", "conversations/<int:pk>/pin/"): 204,
    ("delete", "inbox/views/<int:view_pk>/"): 404,
    ("put", "conversations/<int:pk>/draft/"): 204,
    ("delete", "conversations/<int:pk>/tags/<int:tag_pk>/"): 200,
    ("delete", "conversations/<int:pk>/block/"): 200,
    ("delete", "answers/own/<int:answer_pk>/"): 404,
}

# Open to whoever reaches it, and there only while the simulator is on.
SIMULATOR = {"", "customers/", "customers/<str:openid>/<str:act>/"}


@pytest.fixture
def examples(xiaoming, lin) -> Examples:
    return Examples(xiaoming, lin)


@pytest.fixture
def zhao(db) -> Agent:
    """Was a supervisor; their access has ended, their browser is still signed in."""
    return Agent.objects.create_user("zhao", password="-", is_staff=True)


def browser(agent: Agent | None) -> Client:
    client = Client()
    if agent:
        client.force_login(agent)
    return client


def test_every_address_has_its_place_in_the_matrix():
    assert set(routes()) == set(MATRIX)
    assert {str(one.pattern) for one in simulator_urls.urlpatterns} == SIMULATOR


def test_without_the_simulator_there_is_no_phone(client, settings):
    assert not settings.WECHAT_SIMULATOR
    assert client.get("/simulator/").status_code == 404
    assert client.post("/simulator/customers/").status_code == 404


def test_everyone_gets_what_the_matrix_says(examples, chen, wu):
    visitors = [(browser(None), None), (browser(None), chen), (browser(None), wu)]

    def ask(method: str, path: str) -> Statuses:
        statuses = []
        for client, agent in visitors:
            if agent:  # Each time: one of the addresses signs out
                client.force_login(agent)
            statuses.append(getattr(client, method)(path).status_code)
        return Statuses(*statuses)

    differs = {}
    for route, expected in MATRIX.items():
        path = examples.path(route)
        got = Access(ask("get", path), ask("post", path))
        if got != expected:
            differs[route] = got
    assert differs == {}


def test_what_asks_guests_to_sign_in_sends_them_to_the_sign_in(examples):
    guest = browser(None)
    for route, access in MATRIX.items():
        answer = guest.get(examples.path(route))
        if access.get.guest == SIGN_IN:
            assert answer.url.startswith(("/login/", "/admin/login/")), route


def test_zhao_whose_access_has_ended_is_a_guest(examples, zhao):
    client = browser(zhao)
    zhao.is_active = False
    zhao.save()
    for route, expected in MATRIX.items():
        path = examples.path(route)
        assert client.get(path).status_code == expected.get.guest, route
        assert client.post(path).status_code == expected.post.guest, route


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_do_nothing_but_where_they_are_known(examples, chen, method):
    guest, agent = browser(None), browser(chen)
    for route in MATRIX:
        path, known = examples.path(route), MORE.get((method, route))
        assert getattr(guest, method)(path).status_code in (200, 302, 405), route
        status = getattr(agent, method)(path).status_code
        assert status == known if known else status in (302, 403, 405), route


def test_what_isnt_there_is_said_to_people_and_not_to_guests(examples, lin):
    missing = [
        re.sub(r"<int:\w+>", "1", route.replace("<int:pk>", "999999"))
        for route in MATRIX
        if "<int:pk>" in route
    ]
    assert missing
    guest, agent = browser(None), browser(lin)
    for path in missing:
        assert agent.get(f"/{path}").status_code in (404, 405), path
        assert agent.post(f"/{path}").status_code in (404, 405), path
        assert guest.get(f"/{path}").status_code == SIGN_IN, path


def test_without_a_seat_no_conversation_is_there(examples):
    client = browser(Agent.objects.create_user("unseated", password="-"))
    theirs = [route for route in MATRIX if "<int:pk>" in route]
    for route in theirs:
        path = examples.path(route)
        for method in ("get", "post", "put", "delete"):
            assert getattr(client, method)(path).status_code in (404, 405), path
    assert client.get("/inbox/?view=all").text.count("data-conversation") == 0
    assert client.get("/events/?after=0").json()["frames"][:-1] == []  # And counts


def test_a_message_is_found_only_under_its_own_customer(examples, mini_program, lin):
    other = Xiaoming(mini_program, "oSomebodyElse")
    other.writes("在吗")
    path = f"/conversations/{other.conversation.pk}/messages/{examples.message.pk}/"
    answer = browser(lin).post(f"{path}settlement/", {"action": "again"})
    assert answer.status_code == 404
