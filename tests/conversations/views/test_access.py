"""Who may come in, and what merely looking changes: nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client

from conversations import handling

ADDRESSES = [
    "/",
    "/inbox/?view=waiting",
    "/answers/",
    "/events/?after=0",
    "/conversations/{pk}/",
    "/conversations/{pk}/messages/",
    "/conversations/{pk}/quick-replies/",
]
CHANGES = [
    ("post", "/conversations/{pk}/messages/"),
    ("post", "/conversations/{pk}/messages/{message}/settlement/"),
    ("post", "/conversations/{pk}/assignment/"),
    ("delete", "/conversations/{pk}/assignment/"),
    ("post", "/conversations/{pk}/closure/"),
    ("delete", "/conversations/{pk}/closure/"),
    ("post", "/conversations/{pk}/reading/"),
    ("post", "/conversations/{pk}/picks/"),
    ("put", "/conversations/{pk}/draft/"),
]


def everything() -> dict[str, list[dict]]:
    """Return every row of ours, sessions left out: a visit may renew one."""
    models = [
        *apps.get_app_config("conversations").get_models(),
        *apps.get_app_config("agents").get_models(),
    ]
    return {str(model): list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_guest_is_asked_to_sign_in(client: Client, converse, address):
    response = client.get(address.format(pk=converse().pk))
    assert response.status_code == 302
    assert response.url.startswith("/login/")


@pytest.mark.parametrize(("verb", "address"), CHANGES)
def test_a_guest_changes_nothing(client: Client, converse, verb, address):
    conversation = converse()
    before = everything()
    address = address.format(pk=conversation.pk, message=conversation.last_message_id)
    data = {"text": "在的", "client_uuid": uuid4(), "action": "again"}
    response = (
        client.post(address, data)
        if verb == "post"
        else (getattr(client, verb)(address, "text=1"))
    )
    assert response.status_code == 302
    assert everything() == before


def test_somebody_who_was_switched_off_is_a_guest(desk, converse, lin):
    lin.is_active = False
    lin.save()
    assert desk.get("/inbox/?view=waiting").status_code == 302


@pytest.mark.parametrize("address", [*ADDRESSES, *sorted({url for _, url in CHANGES})])
def test_looking_changes_nothing(desk, converse, lin, address):
    conversation = converse(unread=2)
    handling.claim(conversation, lin)
    before = everything()
    message = conversation.last_message_id
    response = desk.get(address.format(pk=conversation.pk, message=message))
    assert response.status_code in (200, 302, 405)
    assert everything() == before


@pytest.mark.parametrize(("verb", "address"), CHANGES)
def test_a_change_from_another_site_is_refused(converse, lin, verb, address):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(lin)
    conversation = converse()
    before = everything()
    message = conversation.last_message_id
    address = address.format(pk=conversation.pk, message=message)
    assert getattr(browser, verb)(address).status_code == 403
    assert everything() == before
