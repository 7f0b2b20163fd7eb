"""Real Celery workers, a real broker, real kills: every job's effect happens once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.services import keep_credential
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.models import AdConversion, AdDay, Connection, LoadedSpan, Pull
from campaigns.simulators.google_ads import CUSTOMER
from campaigns.simulators.server import Fault, Simulator
from jobs import queue
from jobs.models import Heartbeat, Job
from reports import scheduling
from reports.models import Run, Schedule
from tests.conftest import Cast

PATIENCE = 60


@pytest.fixture
def broker() -> Iterator[str]:
    """A database of the test server's broker for this test alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = os.environ["BROKER_URL"].replace("virtual_host=0", f"virtual_host={1 + int(worker)}")
    empty(url)
    yield url
    empty(url)


def empty(url: str) -> None:
    path, _, database = url.removeprefix("redis+socket://").partition("?virtual_host=")
    with redis.Redis(unix_socket_path=path, db=int(database)) as server:
        server.flushdb()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def start(own_database: str, broker: str, simulator: Simulator, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A function that starts a worker or a beat on this test's database and broker."""
    environment = os.environ | {"DATABASE_URL": own_database, "BROKER_URL": broker}
    environment |= {f"GOOGLE_ADS_{name.upper()}": value for name, value in simulator.settings("google_ads").items()}
    started: list[subprocess.Popen[bytes]] = []

    def process(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments]
        with (tmp_path / f"{len(started)}.log").open("wb") as log:
            child = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=log, start_new_session=True)
        started.append(child)
        return child

    yield process
    for child in started:
        kill(child)


def worker(start: Callable[..., subprocess.Popen[bytes]], *options: str, concurrency: int = 2) -> subprocess.Popen[bytes]:
    own = ("--concurrency", str(concurrency), "--without-mingle", "--without-gossip", "--loglevel", "WARNING")
    return start("worker", *own, *options)


def beat(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> subprocess.Popen[bytes]:
    return start("beat", "--schedule", str(tmp_path / f"beat-{time.monotonic_ns()}"), "--pidfile", "")


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole process group: parent and pool."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, [
            *Job.objects.values_list("kind", "key", "state", "attempt", "error"),
            *Run.objects.values_list("state", "problem"),
        ]
        time.sleep(0.05)


@contextmanager
def connected(cast: Cast, simulator: Simulator) -> Iterator[Connection]:
    """The simulated account connected to Maison Lumen, its schema open."""
    credential = keep_credential("google_ads", simulator.secret("google_ads"), client=cast.client)
    with inside(cast.client):
        yield Connection.objects.create(
            source="google_ads", account=CUSTOMER, currency="EUR", timezone="Europe/Paris", credential_id=credential.pk
        )


