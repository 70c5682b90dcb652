"""A worker that dies while it sends: nothing is sent twice, and nothing is guessed."""

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import AFTER_LEASE, on_both_databases, stays

pytestmark = pytest.mark.processes

SWEEPS = 5.0  # s: two sweeps at least


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


@pytest.fixture
def waiting(scene):
    """Make a customer who waits for an answer."""

    def make():
        customer = scene.customer()
        assert customer.writes("在吗") == "accepted"
        return customer

    return make


@on_both_databases
def test_each_of_three_customers_gets_at_most_one_when_the_worker_is_killed(
    scene, lin, waiting
):
    """One death, met at three places: before the request, while WeChat holds it, and
    between WeChat's answer and our commit."""
    unsent, held, answered = waiting(), waiting(), waiting()

    before = scene.console.barrier("before_http").arm()
    lin.says(unsent, "还没有发出")
    before.wait_reached()

    scene.wechat.fails("hang", after=True, match=held.openid, seconds=60)
    lin.says(held, "微信已收到")
    wait_until(lambda: held.heard() == ["微信已收到"])

    result = scene.console.barrier("before_result_commit").arm()
    lin.says(answered, "微信已回答")
    result.wait_reached()
    assert answered.heard() == ["微信已回答"]

    scene.console.kill("worker")
    assert unsent.states() == ["queued"]
    assert held.states() == answered.states() == ["sending"]
    scene.whole()

    wait_until(lambda: unsent.states() == ["sent"], AFTER_LEASE)
    wait_until(lambda: held.states() == ["unconfirmed"], AFTER_LEASE)
    wait_until(lambda: answered.states() == ["unconfirmed"], AFTER_LEASE)
    customers = [unsent, held, answered]
    assert stays(lambda: [one.sends() for one in customers] == [1, 1, 1], SWEEPS)
    assert unsent.heard() == ["还没有发出"]
    assert held.heard() == ["微信已收到"]
    assert answered.heard() == ["微信已回答"]


def test_what_wechat_took_without_an_answer_is_unconfirmed_and_not_sent_again(
    scene, lin, waiting
):
    xiaoming = waiting()
    scene.wechat.fails("drop", match=xiaoming.openid)
    lin.says(xiaoming, "您好")

    wait_until(lambda: xiaoming.states() == ["unconfirmed"])
    assert stays(lambda: xiaoming.sends() == 1, SWEEPS)


def test_after_an_unconfirmed_message_the_next_is_sent(scene, lin, waiting):
    xiaoming = waiting()
    scene.wechat.fails("drop", match="第一句")
    lin.says(xiaoming, "第一句")
    lin.says(xiaoming, "第二句")

    wait_until(lambda: xiaoming.states() == ["unconfirmed", "sent"])
    assert xiaoming.heard() == ["第一句", "第二句"]


def test_a_human_may_send_an_unconfirmed_message_again(scene, lin, waiting):
    xiaoming = waiting()
    scene.wechat.fails("cut", match=xiaoming.openid)
    lin.says(xiaoming, "您好")
    wait_until(lambda: xiaoming.states() == ["unconfirmed"])
    assert xiaoming.heard() == []

    [(message,)] = scene.database.rows(
        "SELECT m.id FROM conversations_message m"
        " JOIN conversations_delivery d ON d.message_id = m.id"
        " JOIN conversations_customer c ON c.id = m.customer_id WHERE c.openid = ?",
        xiaoming.openid,
    )
    url = f"/conversations/{xiaoming.conversation}/messages/{message}/settlement/"
    assert lin.client.post(url, data={"action": "again"}).status_code == 200

    wait_until(lambda: xiaoming.states() == ["sent"])
    assert xiaoming.heard() == ["您好"]


def test_a_worker_asked_to_end_finishes_what_it_has_begun(scene, lin, waiting):
    xiaoming = waiting()
    scene.wechat.fails("latency", match=xiaoming.openid, seconds=1)
    barrier = scene.console.barrier("before_http").arm()
    lin.says(xiaoming, "您好")
    barrier.wait_reached()
    barrier.release()

    assert scene.console.terminate("worker") == 0
    assert xiaoming.states() == ["sent"]
    assert xiaoming.sends() == 1


def test_two_workers_send_each_message_once_and_in_order(scene, lin, waiting):
    scene.console.launch("worker 2")
    try:
        customers = [waiting() for _ in range(4)]
        for n in range(5):
            for customer in customers:
                lin.says(customer, f"第 {n} 句")

        for customer in customers:
            wait_until(lambda one=customer: one.states() == ["sent"] * 5)
            assert customer.heard() == [f"第 {n} 句" for n in range(5)]
            assert customer.sends() == 5
    finally:
        scene.console.kill("worker 2")
