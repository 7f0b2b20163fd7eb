"""Nothing that was shown to somebody is kept by a browser or a proxy for whoever comes next."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from accounts.identity import API


class KeptNowhere:
    """For pages and the API. Static files are answered before it, and are kept for as long as they say."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.path.startswith(API):
            patch_vary_headers(response, ["Authorization"])
        return response
