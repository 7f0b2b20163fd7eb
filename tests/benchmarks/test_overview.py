"""An overview of 500 clients: by their headlines, against visiting every schema, against one UNION ALL over the schemas, and against
DuckDB with the days of all clients hot in memory.

`python3 manage.py test tests/benchmarks/test_overview.py -m benchmark -n 0 -s`; what it takes part with is told in `comparison`.
`BENCHMARK_SCALE=0.1` makes a tenth of the clients. All sides give the same figures, or the test fails.

For each client the last week, the month so far, what both are compared with, and twelve weeks: six figures. Of ours it is the figures
themselves, for one person who may see them, with how many connections are lost; of the others the sums alone, for nobody in particular.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts import access
from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside, outside
from campaigns.models import Connection
from campaigns.streams import execute
from jobs import worker
from kpis import query
from kpis.measures import PAID_CHANNELS
from kpis.models import LAYOUT
from kpis.periods import ONE_DAY, STANDARD, WEEK, Period
from kpis.values import Value
from reports import headlines
from reports.headlines import Days, Told
from tests.benchmarks import comparison, overview
from tests.benchmarks.comparison import best, ratio
from tests.benchmarks.meter import Spent, spent
from tests.benchmarks.overview import Figures
from tests.benchmarks.world import SCALE, some
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
CLIENTS = max(round(500 * SCALE), 5)
HISTORY = 365
WEEK_NOW, WEEK_BEFORE, MONTH_NOW, MONTH_BEFORE, TREND = range(5)
FAMILIES = {"google_ads": "ads", "hubspot": "leads", "stripe": "orders"}
# Told of each day of two channels; %(client)s scrambles the figures.
_DAYS = "generate_series(%(since)s::date, %(until)s::date, '1 day') AS day, (VALUES (1, 'paid_search'), (2, 'email')) AS told (id, channel)"
_NUMBER = "(%(client)s * 100000 + (day::date - DATE '2020-01-01') * 3 + id)"
_FILL = (
    f"""INSERT INTO kpis_addaytotal (day, channel, impressions, clicks, spend_nano, conversions_millionths, conversion_value_nano)
        SELECT day, channel, 1000, 10, 1 + {some(_NUMBER, 1)}::bigint * 1000, 1000000, {some(_NUMBER, 2)}::bigint * 7000 FROM {_DAYS}""",
    f"""INSERT INTO kpis_leaddaytotal (day, channel, leads, mqls, sqls, mqls_to_sql, leads_to_customer, won, days_to_close)
        SELECT day, channel, 1 + {some(_NUMBER, 3)} %% 40, 0, 0, 0, 0, 0, 0 FROM {_DAYS}""",
    f"""INSERT INTO kpis_orderdaytotal (day, channel, orders, order_amount_nano, refunds_nano, revenue_nano)
        SELECT day, channel, {some(_NUMBER, 4)} %% 30, {some(_NUMBER, 5)}, 0, {some(_NUMBER, 5)}::bigint * 1000 FROM {_DAYS}""",
    "INSERT INTO kpis_dataversion (id, number, layout) VALUES (1, 1, %(layout)s)",
)


def test_an_overview_of_many_clients(own_database: str, cast: Cast, tmp_path: Path, settings: Any) -> None:
    # Nothing is kept from one time to the next.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    days = Days.before(timezone.now().astimezone(cast.client.zone).date(), STANDARD)
    clients = [made(cast, number, days) for number in range(CLIENTS)]
    execute("ANALYZE")
    headlines.open_due()
    while worker.work_off():
        headlines.open_due()
    periods = numbered(days)
    since, until = min(period[1] for period in periods), max(period[2] for period in periods)
    schemas = [(client.pk, client.schema_name) for client in clients]
    of_schemas = overview.statement(overview.days_of(schemas, PAID_CHANNELS, since, until), periods)

    def told() -> dict[int, Told]:
        return headlines.for_clients(access.clients_of(cast.owner))

    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "headlines": (told, 20),
        "visiting every schema": (partial(visited, clients, days), 2),
        "UNION ALL over the schemas": (lambda: overview.figures(execute(of_schemas)), 3),
    }
    backend = execute("SELECT pg_backend_pid()")[0][0]
    ours, visits, summed = (read() for read, _ in ways.values())
    found = {way: [spent(read, backend) for _ in range(repeats)] for way, (read, repeats) in ways.items()}
    others = [visits, summed]
    if comparison.is_installed():
        path = tmp_path / "days.csv"
        copy_days(clients, days, path)
        answer = comparison.run(
            "read_overview_by_duckdb", {"days": str(path), "periods": periods, "backend": backend, "repeats": 20}, tmp_path
        )
        found["DuckDB in memory"] = comparison.times(answer["times"])
        others.append(overview.figures(answer["rows"]))
    show(found)
    for other in others:
        check_same({client.pk: ours[client.pk] for client in clients}, other)


def show(found: dict[str, list[Spent]]) -> None:
    print(f"\noverview of {CLIENTS} clients; milliseconds of the quickest, and against headlines")
    for way, measured in found.items():
        print(f"  {way:28} {best(measured).clock * 1000:9.1f}   {ratio(measured, found['headlines'])}")


def made(cast: Cast, number: int, days: Days) -> Client:
    """A client of the agency with sums of a year, as rebuilds leave them."""
    client = create_client(f"client-{number}", name=f"Client {number}", agency=cast.agency, currency="EUR", timezone="Europe/Paris")
    until = days.month.until
    since = until - HISTORY * ONE_DAY
    with inside(client):
        for source, family in FAMILIES.items():
            kept = Connection.objects.create(source=source, account="1", currency="EUR", timezone="Europe/Paris")
            kept.loaded_spans.create(family=family, since=since, until=until)
        for statement in _FILL:
            execute(statement, {"client": client.pk, "since": since, "until": until, "layout": LAYOUT})
    return client


def numbered(days: Days) -> list[overview.Asked]:
    weeks = [Period(days.trend.since + place * WEEK, days.trend.since + (place + 1) * WEEK - ONE_DAY) for place in range(12)]
    periods = [days.week, days.week.previous, days.month, days.month_before, *weeks]
    return [(number, period.since.isoformat(), period.until.isoformat()) for number, period in enumerate(periods)]


def visited(clients: list[Client], days: Days) -> Figures:
    """One client after the other, each asked for all of its sums at once."""
    found: Figures = {}
    for client in clients:
        with inside(client):
            week, month, trend = query.ask_all(days.questions(STANDARD))
        each = [week.total.sums, week.total.previous_sums, month.total.sums, month.total.previous_sums]
        for number, sums in enumerate([*each, *(group.sums for group in trend.groups)]):
            found[client.pk, number] = tuple(sums.get(name).total for name in overview.SUMS)
    return found


def copy_days(clients: list[Client], days: Days, path: Path) -> None:
    """The days of all clients as one file, a row for each client and day of its whole history."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in overview.SUMS)
    until = days.month.until
    with path.open("wb") as file, outside(), connection.cursor() as cursor:
        file.write(f"client,day,{','.join(overview.SUMS)}\n".encode())
        for client in clients:
            since = (until - HISTORY * ONE_DAY).isoformat()
            told = overview.days_of([(client.pk, client.schema_name)], PAID_CHANNELS, since, until.isoformat())
            with cursor.copy(f"COPY (SELECT client, day, {sums} FROM {told} AS told GROUP BY 1, 2) TO STDOUT WITH CSV") as copy:
                for chunk in copy:
                    file.write(bytes(chunk))


