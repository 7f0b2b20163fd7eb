"""Which function does which kind of job, what is done when one fails for good, and who looks for work that has come due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from jobs.models import Job
    from jobs.worker import Run

Handler = Callable[["Run"], None]
# Called in the transaction that closes a job as failed; the exception is None when the worker died.
FailureHandler = Callable[["Job", Exception | None], None]

DEFAULT_QUEUE = "work"
ATTEMPTS = 8
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """How jobs of one kind are done. With the waits of `queue.retry`, 8 attempts take ten minutes and 100 a day."""

    handler: Handler
    queue: str
    attempts: int


_kinds: dict[str, Kind] = {}
_failures: dict[str, FailureHandler] = {}
_due_work: list[Callable[[], None]] = []


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help; the message tells a person what to do."""


class Later(Exception):
    """Raised by a handler to be tried again, not before `seconds` from now if given, else after the usual wait."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Parked(Exception):
    """Raised by a handler that has put its job aside with `queue.park`."""


def handles(kind: str, *, queue: str = DEFAULT_QUEUE, attempts: int = ATTEMPTS) -> Callable[[Handler], Handler]:
    """Register a handler for jobs of `kind`. Slow kinds get a queue of their own, so that they keep no other waiting."""

    def register(handler: Handler) -> Handler:
        if kind in _kinds:
            raise RuntimeError(f"two handlers for {kind}")
        _kinds[kind] = Kind(handler, queue, attempts)
        return handler

    return register


def when_failed(kind: str) -> Callable[[FailureHandler], FailureHandler]:
    """Register what is done when a job of `kind` has failed for good, however it came to that."""

    def register(handler: FailureHandler) -> FailureHandler:
        _failures[kind] = handler
        return handler

    return register


def handler_for(kind: str) -> Handler:
    if kind not in _kinds:
        raise GiveUp(f"no handler for jobs of kind {kind!r}")
    return _kinds[kind].handler


def queues() -> list[str]:
    """From which workers take jobs."""
    return sorted({DEFAULT_QUEUE, *(kind.queue for kind in _kinds.values())})


def kinds_of(queue: str) -> tuple[list[str], bool]:
    """(kinds, False): the kinds of a queue; (kinds, True): of the usual one, which has all but these, known or not."""
    is_default = queue == DEFAULT_QUEUE
    return [name for name, kind in _kinds.items() if (kind.queue == queue) != is_default], is_default


def attempts_for(kind: str) -> int:
    return _kinds[kind].attempts if kind in _kinds else ATTEMPTS


def tell_failure(job: Job, reason: Exception | None) -> None:
    """Call what was registered for the kind. If that fails too, it is logged: the job stays closed, and others go on."""
    if job.kind not in _failures:
        return
    try:
        with transaction.atomic():
            _failures[job.kind](job, reason)
    except Exception:
        logger.exception("what is done when %s has failed, failed itself", job)


def opens_due_work(function: Callable[[], None]) -> Callable[[], None]:
    """Register a function that every tick calls; it opens work by the calendar and must be safe to run in parallel."""
    _due_work.append(function)
    return function


def open_due_work() -> None:
    """Call every registered function; one that fails is logged and does not keep the others from their work."""
    for function in _due_work:
        try:
            function()
        except Exception:
            logger.exception("%s failed", function.__qualname__)
