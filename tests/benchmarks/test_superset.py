"""A dashboard's figures, ours and Superset's, over the same database, over facts and over our sums.

`python3 manage.py test tests/benchmarks/test_superset.py -m benchmark -n 0 -s`; Superset takes part where it lies in `var/superset`:
`pip install --require-hashes --target var/superset -r requirements-superset.lock`
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. Both sides give the same figures, or the test fails.

Superset answers by its API of chart data, twice: a chart for each figure and course, as its dashboards are, and the six statements that
are as few as do it. Ours are the same figures by our API, a whole page, and what both are read from. On neither side is an answer kept,
nor does a network stand between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.streams import execute
from kpis.definitions import DEFINITIONS
from tests.accounts.reading import SignIn
from tests.benchmarks import comparison, dashboard, read_dashboard
from tests.benchmarks.comparison import ROOT, times
from tests.benchmarks.meter import Spent, spent
from tests.benchmarks.test_dashboard import check_same, of_part, percentile
from tests.benchmarks.world import World, fill
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
PACKAGES = ROOT / "var" / "superset"
CONFIG = ROOT / "tests" / "benchmarks" / "superset_config.py"
REPEATS = 20
DAYS = {"from": f"{dashboard.SINCE}", "to": f"{dashboard.UNTIL}"}
# Of each KPI, the sums that all sides have.
SUMMED = {measure for sums in dashboard.SUMS.values() for measure in sums} | {"customers"}
MEASURES = {slug: [measure.slug for measure in DEFINITIONS[slug].measures if measure.slug in SUMMED] for slug in dashboard.TOTALS}


@pytest.mark.skipif(not PACKAGES.is_dir(), reason=f"Superset is not in {PACKAGES}")
def test_a_dashboards_figures(own_database: str, cast: Cast, signed_in: SignIn, settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    client = create_client("many", name="Many", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
    browser = signed_in(cast.owner)
    with inside(client):
        facts = fill(client, World(2).scaled())
        backend = execute("SELECT pg_backend_pid()")[0][0]
        ours = {
            "data": measured(read_dashboard.ours, backend),
            "API": measured(lambda: by_api(browser, client), backend),
            "page": measured(lambda: page(browser, client), backend),
        }
        check_said(by_api(browser, client)[0])
        print(f"\n{facts:,} facts; milliseconds p50 / p95")
        for way, found in ours.items():
            print(f"  {f'our {way}':44} {percentile(found, 0.5):8.1f} / {percentile(found, 0.95):8.1f}")
        for name, tables in (("facts", dashboard.FACTS), ("our sums", dashboard.KEPT)):
            few, charts = dashboard.statements(tables), dashboard.charts(tables, MEASURES)
            check_same(read_dashboard.ours(), tell(client, own_database, tmp_path, f"{len(few)} statements over {name}", few, ours))
            check_charts(tell(client, own_database, tmp_path, f"{len(charts)} charts over {name}", charts, ours))


def measured(action: Callable[[], object], backend: int) -> list[Spent]:
    for _ in range(2):
        action()
    return [spent(action, backend) for _ in range(REPEATS)]


def by_api(browser: Browser, client: Client) -> list[Any]:
    """The totals, the days and the campaigns."""
    address = reverse("api_kpis", args=[client.slug])
    before = dict(zip(("compare", "compare_from", "compare_to"), ("custom", *earlier()), strict=True))
    wanted: tuple[dict[str, Any], ...] = (
        {"kpi": dashboard.TOTALS},
        {"kpi": dashboard.SERIES, "by": "day", "page_size": 90},
        {"kpi": dashboard.BY_CAMPAIGN, "by": "campaign", "sort": "spend", "desc": "true", "page_size": dashboard.TOP},
    )
    answers = [browser.get(address, {**DAYS, **before, **asked}) for asked in wanted]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return [answer.json() for answer in answers]


def earlier() -> tuple[str, str]:
    return f"{dashboard.BEFORE}", f"{dashboard.SINCE - timedelta(days=1)}"


def page(browser: Browser, client: Client) -> None:
    answer = browser.get(reverse("overview", args=[client.slug]), DAYS)
    assert answer.status_code == 200


def tell(
    client: Client, database: str, folder: Path, name: str, statements: Mapping[str, str], ours: Mapping[str, list[Spent]]
) -> dict[str, Any]:
    """What Superset says to them, having printed how long it took."""
    home = folder / name.replace(" ", "-")
    home.mkdir()
    asked = {
        # Superset connects anew, into the client's schema.
        "database": f"{database.replace('postgresql://', 'postgresql+psycopg2://')}&options=-csearch_path%3D{client.schema_name},public",
        "statements": {called: (statement, width(statement)) for called, statement in statements.items()},
        "repeats": REPEATS // 2,
    }
    environment = {"SUPERSET_CONFIG_PATH": str(CONFIG), "OPENBLAS_NUM_THREADS": "1"}
    theirs = comparison.run("read_by_superset", asked, home, packages=PACKAGES, environment=environment)
    found = times(theirs["times"])
    against = ", ".join(f"{percentile(found, 0.5) / percentile(of, 0.5):.1f} × our {way}" for way, of in ours.items())
    print(f"  {f'Superset, {name}':44} {percentile(found, 0.5):8.1f} / {percentile(found, 0.95):8.1f}  {against}")
    figures: dict[str, Any] = theirs["figures"]
    return figures


def check_said(answer: Any) -> None:
    """Our API says what it is read from."""
    whole = read_dashboard.ours()["totals"][1]
    for slug in dashboard.TOTALS:
        said, exact = answer["kpis"][slug], whole[slug].value.decimal
        assert said["value"] == (None if exact is None else f"{exact:f}"), slug


def check_charts(figures: dict[str, Any]) -> None:
    """Each chart shows the sums that our figures are made of."""
    ours = read_dashboard.ours()
    days = {group.key: group for group, _ in ours["series"]}
    for slug in dashboard.TOTALS:
        found = {part: cells for part, *cells in figures.get(f"total {slug}", figures["customers"])}
        assert found == {part: [of_part(ours["totals"][0], part, measure) for measure in MEASURES[slug]] for part in (0, 1)}, slug
    for slug in dashboard.SERIES:
        found = {day: cells for day, *cells in figures[f"days {slug}"]}
        for number in range(180):
            day = dashboard.BEFORE + timedelta(days=number)
            group = days[day_of_period(day).isoformat()]
            expected = [of_part(group, day < dashboard.SINCE, measure) for measure in MEASURES[slug]]
            assert found.get(day.isoformat(), [0] * len(expected)) == expected, (slug, day)


def day_of_period(day: date) -> date:
    """That a day is compared with."""
    return day if day >= dashboard.SINCE else day + timedelta(days=90)


def width(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({statement}) AS said LIMIT 0")
        return len(cursor.description)
