"""Never twice, never silently lost: whatever is killed, emptied, refused or cut off while reports are sent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from accounts.tenancy import inside
from jobs.models import Job
from reports import scheduling
from reports.models import Recipient, Schedule
from tests.conftest import Cast, LoadText
from tests.reports.conftest import ORDERS
from tests.reports.faults.server import hostile_server
from tests.reports.faults.storm import PROCESS_TIMEOUT, Storm, tally

COPIES = 24
# So that a wait for a dead worker's lease is one for several: they die at different steps of different reports.
SCHEDULES = 3


@pytest.fixture
def broker() -> Iterator[str]:
    """A database of the test server's broker for this test alone."""
    number = 8 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = os.environ["BROKER_URL"].replace("virtual_host=0", f"virtual_host={number}")
    empty(url)
    yield url
    empty(url)


def empty(url: str) -> None:
    path, _, database = url.removeprefix("redis+socket://").partition("?virtual_host=")
    with redis.Redis(unix_socket_path=path, db=int(database)) as server:
        server.flushdb()


def test_every_copy_is_taken_once_or_somebody_is_told(
    own_database: str, cast: Cast, broker: str, load_text: LoadText, tmp_path: Path
) -> None:
    with inside(cast.client):
        load_text(cast.client, "orders", ORDERS)
    Job.objects.all().delete()
    schedules = [scheduling.create_weekly(cast.client, {}) for _ in range(SCHEDULES)]
    readers = [
        Recipient(schedule=schedules[number % SCHEDULES], email=f"{number}@lumen.example", language="en") for number in range(COPIES)
    ]
    Recipient.objects.bulk_create(readers)
    Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC))

    def empty_the_broker() -> None:
        empty(broker)

    def cut_all_connections() -> None:
        """What a restart of Postgres is to its clients."""
        with connection.cursor() as cursor:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")

    with hostile_server(seed=7, stall=PROCESS_TIMEOUT + 1) as server:
        own_servers = os.environ | {"DATABASE_URL": own_database, "BROKER_URL": broker}
        storm = Storm(tmp_path, own_servers, server, beats=2, workers=1, hands=4, kills=1, chance=60)
        storm.disturbances = (empty_the_broker, cut_all_connections)
        storm.rage()
        told = tally(server, COPIES)
    assert (told.lost, told.doubled, told.unshown) == ([], [], [])
    assert storm.died.total() >= 8
    assert server.done.total() > 3


@pytest.mark.long
def test_of_a_thousand_copies_none_is_lost_and_none_is_doubled() -> None:
    """On servers of its own, which are killed too; see `tests.reports.faults.__main__`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reports.faults", "1000"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "0 lost, 0 doubled, 0 taken without being shown" in done.stdout
