"""Consoles that tests share. What a test kills is started again before the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest

from tests.processes.scene import Customer, Scene
from tools import postgresql


@pytest.fixture(scope="session")
def scenes(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Scene]]:
    """Return the console on that kind of database, made when first asked for."""
    made: dict[str, Scene] = {}
    with ExitStack() as stack:

        def find(kind: str) -> Scene:
            if kind not in made:
                url = stack.enter_context(_postgresql()) if kind != "sqlite" else ""
                scene = Scene(tmp_path_factory.mktemp(kind), url)
                made[kind] = stack.enter_context(closing(scene)).begin()
            return made[kind]

        yield find


@contextmanager
def _postgresql() -> Iterator[str]:
    """Yield the URL of an empty database on a server of its own."""
    try:
        server = ExitStack()
        root = server.enter_context(postgresql.running())
    except FileNotFoundError as exc:
        pytest.fail(str(exc))
    with server:
        with psycopg.connect(root, autocommit=True) as connection:
            connection.execute("CREATE DATABASE kefu")
        yield root.replace("/postgres?", "/kefu?")


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, scenes: Callable[[str], Scene]
) -> Iterator[Scene]:
    """A console with everything running; afterwards its logs are looked through."""
    scene = scenes(getattr(request, "param", "sqlite")).whole()
    yield scene
    assert scene.blame() == []


@pytest.fixture
def xiaoming(scene: Scene) -> Customer:
    return scene.customer()


@pytest.fixture
def kept(scene: Scene) -> Iterator[None]:
    with scene.kept():
        yield
