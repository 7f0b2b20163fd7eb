"""Figures anew after 28 days changed, and all of them: against dbt, the ORM and pandas, over the same facts in one run.

`python3 manage.py test tests/benchmarks/test_recompute.py -m benchmark -n 0 -s`; what it takes part with is told in `comparison`.
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. Both sides give the same rows, or the test fails.

dbt is warm: its project is read already, in one process, and it sums two models at a time. It makes the sums of ads, leads and
orders; and, beside them, customers with the day and campaign that won them, where ours keep cohorts and states of leads besides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.streams import execute
from kpis import recompute
from kpis.roll_ups import BY_NAME
from tests.benchmarks import comparison, dbt_project, sum_by_orm
from tests.benchmarks.comparison import best, ratio, times
from tests.benchmarks.meter import Spent, spent
from tests.benchmarks.shapes import ADS, FIRST
from tests.benchmarks.test_ingest import Side, by_dlt
from tests.benchmarks.world import CHANGED_DAYS, SCALE, World, change, changed_since, fill, fingerprint, mark_changed
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
REPEATS = {"full": 2, "changed": 5}
SUMS = ("ads", "leads", "orders")
MODELS = [*SUMS, *(f"{name}_totals" for name in SUMS), "customer_days", "customers", "acquired", "acquired_totals"]
SELECTIONS = {"ads": ["ads", "ads_totals"], "sums": MODELS[:6], "everything": MODELS}


def changed_days() -> set[date]:
    return {
        day
        for (day,) in execute("SELECT generate_series(%(since)s::date, %(since)s::date + 27, '1 day')::date", {"since": changed_since()})
    }


def sum_anew(client: Client, *names: str) -> None:
    """Some of the roll-ups alone, as `catch_up` makes them."""
    with transaction.atomic():
        asked, days = recompute.parameters(client), changed_days()
        for name in names:
            recompute.rebuild(BY_NAME[name], days, asked)


def our_times(client: Client, backend: int) -> dict[str, list[Spent]]:
    """Sums that stay as they are are not written: before each round some rows are others, or no sums are there."""

    def measure(repeats: int, action: Callable[[], object], before: Callable[[], object], *families: str) -> list[Spent]:
        found = []
        for _ in range(repeats):
            before()
            if families:
                mark_changed(*families)
            found.append(spent(action, backend))
        return found

    catch_up = partial(recompute.catch_up, client)
    changed, full = REPEATS["changed"], REPEATS["full"]
    return {
        "everything": measure(changed, catch_up, change, "ads", "leads", "orders", "touches"),
        "sums": measure(changed, partial(sum_anew, client, *SUMS), change),
        "ads": measure(changed, catch_up, change, "ads"),
        "full": measure(full, partial(recompute.rebuild_all, client), empty),
        "full sums": measure(full, partial(all_sums, client), empty),
    }


def empty() -> None:
    for roll_up in BY_NAME.values():
        for table in roll_up.tables:
            execute(f"TRUNCATE {table}")


def all_sums(client: Client) -> None:
    with transaction.atomic():
        asked = recompute.parameters(client)
        for name in SUMS:
            recompute.rebuild(BY_NAME[name], recompute._days_of(client, BY_NAME[name]), asked)


def said(name: str, table: str) -> str:
    """SQL of a roll-up's rows, as every side has them."""
    keys = ("day", "channel") if "total" in table else ("day", "channel", "campaign_id")
    return f"SELECT {', '.join((*keys, *(f'{column}::numeric' for column in dbt_project.SUMS[name])))} FROM {table}"


def check_same(schema: str, *names: str) -> None:
    """Ours and theirs say the same, row by row."""
    for name in names:
        for table, ours in zip((name, f"{name}_totals"), BY_NAME[name].tables, strict=True):
            assert fingerprint(said(name, f"{schema}.{table}")) == fingerprint(said(name, ours)), f"{schema}.{table}"


def test_changed_days_and_all_against_dbt_pandas_and_the_orm(own_database: str, lumen: Client, tmp_path: Path) -> None:
    facts = fill(lumen, World().scaled())
    backend = execute("SELECT pg_backend_pid()")[0][0]
    change()
    mark_changed()
    recompute.catch_up(lumen)
    ours = our_times(lumen, backend)
    print(f"\n{facts:,} facts; seconds on the clock / on processors, the best of several")
    tell({f"ours, {name}": measured for name, measured in ours.items()})
    kept = {name: fingerprint(said(name, BY_NAME[name].tables[0])) for name in SUMS}
    orm = [spent(partial(sum_by_orm.sum_days, sorted(changed_days())), backend)]
    tell({f"ORM, {CHANGED_DAYS} days of sums": orm})
    assert {name: fingerprint(said(name, BY_NAME[name].tables[0])) for name in SUMS} == kept
    print(f"    {ratio(orm, ours['sums'])}")
    if comparison.is_installed():
        asked = {
            "database": own_database, "schema": lumen.schema_name, "backend": backend, "repeats": REPEATS, "since": f"{changed_since()}",
            "folder": str(tmp_path / "dbt"), "models": MODELS, "selections": SELECTIONS, "variables": {"since": f"{changed_since()}"},
        }  # fmt: skip
        against_dbt(comparison.run("sum_by_dbt", asked, tmp_path), ours)
        against_pandas(comparison.run("sum_by_pandas", asked, tmp_path), ours)


