"""What WeChat pushes is kept, exactly once, whatever happens on the way."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processes.driver import wait_until
from tests.processes.scene import at_once, on_both_databases

pytestmark = pytest.mark.processes

MSG_ID = 22661351901594052


def test_a_push_that_comes_three_times_is_one_message_and_answered_once(
    scene, xiaoming
):
    again = {"msg_id": MSG_ID, "create_time": int(time.time())}
    assert [xiaoming.writes("我要退款", **again) for _ in range(3)] == ["accepted"] * 3

    wait_until(lambda: xiaoming.heard() == ["退款说明"])
    assert xiaoming.thread() == ["我要退款", "退款说明"]
    assert xiaoming.sends() == 1


@on_both_databases
def test_a_push_that_comes_twenty_times_at_once_is_one_message_and_answered_once(
    scene, xiaoming
):
    xiaoming.writes("我要退款", times=20)

    assert xiaoming.deliveries() == ["accepted"] * 20
    wait_until(lambda: xiaoming.heard() == ["退款说明"])
    assert xiaoming.thread() == ["我要退款", "退款说明"]
    assert xiaoming.sends() == 1


def test_an_entering_that_comes_twenty_times_at_once_is_welcomed_once(scene, xiaoming):
    xiaoming.enters("order/42", times=20)

    assert xiaoming.deliveries() == ["accepted"] * 20
    wait_until(lambda: xiaoming.heard() == ["欢迎"])
    assert xiaoming.thread() == ["欢迎"]
    assert xiaoming.sends() == 1


@on_both_databases
def test_ten_first_messages_at_once_begin_one_conversation(scene, xiaoming):
    said = at_once(10, lambda n: xiaoming.writes(f"第 {n} 句"))

    assert said == ["accepted"] * 10
    assert len(xiaoming.conversations()) == 1
    assert sorted(xiaoming.thread()) == [f"第 {n} 句" for n in range(10)]


def test_a_push_stored_but_never_acknowledged_is_one_message_when_it_comes_again(
    scene, xiaoming
):
    barrier = scene.console.barrier("after_commit").arm()
    with ThreadPoolExecutor(1) as phone:
        push = phone.submit(xiaoming.writes, "我要退款")
        barrier.wait_reached()
        scene.console.kill("web")
        scene.whole()

        assert push.result() == "accepted"
    assert xiaoming.deliveries() == ["no connection", "accepted"]
    wait_until(lambda: xiaoming.heard() == ["退款说明"])
    assert xiaoming.thread() == ["我要退款", "退款说明"]


def test_twenty_pushes_that_meet_a_restart_are_all_kept_once(scene, xiaoming):
    with ThreadPoolExecutor(20) as phones:
        customers = [scene.customer() for _ in range(20)]
        barrier = scene.console.barrier("after_commit").arm()
        pushes = [phones.submit(one.writes, "在吗") for one in customers]
        barrier.wait_reached()
        scene.console.kill("web")
        scene.whole()

        assert [push.result() for push in pushes] == ["accepted"] * 20
    assert [one.thread() for one in customers] == [["在吗"]] * 20


def test_while_the_database_is_locked_nothing_is_acknowledged_and_nothing_lost(
    scene, xiaoming
):
    with ThreadPoolExecutor(1) as phone:
        with scene.database.locked():
            push = phone.submit(xiaoming.writes, "在吗")
            wait_until(lambda: xiaoming.deliveries() == ["bad answer"])
        assert push.result() == "accepted"

    assert xiaoming.thread() == ["在吗"]
