"""Who is at the other end, when a web server of ours stands in between."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from.

    With HTTPS there is a web server before us, on this machine, which adds the address
    it saw to X-Forwarded-For. Only that last entry is its word; those before it are the
    client's own. From anywhere else the header is nobody's word at all.

    Of an IPv6 address only the network counts: a line has all of it, and could try each
    password from another address.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not (settings.HTTPS and _is_loopback(peer)):
        return _line_of(peer) or peer
    last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return _line_of(last) or peer


def _line_of(text: str) -> str:
    """Return the address by which one line is told from others; "" for no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address) or address.is_loopback:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False).network_address)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
