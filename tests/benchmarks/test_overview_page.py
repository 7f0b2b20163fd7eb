"""The page of an agency with 500 clients: the server's time for it, against what reading the figures alone takes.

`python3 manage.py test tests/benchmarks/test_overview_page.py -m benchmark -n 0 -s`. The clients are rows of the public tables, as their
jobs leave them: the page enters no schema. Every tenth lost an account, every seventh lacks days, every fifth is off its pace.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import access
from accounts.models import Client, Label
from campaigns.rates.models import ExchangeRate
from campaigns.standings.models import Standing
from kpis.periods import STANDARD
from reports import headlines
from reports.headlines import SLUGS, Days
from reports.models import Headline, Schedule
from tests.accounts.reading import SignIn, queries
from tests.benchmarks.world import SCALE
from tests.conftest import Cast

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
CLIENTS = max(round(500 * SCALE), 5)
REPEATS = 30
PAGES = ("/a/nord/", "/a/nord/?currency=USD&sort=-revenue_change", "/a/nord/?q=client+49", "/a/nord/?need=all&page=3")


def test_the_overview_of_many_clients(cast: Cast, signed_in: SignIn) -> None:
    make_clients(cast)
    browser = signed_in(cast.owner)
    data = times(lambda: headlines.for_clients(access.clients_of(cast.owner), "USD"))
    print(f"\n{CLIENTS} clients; milliseconds of the processor, median and 95th percentile of {REPEATS}")
    print(f"  {'the figures alone':45} {told(data)}")
    for page in PAGES:
        taken = times(lambda: browser.get(page))  # noqa: B023 - called at once
        size = len(browser.get(page).content) // 1024
        print(f"  {page:45} {told(taken)}   {queries(browser, page)} queries, {size} KB")


def times(action: Callable[[], object]) -> list[float]:
    action()
    found = []
    for _ in range(REPEATS):
        began = time.thread_time()
        action()
        found.append((time.thread_time() - began) * 1000)
    return found


def told(found: list[float]) -> str:
    return f"{statistics.median(found):7.1f} {statistics.quantiles(found, n=20)[-1]:7.1f}"


def make_clients(cast: Cast) -> None:
    now = timezone.now()
    days = Days.before(now.date(), STANDARD)
    ExchangeRate.objects.get_or_create(currency="USD", day=days.week.until, defaults={"per_euro": "1.08"})
    common: dict[str, Any] = {"agency": cast.agency, "timezone": "Europe/Paris"}
    clients = Client.objects.bulk_create(
        [
            Client(name=f"Client {n}", slug=f"client-{n}", schema_name=f"none{n}", currency="USD" if n % 6 == 0 else "EUR", **common)
            for n in range(CLIENTS)
        ]
    )
    label, _created = Label.objects.get_or_create(agency=cast.agency, name="Retail")
    label.clients.add(*clients[::3])
    Headline.objects.bulk_create([headline(client, number, days) for number, client in enumerate(clients)])
    Standing.objects.bulk_create(
        [
            Standing(
                client=client, connection_id=1, source="google_ads", account="1", state="active" if n % 10 else "lost_access", since=now
            )
            for n, client in enumerate(clients)
        ]
    )
    Schedule.objects.bulk_create([Schedule(client=client, local_time="08:00", next_run_at=now + timedelta(days=2)) for client in clients])


def headline(client: Client, number: int, days: Days) -> Headline:
    figure = {"value": f"{number * 97 % 1000 + 1}.25", "reason": None, "previous": "500.5", "is_provisional": False, "is_incomplete": False}
    figures = dict.fromkeys(SLUGS, figure)
    trend = {slug: [float((number + week) % 13) for week in range(12)] for slug in SLUGS}
    missing = [(days.week.until - timedelta(days=day)).isoformat() for day in range(3)]
    gap = {
        "source": "google_ads", "account": "1", "family": "ads", "kind": "api", "complete_until": None, "settled_until": None,
        "missing_days": missing, "lost_access": False,
    }  # fmt: skip
    pace = {"slug": "revenue", "value": "10", "expected": "20", "distance": -0.5, "until": days.month.until.isoformat()}
    return Headline(
        client=client,
        currency=client.currency,
        week_since=days.week.since,
        week_until=days.week.until,
        month_since=days.month.since,
        month_until=days.month.until,
        complete_until=days.week.until,
        figures={"week": figures, "month": figures, "trend": trend},
        concerns={"gaps": [] if number % 7 else [gap], "off_pace": [] if number % 5 else [pace]},
        data_version=1,
        computed_at=timezone.now(),
        due_at=timezone.now() + timedelta(days=1),
    )
