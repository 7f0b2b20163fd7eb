"""A Celery app whose workers are killed at named steps: `celery -A tests.reports.faults.mortal worker`.

`FAULT_FOLDER` holds one file for each kill that is still to come, called `<step>.<number>`. A process that reaches a step, and
the chance of `FAULT_CHANCE` in a hundred falls on it, takes such a file away and kills itself: nothing tidies up.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import django

from config.celery import app

__all__ = ["STEPS", "app"]

# The step, the function it is named by (module, name), and on which side of it the process dies.
STEPS: dict[str, tuple[str, str, str]] = {
    "run-opened": ("reports.scheduling", "open_run", "after"),
    "jobs-claimed": ("jobs.queue", "claim", "after"),
    "report-gathered": ("reports.gather", "report", "after"),
    "documents-made": ("reports.preparing", "_documents", "after"),
    "run-prepared": ("reports.preparing", "prepare", "after"),
    "message-built": ("reports.delivery", "build", "after"),
    "sending-written": ("reports.delivery", "_begin", "after"),
    "server-connected": ("reports.transport", "_send", "before"),
    "server-answered": ("reports.transport", "_send", "after"),
    "outcome-written": ("reports.delivery", "_record", "after"),
    "job-finished": ("jobs.queue", "finish", "after"),
}


# Passed once for a report, not for a copy: there the chance is as good as certain.
RARE = ("run-opened", "report-gathered", "documents-made", "run-prepared")


def die_at(step: str) -> None:
    if step not in RARE and random.randrange(100) >= int(os.environ["FAULT_CHANCE"]):
        return
    for token in Path(os.environ["FAULT_FOLDER"]).glob(f"{step}.*"):
        try:
            token.unlink()
        except FileNotFoundError:
            continue  # another worker died for it
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(function: Callable[..., Any], step: str, side: str) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        if side == "before":
            die_at(step)
        result = function(*arguments, **options)
        if side == "after":
            die_at(step)
        return result

    return call


def arm() -> None:
    from importlib import import_module

    for step, (module, name, side) in STEPS.items():
        owner = import_module(module)
        setattr(owner, name, deadly(getattr(owner, name), step, side))


if "FAULT_FOLDER" in os.environ:
    django.setup()
    arm()
