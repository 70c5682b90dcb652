"""Who is at the other end, when a web server of ours stands in between."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from.

    With HTTPS there is a web server before us, on this machine, which adds the address
    it saw to X-Forwarded-For. Only that last entry is its word; those before it are the
    client's own. From anywhere else the header is nobody's word at all.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not (settings.HTTPS and _is_loopback(peer)):
        return peer
    last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return peer


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
