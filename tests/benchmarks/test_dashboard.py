"""A dashboard's data: ours, nothing kept, against DuckDB with the same sums hot in memory and against statements over facts.

`python3 manage.py test tests/benchmarks/test_dashboard.py -m benchmark -n 0 -s`; what it takes part with is told in `comparison`.
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. All sides give the same figures, or the test fails.

90 days and the 90 before: 23 figures, 8 of them by day, 20 campaigns, distinct customers. Of ours it is the figures themselves,
with what they are compared with and why one is missing; of the others the sums alone.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.models import Campaign
from campaigns.streams import execute
from kpis.definitions import DEFINITIONS
from kpis.query import Slice
from tests.benchmarks import comparison, dashboard, read_dashboard
from tests.benchmarks.comparison import ROOT, times
from tests.benchmarks.meter import Spent
from tests.benchmarks.test_recompute import BREADTHS, HISTORIES
from tests.benchmarks.world import World, fill
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
REPEATS, ROUNDS, READERS = 20, 2, 8


@pytest.mark.parametrize("worlds", [HISTORIES, BREADTHS], ids=["history", "campaigns"])
def test_a_dashboards_data(own_database: str, cast: Cast, tmp_path: Path, worlds: dict[str, World]) -> None:
    for number, (name, world) in enumerate(worlds.items()):
        client = create_client(f"client-{number}", name=name, currency="EUR", timezone="Europe/Paris")
        with inside(client):
            facts = fill(client, world.scaled())
            print(f"\n{name}, {facts:,} facts; milliseconds p50 / p95 on the clock, processor time of the quickest")
            measure(client, own_database, tmp_path)


def measure(client: Client, database: str, folder: Path) -> None:
    """One way after the other, round after round, so that what else the machine does meets all of them."""
    found: dict[str, list[Spent]] = {}
    figures = []
    for _ in range(ROUNDS):
        for way in ("ours", "facts"):
            found.setdefault(f"{way}, 1", []).extend(read_at_once(client, database, way, 1))
        if comparison.is_installed():
            asked = {
                "database": database, "schema": client.schema_name, "repeats": REPEATS, "folder": str(folder),
                "backend": execute("SELECT pg_backend_pid()")[0][0],
            }  # fmt: skip
            answer = comparison.run("read_by_duckdb", asked, folder)
            found.setdefault("DuckDB, 1", []).extend(times(answer["times"]))
            figures = [answer["figures"]]
    found[f"ours, {READERS}"] = read_at_once(client, database, "ours", READERS)
    figures.append(dashboard.answers(dashboard.statements(dashboard.FACTS), read_dashboard.execute))
    for other in figures:
        check_same(read_dashboard.ours(), other)
    for way, measured in found.items():
        p50, p95 = (percentile(measured, share) for share in (0.5, 0.95))
        # Beside other readers it would be everybody's.
        busy = f"{min(each.busy for each in measured) * 1000:.1f}" if way.endswith(" 1") else "–"
        against = "1" if way == "ours, 1" else f"{p95 / percentile(found['ours, 1'], 0.95):.2f} × ours p95 of one reader"
        print(f"  {way:10} {p50:8.1f} / {p95:8.1f}  {busy:>8}  {against}")


def percentile(measured: list[Spent], share: float) -> float:
    """Milliseconds on the clock."""
    ordered = sorted(each.clock for each in measured)
    return ordered[math.ceil(share * len(ordered)) - 1] * 1000


def read_at_once(client: Client, database: str, way: str, readers: int) -> list[Spent]:
    """Each reader in a process of its own; all begin together."""
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.benchmarks.read_dashboard", client.slug, way, str(REPEATS)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, cwd=ROOT, **pipes) for _ in range(readers)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    found = []
    for process in processes:
        answer, _ = process.communicate()
        assert process.returncode == 0
        found += times(msgspec.json.decode(answer))
    return found


def check_same(ours: Any, other: dashboard.Figures) -> None:
    """Every sum of the other side is ours too."""
    whole, names = ours["totals"][0], dict(Campaign.objects.values_list("pk", "name"))
    days = {group.key: group for group, _ in ours["series"]}
    listed = {group.key: group for group, _ in ours["campaigns"]}
    shown = {measure.slug for slug in dashboard.SERIES for measure in DEFINITIONS[slug].measures}
    for family, sums in dashboard.SUMS.items():
        rows = {date.fromisoformat(day): dict(zip(sums, cells, strict=True)) for day, *cells in other[family]}
        for measure in sums:
            for part, since in enumerate((dashboard.SINCE, dashboard.BEFORE)):
                found = {day: rows.get(day, {}).get(measure, 0) for day in (since + timedelta(days=number) for number in range(90))}
                assert sum(found.values()) == of_part(whole, part, measure), measure
                for day, said in found.items() if measure in shown else ():
                    group = days[(day + timedelta(days=90 * part)).isoformat()]
                    assert said == of_part(group, part, measure), (measure, day)
    of_campaigns = [measure for measures in dashboard.OF_CAMPAIGNS.values() for measure in measures]
    assert len(other["campaigns"]) == 2 * len(listed)
    for number, part, *cells in other["campaigns"]:
        assert cells == [of_part(listed[names[number]], part, measure) for measure in of_campaigns]
    assert other["customers"] == [[part, of_part(whole, part, "customers")] for part in (0, 1)]


def of_part(group: Slice, part: int, measure: str) -> int:
    """0: of the period, 1: of the one before."""
    return (group.previous_sums if part else group.sums).get(measure).total
