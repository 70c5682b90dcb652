"""WeChat is slow, away, or has changed its mind about our token."""

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import AFTER_LEASE, at_once, stays

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
    given, asked = len(scene.wechat.tokens()), scene.wechat.token_requests()
    scene.wechat.fails("expire_tokens")
    at_once(9, lambda n: lin.says(customers[n + 1], "您好"))

    for customer in customers:
        wait_until(lambda one=customer: one.states() == ["sent"])
        assert customer.heard() == ["您好"]
    assert len(scene.wechat.tokens()) == given + 1
    assert scene.wechat.token_requests() == asked + 1


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
    scene.console.kill("worker")
    for customer in (stuck, *others):
        lin.says(customer, "您好")
    scene.console.start("worker", ready=False)

    wait_until(lambda: stuck.states() == ["unconfirmed"])
    for customer in others:
        wait_until(lambda one=customer: one.heard() == ["您好"])
        assert asked_at(scene, customer) < given_up_at(scene, stuck)


def asked_at(scene, customer):
    """Return when WeChat was first asked to say something to them."""
    return scene.database.value(
        "SELECT min(a.began_at) FROM conversations_deliveryattempt a"
        " JOIN conversations_delivery d ON d.id = a.delivery_id"
        " JOIN conversations_customer c ON c.id = d.customer_id WHERE c.openid = ?",
        customer.openid,
    )


def given_up_at(scene, customer):
    return scene.database.value(
        "SELECT max(d.settled_at) FROM conversations_delivery d"
        " JOIN conversations_customer c ON c.id = d.customer_id WHERE c.openid = ?",
        customer.openid,
    )


def test_an_answer_that_drips_ends_as_unconfirmed_and_holds_no_lane(
    scene, lin, customers
):
    xiaoming, *others = customers
    scene.wechat.fails("drip", match=xiaoming.openid, seconds=1)
    lin.says(xiaoming, "您好")
    lin.says(xiaoming, "还在吗")
    wait_until(lambda: xiaoming.states()[0] == "sending")
    for customer in others:
        lin.says(customer, "您好")

    for customer in others:
        wait_until(lambda one=customer: one.states() == ["sent"])
    # Far longer than the 3 s that a call may take, if each byte began them anew.
    wait_until(lambda: xiaoming.states() == ["unconfirmed", "sent"], AFTER_LEASE)
    assert xiaoming.heard() == ["您好", "还在吗"]
    assert xiaoming.sends() == 2


BROKEN = {
    "cut after it was taken": ("drop", {}),
    "silent after it was taken": ("hang", {"after": True, "seconds": 30}),
    "a byte a second": ("drip", {"seconds": 1}),
    "a proxy's error page, though taken": ("html", {"after": True}),
    "a proxy's error page": ("html", {}),
    "cut": ("cut", {}),
}


def test_no_broken_answer_is_taken_for_one_and_nothing_is_sent_again(
    scene, lin, customers
):
    broken = list(zip(customers, BROKEN.values(), strict=False))
    for customer, (kind, options) in broken:
        scene.wechat.fails(kind, match=customer.openid, **options)
        lin.says(customer, "您好")
        lin.says(customer, "还在吗")

    for customer, _ in broken:
        wait_until(
            lambda one=customer: one.states() == ["unconfirmed", "sent"], AFTER_LEASE
        )
    assert stays(lambda: all(customer.sends() == 2 for customer, _ in broken), 5)
    taken = [customer.heard() for customer, _ in broken]
    assert taken == [["您好", "还在吗"]] * 4 + [["还在吗"]] * 2


def test_a_burst_over_the_minutes_limit_waits_under_a_banner_and_goes_out_in_order(
    scene, lin, customers
):
    scene.wechat.post("/_clock", advance=61)  # Whatever was sent before
    scene.wechat.post("/_limits", sends_per_minute=12)
    try:
        with lin.opens_tab() as tab:
            for words in "一二三":
                at_once(10, lambda n, said=words: lin.says(customers[n], said))
            wait_until(lambda: banners(tab))
            assert "45011" in banners(tab)[0]
            while (sent := states(customers).count("sent")) < 30:
                scene.wechat.post("/_clock", advance=61)
                asks_again(scene)
                wait_until(lambda so_far=sent: more_than(so_far, customers))
            wait_until(lambda: banners(tab)[-1] == "")
    finally:
        scene.wechat.post("/_limits", sends_per_minute=0)
    assert [customer.heard() for customer in customers] == [list("一二三")] * 10


def test_a_wrong_setting_holds_everything_until_it_is_put_right(scene, lin, customers):
    scene.wechat.fails("errcode", errcode=48001, count=-1)
    with lin.opens_tab() as tab:
        for customer in customers:
            lin.says(customer, "您好")
        wait_until(lambda: banners(tab))
        asked = sum(customer.sends() for customer in customers)
        assert stays(
            lambda: sum(customer.sends() for customer in customers) <= asked + 1, 5
        )
        assert set(states(customers)) == {"queued"}
        scene.wechat.forgives()
        asks_again(scene)

        for customer in customers:
            wait_until(lambda one=customer: one.states() == ["sent"])
        wait_until(lambda: banners(tab)[-1] == "")
    assert [customer.heard() for customer in customers] == [["您好"]] * 10


def banners(tab):
    """Return the banners that came, "" for one that went."""
    return [one["banner"] for one in tab.frames if one.get("topic") == "pause"]


def asks_again(scene):
    """Let the minute be over."""
    scene.database.change(
        "UPDATE conversations_pause SET probe_at = ?", "2020-01-01 00:00:00"
    )


def states(customers):
    return [state for customer in customers for state in customer.states()]


def more_than(so_far, customers):
    """Whether more have gone out than that, and nothing is on its way just now."""
    now = states(customers)
    return now.count("sent") > so_far and "sending" not in now
