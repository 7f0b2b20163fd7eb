"""A wave: reports of many clients all due at once, worked off by two worker processes against a real mail server.

`BENCHMARK_WAVES=100,1000,10000 python3 manage.py test tests/benchmarks/test_wave.py -m benchmark -n 0 -s`: so many runs, one after the
other. None is lost and none doubled, and there is one PDF for each run and language, or the test fails; it prints whether the time of a
report and the memory of a worker stay as they were.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection, transaction

from accounts.models import Client
from accounts.services import create_client
from campaigns.streams import execute
from jobs import worker
from jobs.models import Job
from reports import preparing, scheduling
from reports.models import Delivery, Recipient, Run, Schedule
from tests.conftest import LoadText
from tests.reports.conftest import ADS, LEADS, ORDERS
from tests.reports.faults.test_storm import broker

__all__ = ["broker"]

pytestmark = pytest.mark.benchmark
WAVES = [int(size) for size in os.environ.get("BENCHMARK_WAVES", "100").split(",")]
CLIENTS = 300
WORKERS = 2
PATIENCE = 3600
DUE = datetime(2026, 11, 16, 7, tzinfo=UTC)
# Two copies of one document; every tenth run is read in English, too.
READERS = {"ana": "fr", "bob": "fr"}
ENGLISH_EVERY = 10


class Counted:
    """A mail server that keeps nothing but how often it took each message."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        head = envelope.content.split(b"\r\n\r\n", 1)[0].decode()
        [called] = [line for line in head.splitlines() if line.lower().startswith("message-id:")]
        self.taken[called.partition(":")[2].strip(" <>")] += 1
        return "250 kept"


def clients(first: Client, count: int) -> list[Client]:
    """`first` and others with the same figures, copied where they are kept."""
    others = []
    for number in range(count - 1):
        client = create_client(f"wave-{number}", name=f"Client {number}", currency="EUR", timezone="Europe/Paris", agency=first.agency)
        with transaction.atomic():
            copy_rows(first, client)
        others.append(client)
    return [first, *others]


def copy_rows(first: Client, client: Client) -> None:
    # Rows come in whatever order; they refer to one another as those they are copied from do.
    execute("SET LOCAL session_replication_role = replica")
    for table in filled_tables(first):
        copied = f'SELECT * FROM "{first.schema_name}".{table}'
        execute(f'INSERT INTO "{client.schema_name}".{table} OVERRIDING SYSTEM VALUE {copied} ON CONFLICT DO NOTHING')


def filled_tables(client: Client) -> list[str]:
    named = execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = %(schema)s", {"schema": client.schema_name})
    tables = [name for (name,) in named if name != "django_migrations"]
    return [name for name in tables if execute(f'SELECT EXISTS (SELECT FROM "{client.schema_name}".{name})')[0][0]]


def stage(served: list[Client], runs: int) -> set[int]:
    """So many schedules, due now; their ids."""
    schedules = Schedule.objects.bulk_create(
        Schedule(client=served[number % len(served)], local_time=DUE.time(), next_run_at=DUE, policy=Schedule.Policy.SEND)
        for number in range(runs)
    )
    Recipient.objects.bulk_create(
        Recipient(schedule=schedule, email=f"{name}@{schedule.pk}.example", language=language)
        for number, schedule in enumerate(schedules)
        for name, language in (READERS | ({"eve": "en"} if number % ENGLISH_EVERY == 0 else {})).items()
    )
    return {schedule.pk for schedule in schedules}


