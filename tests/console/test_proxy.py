"""Who is at the other end, as far as anybody can tell."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from console.proxy import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, not-an-address", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::1", "203.0.113.9", "203.0.113.9"),
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "2001:db8:0:1:aaaa::1", "2001:db8:0:1::"),
        ("127.0.0.1", "2001:db8:0:1:bbbb::2", "2001:db8:0:1::"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::"),
    ],
)
def test_only_the_web_servers_own_word_counts(
    settings, peer: str, forwarded: str, seen: str
) -> None:
    settings.HTTPS = True
    request = RequestFactory(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded).get("/")

    assert client_address(request) == seen


def test_without_a_web_server_before_us_the_header_is_nobodys_word(settings) -> None:
    settings.HTTPS = False
    browser = RequestFactory(
        REMOTE_ADDR="198.51.100.1", HTTP_X_FORWARDED_FOR="203.0.113.9"
    )

    assert client_address(browser.get("/")) == "198.51.100.1"
