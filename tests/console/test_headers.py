"""What every answer bears, whoever asks for whatever, and what no GET does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client

from agents.models import Agent
from conversations import hub
from tests.routes import Examples, patterns, routes

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}
# The admin's widgets compile their expressions in the browser, and place by style.
ADMIN_POLICY = {
    **POLICY,
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
}


@pytest.fixture
def examples(xiaoming, lin) -> Examples:
    return Examples(xiaoming, lin)


def browser(agent: Agent | None, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    if agent:
        client.force_login(agent)
    return client


def policy(answer: HttpResponse) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split(";")
    return dict(one.strip().split(" ", 1) for one in directives)


def assert_dressed(answer: HttpResponse, where: str) -> None:
    headers = answer.headers
    expected = [POLICY]
    if where.startswith(("/admin/", "admin/")):
        expected.append(ADMIN_POLICY)
    assert policy(answer) in expected, where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["X-Frame-Options"] == "DENY", where
    assert headers["Referrer-Policy"] == "same-origin", where
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert "no-store" in headers["Cache-Control"], where
    assert "camera=()" in headers["Permissions-Policy"], where
    allowed = [name for name in headers if name.startswith("Access-Control-")]
    assert allowed == [], where
    assert "Server" not in headers, where


@pytest.mark.parametrize("who", ["guest", "chen", "wu"])
def test_every_answer_is_dressed(examples, chen, wu, who):
    client = browser({"chen": chen, "wu": wu}.get(who))
    foreign = {"Origin": "https://evil.example", "Host": "testserver"}
    for route in routes():
        path = examples.path(route)
        for method in ("get", "post", "options"):
            answer = getattr(client, method)(path, headers=foreign)
            assert answer.status_code < 500 or route == "readyz", (method, path)
            assert_dressed(answer, path)
            if client.session.is_empty() and who != "guest":
                client.force_login({"chen": chen, "wu": wu}[who])


def test_a_page_that_isnt_there_is_dressed(lin):
    for client in (browser(None), browser(lin)):
        for path in ("/nothing/", "/conversations/999999/", "/static/nothing.js"):
            answer = client.get(path)
            assert answer.status_code in (302, 404)
            assert_dressed(answer, path)


def test_an_error_is_dressed_and_says_nothing(lin, monkeypatch):
    monkeypatch.setattr(hub, "frames_after", lambda *_: 1 / 0)
    answer = browser(lin).get("/events/?after=0")
    assert answer.status_code == 500
    assert_dressed(answer, "/events/")
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text


def test_a_form_gone_stale_is_dressed(lin):
    answer = browser(lin, enforce_csrf_checks=True).post("/logout/")
    assert answer.status_code == 403
    assert_dressed(answer, "/logout/")


def test_another_host_is_refused(lin):
    answer = browser(lin).get("/inbox/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert_dressed(answer, "/inbox/")


@pytest.mark.urls("tests.conversations.simulator.urls")
def test_the_phones_are_dressed():
    for path in (
        "/simulator/",
        "/simulator/customers/",
        "/simulator/customers/o/text/",
    ):
        for method in ("get", "post"):
            assert_dressed(getattr(browser(None), method)(path), path)


def test_the_admins_looser_policy_stays_in_the_admin(examples, wu):
    client = browser(wu)
    assert policy(client.get("/admin/")) == ADMIN_POLICY
    assert policy(client.get("/inbox/")) == POLICY
    assert policy(client.get("/settings/")) == POLICY


def test_cookies_are_for_us_alone(client, lin):
    fields = {"username": "lin", "password": "lin-password"}
    cookies = client.post("/login/", fields).cookies
    session = next(morsel for name, morsel in cookies.items() if "session" in name)
    assert (session["httponly"], session["samesite"], session["path"]) == (
        True,
        "Lax",
        "/",
    )
    assert all(morsel["samesite"] == "Lax" for morsel in cookies.values())


# Forms from elsewhere.


def test_nothing_is_exempt_from_the_csrf_check():
    exempt = [
        route
        for route, pattern in patterns()
        if getattr(pattern.callback, "csrf_exempt", False)
    ]
    assert exempt == []


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_address_takes_a_change_without_a_token(examples, wu, method):
    browsers = [browser(agent, enforce_csrf_checks=True) for agent in (wu, None)]
    before = everything()
    for route in routes():
        for client in browsers:
            answer = getattr(client, method)(examples.path(route))
            assert answer.status_code == 403, route
    assert everything() == before


def test_a_token_is_no_use_to_another_site(lin):
    client = browser(lin, enforce_csrf_checks=True)
    page = client.get("/settings/")
    token = page.context["csrf_token"]
    path = "/settings/profile/"
    fields = {"display_name": "Mallory", "language": "en", "theme": "auto"}
    for origin, status in [("https://evil.example", 403), ("http://testserver", 302)]:
        headers = {"Origin": origin, "X-CSRFToken": str(token)}
        assert client.post(path, fields, headers=headers).status_code == status


# Looking.


@pytest.mark.parametrize("who", ["guest", "chen", "wu"])
def test_looking_changes_nothing(examples, chen, wu, who):
    client = browser({"chen": chen, "wu": wu}.get(who))
    before = everything()
    for route in routes():
        for method in ("get", "head", "options"):
            getattr(client, method)(examples.path(route))
        assert everything() == before, route


def everything() -> dict[str, list[Any]]:
    """Return every row but the sessions: a visit may renew one."""
    return dict(_tables())


def _tables() -> Iterator[tuple[str, list[Any]]]:
    for model in apps.get_models():
        if model is not Session and model._meta.managed:
            yield model._meta.label, list(model.objects.order_by("pk").values_list())