def test_a_worker_killed_in_the_middle_of_a_pull_loses_and_doubles_nothing(
    cast: Cast, own_database: str, simulator: Simulator, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with connected(cast, simulator) as source:
        simulator.faults.append(Fault(delay=30, path="googleAds:search"))
        pulls.schedule(cast.client, source)
        beat(start, tmp_path)
        victim = worker(start)
        wait_for(lambda: Job.objects.filter(kind=pulls.KIND, state=Job.State.RUNNING).exists() and not simulator.faults)
        kill(victim)
        assert not Pull.objects.exists()
        worker(start)
        wait_for(lambda: Pull.objects.filter(state=Pull.State.STORED).exists())
        wait_for(lambda: Job.objects.filter(kind=pulls.KIND, state=Job.State.QUEUED, attempt=0).exists())
        wait_for(lambda: not Job.objects.filter(kind=pulls.KIND, state=Job.State.RUNNING).exists())
        told = LoadedSpan.objects.get()
        truth = simulator.ledger.ad_days(told.since, told.until, simulator.as_of())
        assert AdDay.objects.count() == len(truth) > 150
        assert sum(Pull.objects.values_list("inserted", flat=True)) == AdDay.objects.count() + AdConversion.objects.count()


def test_an_emptied_broker_loses_no_job(
    cast: Cast, own_database: str, broker: str, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """The broker forgets what it was handed while no worker ran that does jobs."""
    for number in range(60):
        queue.enqueue("kpis.recompute", client_id=cast.client.pk, key=str(number))
    beat(start, tmp_path)
    first = start("worker", "--concurrency", "1", "--queues", "tick", "--loglevel", "WARNING")
    ours = Job.objects.filter(kind="kpis.recompute")
    wait_for(ours.filter(state=Job.State.SENT).exists)
    kill(first)
    empty(broker)
    worker(start)
    wait_for(lambda: ours.filter(state=Job.State.DONE).count() == 60)
    assert ours.count() == 60


def test_two_beats_and_two_workers_do_each_job_once(
    cast: Cast, own_database: str, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    for number in range(40):
        queue.enqueue("kpis.recompute", client_id=cast.client.pk, key=str(number))
    for _ in range(2):
        beat(start, tmp_path)
        worker(start)
    ours = Job.objects.filter(kind="kpis.recompute")
    wait_for(lambda: ours.filter(state=Job.State.DONE).count() == 40)
    assert set(ours.values_list("attempt", flat=True)) == {1}


def test_a_backlog_longer_than_the_time_to_pick_up_sends_no_job_twice(
    cast: Cast, own_database: str, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    jobs = 300
    for number in range(jobs):
        queue.enqueue("kpis.recompute", client_id=cast.client.pk, key=str(number))
    start("worker", "--concurrency", "1", "--queues", "tick,work", "--without-mingle", "--without-gossip", "--loglevel", "INFO")
    beat(start, tmp_path)
    ours = Job.objects.filter(kind="kpis.recompute")
    wait_for(ours.filter(state=Job.State.DONE).exists)
    began = time.monotonic()
    wait_for(lambda: ours.filter(state=Job.State.DONE).count() == jobs)
    assert time.monotonic() - began > queue.PICK_UP, "no backlog: more jobs are needed"
    wait_for(lambda: not Job.objects.filter(state__in=[Job.State.SENT, Job.State.RUNNING]).exists())
    messages = len(re.findall(r"Task run\[\S+ received", (tmp_path / "0.log").read_text()))
    assert jobs <= messages <= sum(Job.objects.values_list("starts", flat=True)), "some found nothing to do"


def test_a_platform_that_says_nothing_keeps_no_report_waiting(
    cast: Cast, own_database: str, simulator: Simulator, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """The processes are those of the demo and of the manual; more accounts are to be pulled than there are hands."""
    simulator.faults += [Fault(delay=PATIENCE, path="google_ads") for _ in range(9)]
    with connected(cast, simulator) as source:
        for account in ("1111111111", "2222222222", "3333333333"):
            source.pk, source.account = None, account
            source.save()
            pulls.schedule(cast.client, source)
    worker(start, "--queues", "tick,work", "--hostname", "worker@%h")
    worker(start, "--queues", "pulls", "--hostname", "puller@%h", concurrency=1)
    beat(start, tmp_path)
    silent = Job.objects.filter(kind=pulls.KIND, state=Job.State.RUNNING)
    wait_for(silent.exists)
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=timezone.now() - timedelta(days=8), policy=Schedule.Policy.SEND)
    wait_for(Run.objects.filter(state=Run.State.READY).exists)
    assert silent.exists()


def test_a_worker_and_a_beat_show_that_they_work_until_they_end_or_die(
    cast: Cast, own_database: str, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    Heartbeat.objects.all().delete()

    def seen() -> dict[str, list[str]]:
        return {row.name: row.queues for row in Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER)}

    first = worker(start, "--hostname", "first@here", "--queues", "tick,work", concurrency=1)
    second = worker(start, "--hostname", "second@here", "--queues", "pulls", concurrency=1)
    beat(start, tmp_path)
    wait_for(lambda: seen() == {"first@here": ["tick", "work"], "second@here": ["pulls"]})
    wait_for(Heartbeat.objects.filter(kind=Heartbeat.Kind.BEAT).exists)
    second.terminate()  # in order
    wait_for(lambda: list(seen()) == ["first@here"])
    kill(first)
    assert list(seen()) == ["first@here"]