@contextlib.contextmanager
def processes(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """One beat and the workers, until the end of the block."""
    folder.mkdir()
    beat = ("-A", "config", "beat", "--schedule", str(folder / "beat"), "--pidfile", "")
    work = ("-A", "tests.benchmarks.wave_worker", "worker", "--concurrency", "1", "--without-mingle", "--without-gossip")
    started = []
    try:
        for number, arguments in enumerate([beat, *[work] * WORKERS]):
            name = ("--hostname", f"{number}@%h") if arguments is work else ()
            command = [sys.executable, "-m", "celery", *arguments, *name, "--loglevel", "ERROR"]
            with (folder / f"{number}.log").open("ab") as log:
                started.append(
                    subprocess.Popen(
                        command,
                        env=environment | {"WAVE_FOLDER": str(folder)},
                        cwd=settings.BASE_DIR,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(schedules: set[int], copies: int) -> float:
    """Until every copy's fate is written; seconds since the first run was opened."""
    began, deadline = None, time.monotonic() + PATIENCE
    # They were made one after the other.
    ours = Delivery.objects.filter(run__schedule__gte=min(schedules))
    settled = (Delivery.State.SENT, Delivery.State.FAILED, Delivery.State.UNKNOWN, Delivery.State.SUPPRESSED)
    while ours.filter(state__in=settled).count() < copies:
        began = began or (time.monotonic() if Run.objects.filter(schedule__gte=min(schedules)).exists() else None)
        if time.monotonic() > deadline:
            raise AssertionError(Counter(ours.values_list("state", flat=True)))
        # Looking takes time of what is measured.
        time.sleep(2 if began else 0.1)
    return time.monotonic() - (began or time.monotonic())


def lines(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What each worker process told, in its order."""
    return {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in folder.glob("*.jsonl")}


def test_waves(own_database: str, lumen: Client, broker: str, load_text: LoadText, tmp_path: Path) -> None:
    for kind, text in (("ads", ADS), ("leads", LEADS), ("orders", ORDERS)):
        load_text(lumen, kind, text)
    worker.work_off()
    served = clients(lumen, min(CLIENTS, max(WAVES)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    server = Counted()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        environment = os.environ | {
            "DATABASE_URL": own_database, "BROKER_URL": broker, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(server.port),
            "JOB_PICK_UP_SECONDS": "60", "JOB_LEASE_SECONDS": "30",
        }  # fmt: skip
        for place, runs in enumerate(WAVES):
            ride(served, runs, server, tmp_path / f"wave-{place}", environment)
    finally:
        controller.stop()


def ride(served: list[Client], runs: int, server: Counted, folder: Path, environment: dict[str, str]) -> None:
    """One wave, and what it showed."""
    schedules = stage(served, runs)
    copies = runs * len(READERS) + -(-runs // ENGLISH_EVERY)
    with processes(folder, environment):
        seconds = wait_for(schedules, copies)
    told = lines(folder)
    check_ledger(schedules, runs, copies, server.taken)
    documents = sum("pdf" in line for each in told.values() for line in each)
    assert documents == runs + -(-runs // ENGLISH_EVERY)
    print(f"\n{runs:,} runs of {len(served)} clients, {copies:,} copies, 0 lost, 0 doubled, {documents:,} PDFs", end="")
    print(f": {seconds:.0f} s, {runs / seconds:.1f} runs/s")
    tell_costs(told)


def check_ledger(schedules: set[int], runs: int, copies: int, taken: Counter[str]) -> None:
    assert Run.objects.filter(schedule__in=schedules, state=Run.State.READY).count() == runs
    rows = Delivery.objects.filter(run__schedule__in=schedules)
    assert Counter(rows.values_list("state", flat=True)) == {Delivery.State.SENT: copies}
    assert Counter(taken[called] for called in rows.values_list("message_id", flat=True)) == {1: copies}


def tell_costs(told: dict[str, list[dict[str, Any]]]) -> None:
    """Of both kinds of jobs, and of the memory, the first fifth of each worker's beside its last."""
    kinds = dict(Job.objects.values_list("pk", "kind"))
    for kind in (scheduling.KIND, preparing.DELIVER):
        done = [list(real(line for line in each if line.get("job") and kinds[line["job"]] == kind)) for each in told.values()]
        first, last = (statistics.median(line["busy"] for part in parts for line in part) for parts in fifths(done))
        print(f"  {kind}: {first * 1000:.0f} ms on processors in the first fifth, {last * 1000:.0f} in the last, {last / first:.2f} ×")
    for name, each in told.items():
        sizes = [line["resident"] / 2**20 for line in each if line.get("job")]
        if sizes:
            course = ", ".join(f"{sizes[part * (len(sizes) - 1) // 10]:.0f}" for part in range(11))
            print(f"  worker {name}: MB after its first job, and after every tenth of all: {course}")


def real(each: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """One line for each job: a message that waits long is sent again, and whoever comes second finds nothing to do."""
    dearest: dict[int, dict[str, Any]] = {}
    for line in each:
        if line["job"] not in dearest or line["busy"] > dearest[line["job"]]["busy"]:
            dearest[line["job"]] = line
    return dearest.values()


def fifths(done: list[list[dict[str, Any]]]) -> tuple[list[list[dict[str, Any]]], list[list[dict[str, Any]]]]:
    size = [max(1, len(each) // 5) for each in done]
    return [each[:part] for each, part in zip(done, size, strict=True)], [each[-part:] for each, part in zip(done, size, strict=True)]
