"""Run one job: take its lease, keep it by a heartbeat, call the handler, record the outcome."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from jobs import queue, registry
from jobs.models import Job

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """What a handler is given: which client, which arguments, and `effect()` and `step()`, the only ways to keep what it did."""

    job: Job

    @property
    def client_id(self) -> int | None:
        return self.job.client_id

    @property
    def arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = self.job.arguments
        return arguments

    @property
    def is_last_attempt(self) -> bool:
        return self.job.attempt >= self.job.attempts_allowed

    def effect(self) -> AbstractContextManager[None]:
        return queue.effect(self.job)

    def step(self) -> AbstractContextManager[None]:
        return queue.step(self.job)


def run(job_id: int) -> None:
    """Do one job whose id came from the broker. Errors end in the row, never in the broker."""
    job = queue.start(job_id)
    if job is None:
        return
    with _heartbeat(job):
        outcome = _call(job)
    if isinstance(outcome, queue.LeaseLost | registry.Parked):
        return  # whoever holds the lease now, or the reaper, decides; a parked job waits
    if outcome is None:
        queue.finish(job)
    elif isinstance(outcome, registry.GiveUp):
        queue.fail(job, outcome)
    else:
        queue.retry(job, outcome, not_before=getattr(outcome, "seconds", None) or 0)


def work_off(client_id: int | None = None) -> int:
    """Do every due job in this process until none is left; return how many. For commands and tests without a worker."""
    done = 0
    while claimed := queue.claim(limit=100, client_id=client_id):
        for job_id, _kind in claimed:
            run(job_id)
        done += len(claimed)
    return done


def _call(job: Job) -> Exception | None:
    try:
        registry.handler_for(job.kind)(Run(job))
    except registry.GiveUp as reason:
        logger.warning("job %s gave up: %s", job, reason)
        return reason
    except registry.Later as reason:
        logger.warning("job %s is tried again later: %s", job, reason)
        return reason
    except queue.LeaseLost as error:
        logger.warning("job %s was taken over by another worker", job)
        return error
    except registry.Parked as parked:
        return parked
    except Exception as error:
        logger.exception("job %s failed", job)
        return error
    return None


@contextlib.contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Renew the lease from a thread of its own, on a connection of its own, three times per lease."""
    stopped = threading.Event()

    def beat() -> None:
        try:
            while not stopped.wait(queue.LEASE / 3):
                try:
                    if not queue.heartbeat(job):
                        return
                except Exception:
                    # The database was away for a moment: the next beat connects anew.
                    logger.warning("job %s missed a heartbeat", job, exc_info=True)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, daemon=True, name=f"heartbeat-{job.pk}")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
