"""A Celery app whose workers tell what each job cost: `celery -A tests.benchmarks.wave_worker worker`.

Each process writes to a file of its own in `WAVE_FOLDER`: a line of JSON for every job, and one for every PDF.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import django
from celery.signals import task_postrun, task_prerun

from config.celery import app

__all__ = ["app"]
PAGE = os.sysconf("SC_PAGE_SIZE")
_began = (0.0, 0.0)


def tell(**line: Any) -> None:
    with (Path(os.environ["WAVE_FOLDER"]) / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def begin(**_: Any) -> None:
    global _began  # noqa: PLW0603 - a process does one task at a time
    _began = time.perf_counter(), time.process_time()


def end(task: Any, args: Any, **_: Any) -> None:
    clock, busy = time.perf_counter() - _began[0], time.process_time() - _began[1]
    tell(task=task.name, job=args[0] if args else None, clock=clock, busy=busy, resident=resident())


def count_pdfs() -> None:
    from reports import rendering

    make = rendering.pdf

    def pdf(presentation: Any) -> bytes:
        tell(pdf=presentation.client_slug)
        return make(presentation)

    rendering.pdf = pdf


if "WAVE_FOLDER" in os.environ:
    django.setup()
    count_pdfs()
    task_prerun.connect(begin)
    task_postrun.connect(end)
