"""Queries and forms nobody meant: answered in an orderly way, and nothing comes of them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from agents.models import Agent
from conversations.models import Customer, Draft, Message
from tests.routes import Examples

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]

INJECTED = [
    "' OR '1'='1",
    "1; DROP TABLE conversations_message--",
    "waiting') UNION SELECT password FROM agents_agent--",
    '"; SELECT pg_sleep(9)--',
    "%' ESCAPE '\\' OR 1=1--",
    "mini_program__app_secret__startswith",
    "-app_secret",
    "customer__openid",
    "%s%(pk)s{0}{pk}",
    "\x00",
    "a\x00b",
    "9" * 30,
    "-1",
    "1e9",
    "NaN",
    "0x10",
    "１２",
    "[]",
    "{}",
    "null",
    "true",
    "",
    " ",
    "🙂" * 300,
]
# What our pages and the admin's lists go by, and what they must not go by.
NAMES = [
    *("view", "after", "before", "mini_program", "looking_at"),
    *("q", "o", "p", "all", "e", "_popup", "_to_field", "ot", "next"),
    *("mode__exact", "active__exact", "outcome__exact", "mini_program__id__exact"),
    *("mini_program__app_secret__startswith", "password__startswith", "pk__in"),
    *("text__regex", "id__gt", "received_at__gte", "kind[]", "view[$ne]"),
]
values = (
    st.sampled_from(INJECTED)
    | st.sampled_from(INJECTED).map("waiting,2026-03-04T12:00:00Z,{}".format)
    | st.text(st.characters(codec="utf-8"), max_size=40)
)
queries = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values)
whatever = trying(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def examples(xiaoming, lin) -> Examples:
    return Examples(xiaoming, lin)


@pytest.fixture
def wus(wu: Agent) -> Client:
    return browser(wu)


@pytest.fixture
def lins(lin: Agent) -> Client:
    return browser(lin)


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def orderly(answer: Any) -> bool:
    return answer.status_code in (200, 204, 302, 400, 403, 404, 405, 409, 422)


READS = [
    *("inbox/", "events/", "answers/", "pauses/", "admin/", "admin/search/"),
    *("conversations/<int:pk>/", "conversations/<int:pk>/messages/"),
    *("conversations/<int:pk>/pages/", "admin/agents/agent/"),
    *("admin/conversations/miniprogram/", "admin/conversations/autoreplyrule/"),
    *("admin/conversations/receivedpush/", "admin/conversations/cannedanswer/"),
]


@whatever
@given(route=st.sampled_from(READS), query=queries)
@example(route="admin/conversations/receivedpush/", query={"o": "1.-2.3", "q": "\x00"})
@example(route="inbox/", query={"view": "waiting", "after": "waiting,9999,\x00"})
def test_no_query_breaks_a_page(examples, wus, route, query):
    answer = wus.get(examples.path(route), query)
    assert orderly(answer)
    assert "an-app-secret" not in answer.text


def test_what_the_desk_goes_by_takes_anything(examples, wus):
    thread = examples.path("conversations/<int:pk>/messages/")
    asked = [
        *(("/inbox/", {"view": "all"}, name) for name in ("view", "after")),
        ("/inbox/", {"view": "all"}, "mini_program"),
        *(("/events/", {"after": "0"}, name) for name in ("after", "looking_at")),
        ("/events/", {"after": "0"}, "mini_program"),
        (thread, {}, "before"),
    ]
    for path, query, name in asked:
        for value in INJECTED:
            assert orderly(wus.get(path, {**query, name: value})), (path, name, value)


@pytest.mark.parametrize("field", ["app_secret", "push_token", "encoding_aes_key"])
def test_a_secret_is_not_told_letter_by_letter(wus, mini_program, field):
    """As by a list that shows whether what was asked for is its beginning."""
    address, secret = "/admin/conversations/miniprogram/", getattr(mini_program, field)
    told = []
    for value in (secret[:3], "zzz"):
        answer = wus.get(address, {f"{field}__startswith": value}, follow=True)
        assert orderly(answer)
        told.append((answer.status_code, "云课堂" in answer.text))
    assert told[0] == told[1]


# Forms.

WRITES = {
    "messages/": ["text", "client_uuid", "split", "answer", "version"],
    "links/": ["title", "description", "url", "thumb_url", "client_uuid"],
    "cards/": ["title", "page_path", "appid", "page", "client_uuid"],
    "images/": ["image", "client_uuid"],
    "picks/": ["answer", "version"],
    "splitting/": ["text"],
}


@whatever
@given(
    where=st.sampled_from([*WRITES]),
    form=st.dictionaries(st.sampled_from(sorted(sum(WRITES.values(), []))), values),
)
@example(where="messages/", form={"text": "a\x00b", "client_uuid": str(UUID(int=1))})
@example(where="picks/", form={"answer": "9" * 30, "version": "9" * 30})
@example(where="cards/", form={"page": "9" * 30})
def test_no_form_is_confused_by_what_stands_in_it(examples, lins, where, form):
    path = f"/conversations/{examples.conversation.pk}/{where}"
    assert orderly(lins.post(path, form))


OBJECTS = [
    {"text": {"$ne": ""}, "client_uuid": {}},
    {"text": ["在的"], "client_uuid": [1]},
    ["text"],
    "text",
    None,
    5,
]


def test_an_object_where_words_belong_says_nothing(examples, lins):
    path = f"/conversations/{examples.conversation.pk}/"
    for where in WRITES:
        for body in OBJECTS:
            answer = lins.post(path + where, body, content_type="application/json")
            assert answer.status_code == 422, (where, body)
    assert Message.objects.filter(author="agent").count() == 1


def test_a_file_where_words_belong_and_words_where_a_file_does(examples, lins):
    path = f"/conversations/{examples.conversation.pk}"
    file = SimpleUploadedFile("a.txt", b"text")
    sent = {"text": file, "client_uuid": uuid4()}
    assert lins.post(f"{path}/messages/", sent).status_code == 422
    sent = {"image": "a.jpg", "client_uuid": uuid4()}
    assert lins.post(f"{path}/images/", sent).status_code == 422
    assert Message.objects.filter(author="agent").count() == 1


def test_a_field_nobody_asked_for_changes_nothing(examples, lin, lins):
    more = {
        "author": "customer",
        "agent": "1",
        "state": "sent",
        "customer": "1",
        "is_staff": "on",
        "is_superuser": "on",
        "pk": "1",
    }
    path = f"/conversations/{examples.conversation.pk}"
    sent = {"text": "在的", "client_uuid": uuid4(), **more}
    assert lins.post(f"{path}/messages/", sent).status_code == 200
    message = Message.objects.latest("pk")
    assert (message.author, message.agent) == ("agent", lin)
    assert message.customer == Customer.objects.get()
    assert message.delivery.state == "queued"

    account = {"display_name": "Lin L.", "language": "en", "theme": "dark", **more}
    assert lins.post("/settings/profile/", account).status_code == 302
    lin.refresh_from_db()
    assert lin.display_name == "Lin L."
    assert (lin.is_staff, lin.is_superuser) == (False, False)


def test_a_draft_may_say_anything_a_database_takes(examples, lins):
    path = f"/conversations/{examples.conversation.pk}/draft/"
    for value in [*INJECTED, "%ED%A0%80", "%FF", "%00"]:
        body = f"text={value}".encode()
        assert orderly(lins.put(path, body, "application/x-www-form-urlencoded"))
    assert Draft.objects.count() <= 1


# What stands between a query and SQL.

RAW = {"RawSQL", "extra", "raw"}
# Put together from our own pieces. What was given goes beside them, as parameters.
OF_OUR_OWN = {
    "tallies.py: cursor.execute(f\"SELECT {', '.join(statements.values())}\", params)",
    "search_index.py: cursor.execute(sql.format(table=table), [query, before, limit])",
}


def test_nothing_writes_sql_from_what_it_was_given():
    found = []
    for folder in ("agents", "console", "conversations"):
        for path in (ROOT / folder).rglob("*.py"):
            # The simulator has a database of its own; a migration is given nothing.
            if not {"simulator", "migrations"} & set(path.parts):
                found += [f"{path.name}: {one}" for one in raw_sql(path.read_text())]
    assert set(found) == OF_OUR_OWN


def test_the_test_would_find_it():
    for line in (
        "Message.objects.extra(where=[x])",
        "Message.objects.raw(x)",
        "RawSQL(x, ())",
        "cursor.execute(f'SELECT {x}')",
        "cursor.execute('SELECT %s' % x)",
        "cursor.execute('SELECT ' + x)",
        "rows.filter(**request.GET)",
        "rows.order_by(request.GET['o'])",
    ):
        assert raw_sql(line) != [], line


def raw_sql(source: str) -> list[str]:
    """Return the calls that could carry somebody's text into SQL."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _is_raw(node)
    ]


def _is_raw(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", "") or getattr(call.func, "id", "")
    if name in RAW:
        return True
    if name == "execute" and call.args:
        return not isinstance(call.args[0], ast.Constant | ast.Name)
    # Names of fields, which the ORM takes for such.
    names = [word.value for word in call.keywords if word.arg is None]
    if name in {"order_by", "values", "values_list"}:
        names += call.args
    return any("request." in ast.unparse(one) for one in names)
