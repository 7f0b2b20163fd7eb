"""A worker that is killed: `python -m tests.campaigns.truth.mortal <statements> <seconds>` dies so long after so many statements.

Whatever it is doing then: waiting for a platform, copying rows, committing, or rebuilding figures.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from typing import Any

import django


def die_after(statements: int, seconds: float) -> Any:
    """A wrapper of the database's statements; nothing tidies up when it ends."""
    count = itertools.count(1)

    def counted(execute: Any, *statement: Any) -> Any:
        if next(count) == statements:
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return execute(*statement)

    return counted


if __name__ == "__main__":
    django.setup()
    from django.db import connection

    from jobs import worker

    with connection.execute_wrapper(die_after(int(sys.argv[1]), float(sys.argv[2]))):
        worker.work_off()
