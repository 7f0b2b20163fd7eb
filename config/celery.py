"""Two tasks: `tick` hands out what is due, `run` does one job. The broker carries ids only; job rows are the truth."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("vigie")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="tick")
def tick() -> None:
    """Open what has come due, take jobs whose time has come or whose worker died, and send their ids to the workers."""
    from jobs import queue, registry

    queue.reap()
    for job_id, kind in queue.claim(limit=500):
        run.apply_async((job_id,), retry=False, queue=registry.queue_for(kind))
    registry.open_due_work()


@app.task(name="run")
def run(job_id: int) -> None:
    from jobs import worker

    worker.run(job_id)
