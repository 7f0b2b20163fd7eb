"""Workers that are killed while they read: what is stored stays true, no job is lost, and those that follow finish what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Client
from campaigns import pulls
from campaigns.models import Connection, LoadedSpan, Pull
from campaigns.simulators.server import Simulator
from jobs import queue, worker
from jobs.models import Job
from kpis import recompute
from tests.campaigns.truth.companies import COMPANIES, ONE_DAY, Company, client_of, connect, platforms, since
from tests.campaigns.truth.ledgers import PLATFORMS, Told, Truth
from tests.campaigns.truth.rollups import roll_ups
from tests.campaigns.truth.stored import Row, differences, stored
from tests.portability.test_deletion import sessions_are_over

# Facts of the day they carry; deals and subscriptions are told all at once, and leads by the day of their last change.
BY_DAY = ("AdDay", "AdConversion", "AudienceDay", "Customer", "EmailSend", "LandingDay", "Order", "PageDay")
AT_ONCE = ("Deal", "SubscriptionSpan")
FAMILIES = {
    "AdDay": "ads", "AdConversion": "ads", "AudienceDay": "audience", "Customer": "customers", "Deal": "deals", "EmailSend": "email",
    "LandingDay": "site", "Order": "orders", "PageDay": "pages", "SubscriptionSpan": "subscriptions",
}  # fmt: skip


@pytest.fixture
def company() -> Company:
    return COMPANIES["london"]


@pytest.fixture
def yesterday(company: Company) -> date:
    """The workers live today; the platforms tell them of all that was until yesterday's evening."""
    return timezone.now().date() - ONE_DAY


@pytest.fixture
def simulator(yesterday: date, settings: Any) -> Iterator[Simulator]:
    with platforms(lambda: yesterday, settings, yesterday) as running:
        yield running


@pytest.fixture
def client(own_database: str, company: Company) -> Iterator[Client]:
    with client_of(company) as made:
        yield made


@pytest.fixture
def environment(own_database: str, simulator: Simulator) -> dict[str, str]:
    """Under which a process of its own finds this test's database and platforms."""
    told = {f"{source}_{name}".upper(): value for source in PLATFORMS for name, value in simulator.settings(source).items()}
    return os.environ | told | {"DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "config.settings"}


class Reading:
    """All accounts of one company while they are read for the first time."""

    def __init__(self, client: Client, simulator: Simulator, company: Company, yesterday: date) -> None:
        self.client = client
        self.ledger = simulator.ledgers[company.business.slug]
        self.yesterday = yesterday
        self.accounts = [account for source in PLATFORMS for account in connect(client, simulator, source, company.business)]

    def told(self, account: Connection) -> Told:
        return Truth(self.client, account, self.ledger, [self.yesterday], self.yesterday).told()

    def wrong(self) -> list[str]:
        """What is not as if nobody had been killed."""
        found = [difference for account in self.accounts for difference in differences(self.told(account), stored(account))]
        for span in LoadedSpan.objects.select_related("connection"):
            if (span.since, span.until) != (since(span.connection), self.yesterday):
                found += [f"only {span} is known"]
        return found

    def lies(self) -> list[str]:
        """Days that are said to be known, and of which something is missing or other than it was."""
        found = []
        for account in self.accounts:
            told, held = self.told(account), stored(account)
            spans: dict[str, list[tuple[date, date]]] = {family: [] for family in FAMILIES.values()}
            for span in account.loaded_spans.all():
                spans.get(span.family, []).append((span.since, span.until))
            for table in (*BY_DAY, *AT_ONCE):
                known = spans[FAMILIES[table]]
                claimed = {
                    key: row
                    for key, row in told.get(table, {}).items()
                    if (known if table in AT_ONCE else any(first <= day_of(key, row) <= last for first, last in known))
                }
                there = {key: row for key, row in held.get(table, {}).items() if key in claimed}
                found += differences({table: claimed}, {table: there})
        return found


def day_of(key: tuple[Any, ...], row: Row) -> date:
    day = row.get("day", key[0])
    assert isinstance(day, date)
    return day


def live_and_die(environment: dict[str, str], dice: Random, longest: int) -> None:
    """One worker's life, from its first job to its sudden end, and what the others then do for its jobs."""
    last, more = dice.randint(10, longest), dice.random() * 0.05
    command = [sys.executable, "-m", "tests.campaigns.truth.mortal", str(last), f"{more:.3f}"]
    died = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, timeout=120, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    sessions_are_over()
    # As when its leases have run out.
    Job.objects.filter(state__in=[Job.State.SENT, Job.State.RUNNING]).update(lease_until=timezone.now() - timedelta(hours=1))
    queue.reap()


@pytest.mark.parametrize(
    ("kills", "longest", "seed"), [(4, 400, 1), *(pytest.param(20, 160, seed, marks=pytest.mark.long) for seed in (2, 3))]
)
def test_killed_again_and_again_workers_store_what_one_would_have_that_was_never_killed(
    client: Client,
    simulator: Simulator,
    company: Company,
    environment: dict[str, str],
    yesterday: date,
    kills: int,
    longest: int,
    seed: int,
) -> None:
    reading = Reading(client, simulator, company, yesterday)
    dice = Random(seed)
    open_pulls = Job.objects.filter(kind=pulls.KIND, state__in=Job.OPEN)
    for _ in range(kills):
        live_and_die(environment, dice, longest)
        assert reading.lies() == []
        assert open_pulls.count() == len(reading.accounts)
    assert reading.wrong()
    # A job whose every worker died waits for the next morning, which is now.
    open_pulls.update(run_at=timezone.now())
    worker.work_off(client.pk)
    assert reading.wrong() == []
    assert open_pulls.count() == len(reading.accounts)
    assert not Job.objects.filter(state__in=[Job.State.SENT, Job.State.RUNNING]).exists()
    assert set(Pull.objects.values_list("state", flat=True)) == {Pull.State.STORED}
    incremental = roll_ups()
    recompute.rebuild_all(client)
    assert roll_ups() == incremental
