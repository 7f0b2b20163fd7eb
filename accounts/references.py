"""A reference for each request: whoever meets a fault reads it on the page, whoever runs the service finds it in the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

_current: ContextVar[str] = ContextVar("reference", default="")


def current() -> str:
    """Of the request that this thread answers; "" outside of one."""
    return _current.get()


class Referenced:
    """Goes before all others, so that what they log has it too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _current.set(secrets.token_hex(4))
        try:
            return self.get_response(request)
        finally:
            _current.reset(token)


class InLog(logging.Filter):
    """Puts `reference` into each line of the log, with a space behind it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.reference = f"[{current()}] " if current() else ""
        return True
