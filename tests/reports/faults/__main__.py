"""`python -m tests.reports.faults 1000`: two beats and four workers send so many copies while everything goes wrong.

On a Postgres and a Valkey of its own, so that these can be killed, too. Prints the tally; exits with 1 if a copy was lost or
doubled, or nothing died at some step.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import redis

SCHEDULES = 5
KILLS = 3


def main(copies: int) -> int:
    os.environ |= {
        "JOB_PICK_UP_SECONDS": "5",
        "JOB_LEASE_SECONDS": "5",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with tempfile.TemporaryDirectory(prefix="vigie-faults-") as folder:
        home = Path(folder)
        os.environ["VIGIE_HOME"] = str(home)
        from config import embedded

        with embedded.servers(home, broker=True):
            import django

            django.setup()
            return _storm(home, copies)


def _storm(home: Path, copies: int) -> int:
    from config import embedded
    from tests.reports.faults.server import hostile_server
    from tests.reports.faults.storm import PROCESS_TIMEOUT, Storm, tally

    _stage(home, copies)
    postgres, broker = embedded.Postgres(home), embedded.Valkey(home)

    def empty_the_broker() -> None:
        with redis.Redis(unix_socket_path=str(broker.socket)) as server:
            server.flushall()

    def restart_the_database() -> None:
        postgres.stop()
        postgres.start()

    def crash_the_database() -> None:
        """Without the tidying of a stop: its log of changes must bring everything back."""
        postgres.durable = False
        postgres.stop()
        postgres.durable = True
        postgres.start()

    began = time.monotonic()
    with hostile_server(seed=2026, stall=PROCESS_TIMEOUT + 1) as server:
        storm = Storm(home, dict(os.environ), server, beats=2, workers=4, kills=KILLS, chance=10, patience=3600)
        each = (storm.kill_a_worker, empty_the_broker, restart_the_database, storm.kill_a_beat, crash_the_database)
        storm.disturbances = [*each, storm.kill_a_worker] * 2
        storm.rage()
        told = tally(server, copies)
    print(told)  # noqa: T201
    print(f"Workers that died at each step: {dict(storm.died)}; besides: {dict(storm.disturbed)}")  # noqa: T201
    print(f"The mail server's misdeeds: {dict(server.done)}; {time.monotonic() - began:.0f} s")  # noqa: T201
    is_sound = not (told.lost or told.doubled or told.unshown)
    return 0 if is_sound and all(storm.died.values()) else 1


def _stage(home: Path, copies: int) -> None:
    """One client with two weeks of orders, and reports that are due to so many readers."""
    from django.core.management import call_command

    from accounts.services import create_client
    from accounts.tenancy import inside
    from campaigns.imports import load
    from campaigns.imports.kinds import KINDS
    from jobs import worker
    from reports import scheduling
    from reports.models import Recipient, Schedule
    from tests.reports.conftest import ORDERS

    call_command("migrate", verbosity=0)
    client = create_client("lumen", name="Maison Lumen", currency="EUR", timezone="Europe/Paris")
    (home / "orders.csv").write_text(ORDERS)
    with inside(client):
        load(client, KINDS["orders"], home / "orders.csv")
    worker.work_off()
    for number in range(SCHEDULES):
        schedule = scheduling.create_weekly(client, {})
        emails = [f"{reader}@lumen.example" for reader in range(number, copies, SCHEDULES)]
        Recipient.objects.bulk_create(Recipient(schedule=schedule, email=email, language="en") for email in emails)
    Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
