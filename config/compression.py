"""Text travels compressed; what is compressed already, as it is."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

KINDS = ("text/", "application/json", "application/javascript", "image/svg+xml", "font/ttf", "application/x-font-ttf")


class CompressedText(GZipMiddleware):
    """Pages, tables, scripts and the typeface, for whoever reads gzip.

    A secret could be guessed from the length of a page that repeats what an attacker wrote (BREACH). Every form's token is masked anew
    for each page, Django adds up to a hundred random bytes, and the answer to a form, which alone shows a new secret, is not compressed.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if request.method != "GET" or not kind.startswith(KINDS):
            return response
        return super().process_response(request, response)
