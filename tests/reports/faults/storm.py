"""Everything goes wrong while reports are sent; then the ledger is compared with what the mail server took."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from jobs.models import Job
from reports.models import Delivery, Run, Schedule
from tests.reports.faults.mortal import STEPS
from tests.reports.faults.server import HostileServer

State = Delivery.State
PROCESS_TIMEOUT = 2
OPEN_JOBS = (Job.State.QUEUED, Job.State.SENT, Job.State.RUNNING)


@dataclass
class Storm:
    """Two kinds of processes over one database, broker and mail server, and what befalls them."""

    folder: Path
    environment: dict[str, str]
    server: HostileServer
    beats: int
    workers: int
    # Kills at each step, and how likely one is when a worker passes there, in a hundred.
    kills: int
    chance: int
    # Of each worker.
    hands: int = 2
    disturbances: Sequence[Callable[[], None]] = ()
    patience: float = 60
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    disturbed: Counter[str] = field(default_factory=Counter)

    def rage(self) -> None:
        """Send what is due, whatever happens; return when nothing is left to do."""
        tokens = self.folder / "kills"
        tokens.mkdir()
        for step in STEPS:
            for number in range(self.kills):
                (tokens / f"{step}.{number}").touch()
        self.environment = self.environment | {
            "FAULT_FOLDER": str(tokens),
            "FAULT_CHANCE": str(self.chance),
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.server.port),
            "EMAIL_TIMEOUT": str(PROCESS_TIMEOUT),
        }
        with self._running():
            self._until_done()

    @property
    def died(self) -> Counter[str]:
        """How many processes killed themselves at each step."""
        left = Counter(token.stem for token in (self.folder / "kills").iterdir())
        return Counter({step: self.kills - left[step] for step in STEPS})

    def kill_a_worker(self) -> None:
        """SIGKILL to a worker's whole group, whatever it is doing; another takes its place."""
        name = random.choice([name for name in self.processes if name.startswith("worker")])
        _kill(self.processes[name])
        self._start(name)

    def kill_a_beat(self) -> None:
        _kill(self.processes["beat-0"])
        self._start("beat-0")

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        try:
            for number in range(self.beats):
                self._start(f"beat-{number}")
            for number in range(self.workers):
                self._start(f"worker-{number}")
            yield
        finally:
            for process in self.processes.values():
                _kill(process)

    def _start(self, name: str) -> None:
        if name.startswith("beat"):
            app = "config"
            arguments: tuple[str, ...] = ("beat", "--schedule", str(self.folder / f"{name}-{time.monotonic_ns()}"), "--pidfile", "")
        else:
            app = "tests.reports.faults.mortal"
            arguments = ("worker", "--hostname", f"{name}@%h", "--concurrency", str(self.hands), "--without-mingle", "--without-gossip")
        command = [sys.executable, "-m", "celery", "-A", app, *arguments, "--loglevel", "CRITICAL"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, cwd=settings.BASE_DIR, stdout=log, stderr=log, start_new_session=True
            )

    def _until_done(self) -> None:
        """Look on, let waits pass that would last for minutes, and disturb each time another part of the copies is done."""
        left = list(self.disturbances)
        parts = len(left) + 1
        deadline = time.monotonic() + self.patience
        while True:
            with contextlib.suppress(OperationalError):
                done, total, is_idle = _progress()
                if left and total and done * parts >= total * (parts - len(left)):
                    disturb = left.pop(0)
                    self.disturbed[disturb.__name__] += 1
                    disturb()
                if is_idle and not left:
                    return
            if connection.connection and connection.connection.broken:
                connection.close()
            if time.monotonic() > deadline:
                raise AssertionError(f"not done: {Counter(Delivery.objects.values_list('state', flat=True))}, {_open_jobs()}")
            time.sleep(0.1)


def _progress() -> tuple[int, int, bool]:
    """Copies whose fate is written, copies in all, and whether nothing is left to do."""
    now = timezone.now()
    Job.objects.filter(state=Job.State.QUEUED, run_at__gt=now, run_at__lt=now + timedelta(hours=1)).update(run_at=now)
    states = Counter(Delivery.objects.values_list("state", flat=True))
    waiting = sum(states[state] for state in (State.QUEUED, State.DEFERRED, State.SENDING))
    due = Schedule.objects.filter(next_run_at__lte=now, paused=False).exists()
    total = sum(states.values())
    return total - waiting, total, bool(total) and not waiting and not due and not _open_jobs()


def _open_jobs() -> list[tuple[str, str, int, str]]:
    jobs = Job.objects.filter(kind__startswith="reports.", state__in=OPEN_JOBS)
    return list(jobs.values_list("kind", "state", "attempt", "error")[:5])


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True)
class Tally:
    """The ledger beside the server's own count. `lost` and `doubled` must be empty; `unshown` too: taken, and not told of as such."""

    states: Counter[str]
    attempts: int
    taken: int
    lost: list[str]
    doubled: list[str]
    unshown: list[str]

    def __str__(self) -> str:
        told = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{sum(self.states.values())} deliveries: {told}; {self.attempts} attempts, {self.taken} messages taken by the server; "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.unshown)} taken without being shown"
        )


def tally(server: HostileServer, expected: int) -> Tally:
    """Raises `AssertionError` if a run or a row is missing, or there is one too many."""
    rows = list(Delivery.objects.values_list("message_id", "state", "attempts"))
    assert len(rows) == expected
    assert not Run.objects.exclude(state=Run.State.READY).exists()
    assert set(server.accepted) <= {message_id for message_id, _, _ in rows if message_id}, "a message that no row knows"
    return Tally(
        states=Counter(state for _, state, _ in rows),
        attempts=sum(attempts for _, _, attempts in rows),
        taken=server.accepted.total(),
        lost=[name for name, state, _ in rows if not _is_settled(state) or (state == State.SENT and not server.accepted[name])],
        doubled=[name for name, count in server.accepted.items() if count > 1],
        unshown=[name for name, state, _ in rows if state == State.FAILED and server.accepted[name]],
    )


def _is_settled(state: str) -> bool:
    return state in (State.SENT, State.FAILED, State.UNKNOWN)
