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
    """Open what has come due, take jobs whose time has come or whose worker died, and send their ids to the workers."""
    from jobs import heartbeats, queue, registry

    if sent_by := self.request.origin:
        heartbeats.seen(heartbeats.Kind.BEAT, sent_by)
    queue.reap()
    for job_id, kind in queue.claim(limit=500):
        run.apply_async((job_id,), retry=False, queue=registry.queue_for(kind))
    registry.open_due_work()


@app.task(name="run")
def run(job_id: int) -> None:
    from jobs import worker

    worker.run(job_id)


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
