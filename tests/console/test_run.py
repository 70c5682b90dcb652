import pytest

from console.management.commands.run import Command


@pytest.mark.parametrize(
    ("public_url", "bind", "address"),
    [
        ("", "", "127.0.0.1"),
        ("https://kf.example.com", "", "127.0.0.1"),
        ("https://kf.example.com", "0.0.0.0", "0.0.0.0"),
        ("http://127.0.0.1:8000", "", "127.0.0.1"),
        ("http://localhost:8000", "", "127.0.0.1"),
        ("http://192.168.1.5:8000", "", "0.0.0.0"),
        ("http://192.168.1.5:8000", "192.168.1.5", "192.168.1.5"),
    ],
)
def test_where_web_listens_follows_from_the_public_address(
    settings, monkeypatch, capsys, public_url, bind, address
):
    settings.PUBLIC_URL = public_url
    monkeypatch.setenv("BIND", bind)

    assert Command().address() == address

    warned = "plain http" in capsys.readouterr().err
    assert warned == public_url.startswith("http://192.168.")
