"""WeChat is slow, away, or has changed its mind about our token."""

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import at_once, stays

pytestmark = pytest.mark.processes


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


@pytest.fixture
def customers(scene):
    """Ten who wait for an answer."""
    made = [scene.customer() for _ in range(10)]
    assert at_once(10, lambda n: made[n].writes("在吗")) == ["accepted"] * 10
    return made


def test_a_token_that_expires_early_is_renewed_once_for_all_who_wait(
    scene, lin, customers
):
    lin.says(customers[0], "您好")
    wait_until(lambda: customers[0].states() == ["sent"])
    given = len(scene.wechat.tokens())
    scene.wechat.fails("expire_tokens")
    at_once(9, lambda n: lin.says(customers[n + 1], "您好"))

    for customer in customers:
        wait_until(lambda one=customer: one.states() == ["sent"])
        assert customer.heard() == ["您好"]
    assert len(scene.wechat.tokens()) == given + 1


def test_while_wechat_is_away_replies_wait_and_then_go_out_once(scene, lin, customers):
    scene.console.kill("simulator")
    for customer in customers:
        assert lin.says(customer, "您好").status_code == 200
    assert stays(lambda: customers[0].states()[0] in ("queued", "sending"), 1)
    scene.whole()

    for customer in customers:
        wait_until(lambda one=customer: one.states() == ["sent"])
        assert customer.heard() == ["您好"]
        assert customer.sends() == 1


def test_a_call_that_hangs_holds_up_no_other_customer(scene, lin, customers):
    stuck, *others = customers
    scene.wechat.fails("hang", match=stuck.openid, seconds=30)
    lin.says(stuck, "您好")
    wait_until(lambda: stuck.states() == ["sending"])
    for customer in others:
        lin.says(customer, "您好")

    for customer in others:
        wait_until(lambda one=customer: one.heard() == ["您好"])
    assert stuck.states() == ["sending"]
    wait_until(lambda: stuck.states() == ["unconfirmed"])


def test_an_answer_that_drips_ends_as_unconfirmed(scene, lin, customers):
    xiaoming = customers[0]
    scene.wechat.fails("drip", match=xiaoming.openid, seconds=1)
    lin.says(xiaoming, "您好")

    wait_until(lambda: xiaoming.states() == ["unconfirmed"])
    assert xiaoming.heard() == ["您好"]
