"""Redis carries hints and nothing else: dead, frozen, full or empty, nobody waits for it
and nothing is lost."""

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import on_both_databases

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("kept")]


@pytest.fixture
def lin(scene):
    return scene.agent("lin")


def test_with_a_frozen_broker_pushes_and_replies_are_answered_and_sent(
    scene, lin, xiaoming
):
    scene.console.stop("broker")
    try:
        assert xiaoming.writes("我要退款") == "accepted"
        assert lin.says(xiaoming, "您好").status_code == 200
        assert xiaoming.deliveries() == ["accepted"]  # at the first attempt
        wait_until(lambda: xiaoming.heard() == ["退款说明", "您好"])
    finally:
        scene.console.cont("broker")

    wait_until(lambda: xiaoming.states() == ["sent", "sent"])
    wait_until(lambda: jobs(scene) == 0, what="the worker takes jobs again")
    assert xiaoming.sends() == 2


def test_with_a_dead_broker_pushes_and_replies_are_answered_and_sent(
    scene, lin, xiaoming
):
    scene.console.kill("broker")
    assert xiaoming.writes("我要退款") == "accepted"
    assert lin.says(xiaoming, "您好").status_code == 200
    assert xiaoming.deliveries() == ["accepted"]

    wait_until(lambda: xiaoming.heard() == ["退款说明", "您好"])
    assert xiaoming.sends() == 2


def test_a_worker_that_starts_before_the_broker_does_its_work(scene, lin, xiaoming):
    scene.console.kill("worker")
    scene.console.kill("broker")
    xiaoming.writes("我要退款")
    lin.says(xiaoming, "您好")
    scene.console.start("worker")

    wait_until(lambda: xiaoming.heard() == ["退款说明", "您好"])
    assert xiaoming.sends() == 2


def test_after_the_broker_comes_back_the_worker_works_on(scene, lin, xiaoming):
    scene.console.kill("broker")
    xiaoming.writes("在吗")
    scene.whole()
    lin.says(xiaoming, "您好")

    wait_until(lambda: xiaoming.heard() == ["您好"])
    wait_until(lambda: jobs(scene) == 0, what="the worker takes jobs again")


@on_both_databases
def test_replies_whose_jobs_are_flushed_before_the_worker_starts_are_sent_once(
    scene, lin
):
    customers = [scene.customer() for _ in range(5)]
    for customer in customers:
        customer.writes("在吗")
    scene.console.kill("worker")
    for customer in customers:
        assert lin.says(customer, "您好").status_code == 200
    wait_until(lambda: jobs(scene) == 5, what="five jobs wait")
    scene.console.redis.flushall()
    scene.whole()

    for customer in customers:
        wait_until(lambda one=customer: one.states() == ["sent"])
        assert customer.heard() == ["您好"]
        assert customer.sends() == 1


def test_what_waited_for_the_worker_goes_out_in_its_order(scene, lin, xiaoming):
    xiaoming.writes("在吗")
    scene.console.kill("worker")
    replies = ["您好", "请稍等", "查到了", "明天送到"]
    for words in replies:
        assert lin.says(xiaoming, words).status_code == 200
    assert xiaoming.heard() == []
    scene.whole()

    wait_until(lambda: xiaoming.states() == ["sent"] * 4)
    assert xiaoming.heard() == replies
    assert xiaoming.sends() == 4


def test_with_a_full_broker_pushes_and_replies_are_answered_and_sent(
    scene, lin, xiaoming
):
    scene.console.redis.config_set("maxmemory", 1)
    try:
        assert xiaoming.writes("在吗") == "accepted"
        assert lin.says(xiaoming, "您好").status_code == 200
        wait_until(lambda: xiaoming.heard() == ["您好"])
    finally:
        scene.console.redis.config_set("maxmemory", 0)
    assert xiaoming.sends() == 1


def jobs(scene):
    with scene.console.redis as redis:
        return redis.llen("rq:queue:outbox")
