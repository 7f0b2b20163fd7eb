"""Two tasks: `tick` hands out what is due, `run` does one job. The broker carries ids only; job rows are the truth."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("vigie")
app.config_from_object("django.conf:settings", namespace="CELERY")
logger = logging.getLogger(__name__)


@app.task(name="tick", bind=True)
def tick(self: Any) -> None:
    """Take jobs whose time has come or whose worker died, send their ids to the workers, and open what has come due."""
    from jobs import heartbeats, queue, registry

    if sent_by := self.request.origin:
        heartbeats.seen(heartbeats.Kind.BEAT, sent_by)
    queue.reap()
    for name in registry.queues():
        _send(name)
    registry.open_due_work()


@app.task(name="run", bind=True)
def run(self: Any, job_id: int) -> None:
    """Do one job, then have the next of its queue sent."""
    from jobs import worker

    worker.run(job_id)
    _send(self.request.delivery_info["routing_key"])


def _send(name: str) -> None:
    from jobs import queue

    for job_id in queue.hand_out(name):
        run.apply_async((job_id,), retry=False, queue=name)


@worker_ready.connect
def show_life(sender: Any, **_: Any) -> None:
    """Note from the worker's own loop that it goes round: a loop that hangs hands out nothing, and is not seen."""
    from jobs import heartbeats

    queues = list(sender.app.amqp.queues.consume_from)

    def note() -> None:
        from django.db import DatabaseError, connection

        try:
            heartbeats.seen(heartbeats.Kind.WORKER, sender.hostname, queues)
        except DatabaseError:
            logger.warning("a heartbeat was not noted", exc_info=True)
        finally:
            # Children that replace dead ones are forked from this process, and must inherit no connection.
            connection.close()

    note()
    sender.timer.call_repeatedly(heartbeats.EVERY, note)


@worker_shutdown.connect
def show_end(sender: Any, **_: Any) -> None:
    from django.db import DatabaseError, connection

    from jobs import heartbeats

    try:
        heartbeats.ended(heartbeats.Kind.WORKER, sender.hostname)
    except DatabaseError:
        logger.warning("the end of this worker was not noted", exc_info=True)
    finally:
        connection.close()