def against_dbt(found: dict[str, Any], ours: dict[str, list[Spent]]) -> None:
    changed = {name: times(each) for name, each in found["changed"].items()}
    check_same(dbt_project.SCHEMA, *SUMS, "acquired")
    theirs = f"{dbt_project.SCHEMA}.customer_days"
    said_of_customers = "SELECT {} AS who, day, orders::int, revenue_nano FROM {}"
    keyed = "kpis_customerday JOIN campaigns_personkey AS named USING (person_id)"
    assert fingerprint(said_of_customers.format("customer_ref", theirs)) == fingerprint(said_of_customers.format("named.value", keyed))
    tell({f"dbt, {name}": each for name, each in changed.items()} | {"dbt, full": times(found["full"])})
    for name, against in (("ads", "ads"), ("sums", "sums"), ("everything", "everything"), ("sums", "everything")):
        print(f"    {CHANGED_DAYS} days: dbt's {name} ÷ our {against}: {ratio(changed[name], ours[against])}")
    full = times(found["full"])
    print(f"    dbt's full ÷ our {CHANGED_DAYS} days, as where nothing is incremental: {ratio(full, ours['everything'])}")
    print(f"    dbt's full ÷ our full: {ratio(full, ours['full'])}")


def against_pandas(found: dict[str, Any], ours: dict[str, list[Spent]]) -> None:
    check_same("by_pandas", *SUMS)
    tell({"pandas, sums": times(found["changed"]), "pandas, full": times(found["full"])})
    print(
        f"    {CHANGED_DAYS} days: {ratio(times(found['changed']), ours['sums'])}; full: {ratio(times(found['full']), ours['full sums'])}"
    )


def tell(measured: dict[str, list[Spent]]) -> None:
    for way, all_of in measured.items():
        print(f"  {way:24} {best(all_of).clock:7.3f} / {best(all_of).busy:.3f}")


@pytest.mark.parametrize("form", ["arrow", "dicts"])
def test_a_repull_and_its_figures_against_dlt_and_dbt(own_database: str, lumen: Client, tmp_path: Path, form: str) -> None:
    """28 days of 600 campaigns, from rows in memory to sums by campaign and by channel."""
    ours = Side(lumen, ADS, round(600 * SCALE) * CHANGED_DAYS)
    backend = execute("SELECT pg_backend_pid()")[0][0]

    def pull(version: int) -> None:
        ours.pull(version)
        recompute.catch_up(lumen)

    pull(0)
    measured = [spent(partial(pull, version), backend) for version in (1, 0, 1, 0, 1)]
    print(f"\n{ours.count:,} rows pulled again, and their figures")
    tell({"ours": measured})
    dbt = {
        "folder": str(tmp_path / "dbt"), "schema": f"dlt_{form}", "models": ["wide", "wide_totals"],
        "variables": {"since": f"{FIRST}", "facts": f"dlt_{form}.facts"},
    }  # fmt: skip
    if theirs := list(by_dlt(form, ours, own_database, tmp_path, backend, dbt)):
        tell({f"dlt {form} + dbt": theirs})
        print(f"    {ratio(theirs, measured)}")
        sums = ", ".join(f"{column}::numeric" for column in dbt_project.SUMS["wide"])
        assert fingerprint(f"SELECT day, channel, {sums} FROM kpis_addaytotal") == fingerprint(
            f"SELECT day, channel, {sums} FROM {dbt_project.SCHEMA}.wide_totals"
        )
        platform = "JOIN campaigns_platformcampaign AS platform USING (campaign_id)"
        assert fingerprint(f"SELECT day, platform.external_id AS who, {sums} FROM kpis_adrollup {platform}") == fingerprint(
            f"SELECT day, campaign_id AS who, {sums} FROM {dbt_project.SCHEMA}.wide"
        )


# ------------------------------------------------------------------------------------------------- as history and campaigns grow
HISTORIES = {f"{years} years": World(years) for years in (1, 2, 5)}
BREADTHS = {f"{campaigns} campaigns": World(1, campaigns, platforms=1) for campaigns in (100, 1_000, 5_000)}


@pytest.mark.parametrize("worlds", [HISTORIES, BREADTHS], ids=["history", "campaigns"])
def test_changed_days_as_the_client_grows(own_database: str, cast: Cast, worlds: dict[str, World]) -> None:
    """One after the other, round after round, so that what else the machine does meets all of them."""
    clients = {
        name: create_client(f"client-{number}", name=name, currency="EUR", timezone="Europe/Paris") for number, name in enumerate(worlds)
    }
    facts = {}
    for name, client in clients.items():
        with inside(client):
            facts[name] = fill(client, worlds[name].scaled())
    backend = execute("SELECT pg_backend_pid()")[0][0]
    found: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(7):
        for name, client in clients.items():
            with inside(client):
                for what, families in (
                    ("all", ("ads", "leads", "orders", "touches")),
                    ("ads", ("ads",)),
                    ("orders", ("orders", "touches")),
                ):
                    mark_changed(*families)
                    found.setdefault((what, name), []).append(spent(partial(recompute.catch_up, client), backend))
    first, *_ = worlds
    print()
    for (what, name), measured in found.items():
        rows = math.prod((CHANGED_DAYS, worlds[name].scaled().campaigns))
        spread = f"{best(measured).clock * 1000:7.0f} ms / {best(measured).busy * 1000:.0f}"
        print(
            f"  {what:7} {name:15} {facts[name]:10,} facts {spread}, {ratio(measured, found[what, first])} of {first}; {rows:,} rows of ads"
        )
