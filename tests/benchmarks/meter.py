"""What a piece of work costs: time on the clock, and on the processors of client and server, which other work disturbs less.

Standard library only: the side that is measured against runs it too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
REAPED = slice(13, 15)  # of /proc/<pid>/stat after the name: time of ended children, in ticks


class Spent(NamedTuple):
    """Seconds. `busy` is 0 where the server's processes cannot be seen from here."""

    clock: float
    busy: float


def spent(action: Callable[[], object], backend: int) -> Spent:
    """Do it once. `backend` is the process id of any of the server's sessions."""
    server = _server_of(backend)
    began = time.perf_counter(), time.process_time(), _busy(server)
    action()
    ended = time.perf_counter(), time.process_time(), _busy(server)
    clock, own, servers = (after - before for before, after in zip(began, ended, strict=True))
    return Spent(clock, own + servers if server else 0.0)


def _server_of(backend: int) -> int:
    stat = Path(f"/proc/{backend}/stat")
    return int(_fields(stat)[1]) if stat.exists() else 0


def _busy(server: int) -> float:
    """Processor seconds of all sessions of the server, those included that ended."""
    if not server:
        return 0.0
    reaped = sum(map(int, _fields(Path(f"/proc/{server}/stat"))[REAPED])) / TICKS
    living = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return reaped + sum(_nanoseconds(pid) for pid in living) / 1e9


def _nanoseconds(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0


def _fields(stat: Path) -> list[str]:
    return stat.read_text().rpartition(")")[2].split()
