"""/readyz tells which part is missing; /healthz only that the web process lives."""

import httpx
import pytest

from tests.processes.driver import wait_until

pytestmark = pytest.mark.processes

ALL_UP = {"database": "ok", "broker": "ok", "worker": "ok", "cron": "ok"}


def readiness(scene):
    answer = httpx.get(f"{scene.console.url}/readyz", timeout=10)
    return answer.status_code, answer.json()


def test_with_everything_up_it_is_ready(scene):
    assert readiness(scene) == (200, ALL_UP)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("dead", [True, False], ids=["dead", "frozen"])
def test_without_a_broker_it_is_not_ready(scene, dead):
    if dead:
        scene.console.kill("broker")
    else:
        scene.console.stop("broker")
    try:
        assert readiness(scene) == (503, {**ALL_UP, "broker": "down"})
        assert httpx.get(f"{scene.console.url}/healthz").status_code == 200
    finally:
        if not dead:
            scene.console.cont("broker")


@pytest.mark.parametrize("name", ["worker", "cron"])
def test_a_dead_process_is_missed_once_it_has_been_silent(scene, name):
    scene.console.kill(name)
    scene.silence(name)
    assert readiness(scene) == (503, {**ALL_UP, name: "down"})

    scene.whole()
    assert readiness(scene) == (200, ALL_UP)


def test_a_frozen_worker_is_missed_once_it_has_been_silent(scene):
    scene.console.stop("worker")
    try:
        scene.silence("worker")
        assert readiness(scene) == (503, {**ALL_UP, "worker": "down"})
    finally:
        scene.console.cont("worker")
    wait_until(lambda: readiness(scene) == (200, ALL_UP))


@pytest.mark.parametrize("scene", ["postgresql"], indirect=True)
def test_without_a_database_it_is_not_ready_and_what_is_pushed_is_not_lost(
    scene, xiaoming
):
    with scene.database.away():
        wait_until(lambda: readiness(scene)[1]["database"] == "down")
        assert readiness(scene)[0] == 503
        assert httpx.get(f"{scene.console.url}/healthz").status_code == 200
        xiaoming.begins_to_write("在吗")
        wait_until(lambda: xiaoming.deliveries() == ["bad answer"])

    wait_until(lambda: readiness(scene) == (200, ALL_UP), 40)
    wait_until(lambda: xiaoming.deliveries()[-1] == "accepted")
    assert xiaoming.thread() == ["在吗"]
