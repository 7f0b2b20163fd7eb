"""Which function does which kind of job, and which functions look for work that has come due."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.worker import Run

Handler = Callable[["Run"], None]
_handlers: dict[str, Handler] = {}
_due_work: list[Callable[[], None]] = []


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help; the message tells a person what to do."""


class Later(Exception):
    """Raised by a handler to be tried again, not before `seconds` from now if given, else after the usual wait."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register a handler for jobs of `kind`."""

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise RuntimeError(f"two handlers for {kind}")
        _handlers[kind] = handler
        return handler

    return register


def handler_for(kind: str) -> Handler:
    try:
        return _handlers[kind]
    except KeyError:
        raise GiveUp(f"no handler for jobs of kind {kind!r}") from None


def opens_due_work(function: Callable[[], None]) -> Callable[[], None]:
    """Register a function that every tick calls; it opens work by the calendar and must be safe to run in parallel."""
    _due_work.append(function)
    return function


def open_due_work() -> None:
    for function in _due_work:
        function()
