"""Pages weigh a fifth on the line."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

TEXTS = ("text/html", "application/json")


class PageCompressionMiddleware(GZipMiddleware):
    """Compress pages, fragments and JSON, and leave pictures and downloads as they are.

    What is secret in a page and could be guessed from its length, the CSRF token, is
    masked anew in each answer; and Django pads what it compresses by a random number of
    bytes (django.utils.text.compress_string).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in TEXTS:
            return response
        return super().process_response(request, response)
