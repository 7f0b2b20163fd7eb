"""A dashboard's figures: ours, nothing kept, against Superset's API of chart data over the same database, over facts and over our sums.

`python3 manage.py test tests/benchmarks/test_superset.py -m benchmark -n 0 -s`; Superset takes part where it lies in `var/superset`:
`pip install --require-hashes --target var/superset -r requirements-superset.lock`
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. Both sides give the same figures, or the test fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside
from tests.benchmarks import comparison, dashboard, read_dashboard
from tests.benchmarks.comparison import ROOT, times
from tests.benchmarks.test_dashboard import check_same, percentile, read_at_once
from tests.benchmarks.world import World, fill
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
PACKAGES = ROOT / "var" / "superset"
CONFIG = ROOT / "tests" / "benchmarks" / "superset_config.py"
REPEATS = 10


@pytest.mark.skipif(not PACKAGES.is_dir(), reason=f"Superset is not in {PACKAGES}")
def test_a_dashboards_figures(own_database: str, cast: Cast, tmp_path: Path) -> None:
    client = create_client("many", name="Many", currency="EUR", timezone="Europe/Paris")
    with inside(client):
        facts = fill(client, World(2).scaled())
        print(f"\n{facts:,} facts; milliseconds p50 / p95")
        for name, tables in (("facts", dashboard.FACTS), ("our sums", dashboard.KEPT)):
            measure(client, own_database, tmp_path / name.replace(" ", "-"), name, dashboard.statements(tables))


def measure(client: Client, database: str, folder: Path, name: str, statements: dict[str, str]) -> None:
    folder.mkdir()
    asked = {
        # Superset connects anew, into the client's schema.
        "database": f"{database.replace('postgresql://', 'postgresql+psycopg2://')}&options=-csearch_path%3D{client.schema_name},public",
        "statements": {called: (statement, width(statement)) for called, statement in statements.items()},
        "repeats": REPEATS,
    }
    environment = {"SUPERSET_CONFIG_PATH": str(CONFIG), "OPENBLAS_NUM_THREADS": "1"}
    theirs = comparison.run("read_by_superset", asked, folder, packages=PACKAGES, environment=environment)
    ours = read_at_once(client, database, "ours", 1)
    check_same(read_dashboard.ours(), theirs["figures"])
    found = {"ours": ours, f"Superset over {name}": times(theirs["times"])}
    for way, measured in found.items():
        print(f"  {way:24} {percentile(measured, 0.5):8.1f} / {percentile(measured, 0.95):8.1f}")
    print(f"  {'':24} {percentile(times(theirs['times']), 0.5) / percentile(ours, 0.5):8.1f} × at p50")


def width(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({statement}) AS said LIMIT 0")
        return len(cursor.description)
