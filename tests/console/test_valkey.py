import stat
from pathlib import Path

import pytest

from console import valkey


def test_the_broker_listens_on_a_private_socket_and_nowhere_else(tmp_path):
    binary, configuration = valkey.command(tmp_path)

    lines = Path(configuration).read_text().splitlines()
    assert "port 0" in lines
    assert f'unixsocket "{tmp_path}/valkey.sock"' in lines
    assert {
        "unixsocketperm 700",
        "maxmemory-policy noeviction",
        'save ""',
        "appendonly no",
        "enable-debug-command no",
        "enable-module-command no",
    } <= set(lines)
    assert stat.S_IMODE((tmp_path / "valkey.conf").stat().st_mode) == 0o600


@pytest.mark.parametrize("version", [(6, 2, 20), (7, 2, 10), (8, 1, 3), (8, 0, 9)])
def test_a_broker_with_known_holes_is_refused(version):
    with pytest.raises(RuntimeError, match="known holes"):
        valkey._refuse_below_floor(version)


@pytest.mark.parametrize("version", [(7, 2, 11), (8, 1, 4), (9, 0, 0), (10, 0, 0)])
def test_a_broker_without_them_is_taken(version):
    valkey._refuse_below_floor(version)
