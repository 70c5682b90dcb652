"""The tags there are, kept by supervisors."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations import customers
from conversations.models import LiveEvent, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client, wu) -> Client:
    client.force_login(wu)
    return client


def redrawn() -> bool:
    return LiveEvent.objects.filter(kind="programs").exists()


def test_a_new_tag_stands_behind_the_others(office):
    Tag.objects.create(name="老客户", position=0)
    office.post("/admin/conversations/tag/add/", {"name": "退款中", "colour": "red"})
    assert [tag.name for tag in Tag.objects.all()] == ["老客户", "退款中"]
    assert not redrawn()


def test_a_tag_renamed_is_renamed_on_every_desk(office, xiaoming):
    tag = Tag.objects.create(name="老客户")
    xiaoming.writes("在吗")
    customers.tag(xiaoming.customer, tag)
    office.post(
        f"/admin/conversations/tag/{tag.pk}/change/",
        {"name": "熟客", "colour": "blue"},
    )
    assert [one.name for one in xiaoming.customer.tags.all()] == ["熟客"]
    assert redrawn()


def test_a_tag_deleted_is_borne_by_nobody(office, xiaoming):
    tag = Tag.objects.create(name="老客户")
    xiaoming.writes("在吗")
    customers.tag(xiaoming.customer, tag)
    office.post(f"/admin/conversations/tag/{tag.pk}/delete/", {"post": "yes"})
    assert not xiaoming.customer.tags.exists()
    assert redrawn()