def check_same(ours: dict[int, Told], other: Figures) -> None:
    assert len(other) == len(ours) * (TREND + 12)
    for client, told in ours.items():
        expected = [made_of(other[client, number]) for number in range(TREND + 12)]
        for figures, now, before in ((told.figures.week, WEEK_NOW, WEEK_BEFORE), (told.figures.month, MONTH_NOW, MONTH_BEFORE)):
            assert {slug: figure.value for slug, figure in figures.items()} == decimals(expected[now])
            assert {slug: figure.previous for slug, figure in figures.items()} == decimals(expected[before])
        for slug, course in told.figures.trend.items():
            assert list(course) == [float(week[slug]) for week in expected[TREND:]], slug


def made_of(sums: tuple[int, ...]) -> dict[str, Fraction]:
    """The figures that follow from sums, money in units."""
    of = dict(zip(overview.SUMS, map(Fraction, sums), strict=True))
    return {
        "revenue": of["revenue"] / 10**9, "spend": of["spend"] / 10**9, "roas": of["conversion_value"] / of["spend"],
        "leads": of["leads"], "cpl": of["spend"] / 10**9 / of["paid_leads"], "orders": of["orders"],
    }  # fmt: skip


def decimals(figures: dict[str, Fraction]) -> dict[str, Any]:
    return {slug: Value(exact).decimal for slug, exact in figures.items()}
