import os
import stat
import tempfile
from pathlib import Path

import pytest

from console.broker import socket_path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A temporary directory of our own, short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_the_socket_stands_beside_the_data():
    assert socket_path(Path("/srv/kefu/var")) == Path("/srv/kefu/var/valkey.sock")


def test_a_relative_folder_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir("/tmp")
    assert socket_path(Path("var")) == Path("/tmp/var/valkey.sock")


def test_a_folder_too_deep_for_a_socket_gets_a_private_one(temporary):
    deep = Path("/srv") / ("深" * 40)  # Three bytes each

    path = socket_path(deep)

    assert len(os.fsencode(path)) <= 100
    assert path.parent.parent == temporary
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert socket_path(deep) == path
    assert socket_path(deep / "another") != path


def test_somebody_elses_folder_is_refused(temporary):
    deep = Path("/srv") / ("d" * 120)
    socket_path(deep).parent.chmod(0o777)

    with pytest.raises(PermissionError, match="private"):
        socket_path(deep)


def test_a_link_in_its_place_is_refused(temporary):
    deep = Path("/srv") / ("d" * 120)
    folder = socket_path(deep).parent
    folder.rmdir()
    (temporary / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(temporary / "elsewhere")

    with pytest.raises(PermissionError):
        socket_path(deep)
