"""Functions in threads of their own, each on a connection of its own, and a look at who waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from django.db import connection

PATIENCE = 20


def in_thread(function: Callable[[], object]) -> Future[object]:
    """Start it; `result(PATIENCE)` gives what it returned or raises what it raised."""
    future: Future[object] = Future()

    def body() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)
        finally:
            connection.close()

    threading.Thread(target=body, daemon=True).start()
    return future


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.02)


def waiters() -> int:
    """How many sessions of this database wait for a lock of another."""
    with connection.cursor() as cursor:
        # A transaction sees the activity of its first look unless told otherwise.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return int(cursor.fetchone()[0])


def someone_waits() -> bool:
    return waiters() > 0
