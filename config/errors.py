"""What cannot be answered, in the words of whoever asked: a page for people, JSON under `/api/`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from accounts.identity import API
from accounts.references import current
from reports.failing import FILES, Failed

# Of Postgres: no connection, no room for one, a server that stops or is not up yet. None: it was never reached.
AWAY = ("08", "53", "57P")
RETRY_AFTER = {"Retry-After": "30"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    status, detail = (413, "Request too large.") if isinstance(exception, RequestDataTooBig) else (400, "Bad request.")
    if request.path.startswith(API):
        return JsonResponse({"detail": detail}, status=status)
    return _page(request, status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return JsonResponse({"detail": "Not found."}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """While the database is away, that; else that something broke, and what, where it is known."""
    error = sys.exc_info()[1]
    status = 503 if isinstance(error, OperationalError | InterfaceError) and _is_away(error) else 500
    headers = RETRY_AFTER if status == 503 else {}
    if request.path.startswith(API):
        detail = {500: "Something broke on our side.", 503: "The database is away for a moment."}[status]
        return JsonResponse({"detail": detail, "reference": current()}, status=status, headers=headers)
    what = FILES.get(error.part, "") if isinstance(error, Failed) else ""
    return _page(request, status, headers, what=_(what) if what else "")


def _is_away(error: Exception) -> bool:
    code: str | None = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(AWAY)


def _page(request: HttpRequest, status: int, headers: dict[str, str] | None = None, **context: Any) -> HttpResponse:
    """Under the brand of whoever is asked; where that cannot be read, under ours."""
    template, context = f"{status}.html", context | {"reference": current(), "again": _again(request)}
    try:
        body = render_to_string(template, context, request if status != 503 else None)
    except Exception:
        # What broke the page may be what all pages have.
        body = render_to_string(template, context)
    return HttpResponse(body, status=status, headers=headers)


def _again(request: HttpRequest) -> str:
    return request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
