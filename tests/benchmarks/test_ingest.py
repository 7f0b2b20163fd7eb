"""A re-pull of 28 days through the store, against raw COPY, the ORM's upsert and dlt: the same rows, in one run.

`BENCHMARK_ROWS=10000,100000,1000000` measures the sizes it names. How dlt comes to take part is told in `comparison`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from accounts.models import Client
from campaigns.connectors.base import Replaces
from campaigns.models import Connection, Origin, Page, PlatformCampaign
from campaigns.records import Gone
from campaigns.spool import Spool
from campaigns.streams import execute
from campaigns.sync import store
from campaigns.tables import Table, table_of
from tests.benchmarks import comparison
from tests.benchmarks.comparison import ROOT
from tests.benchmarks.meter import Spent, spent
from tests.benchmarks.shapes import ADS, FIRST, LAST, ORDERS, SITE, Shape

pytestmark = pytest.mark.benchmark
SIZES = [int(size) for size in os.environ.get("BENCHMARK_ROWS", "10000,100000").split(",")]
REPEATS = 3
CASES = [(ADS, size) for size in SIZES] + [(shape, max(size for size in SIZES if size <= 100_000)) for shape in (SITE, ORDERS)]


class Side:
    """One way of keeping a shape's facts in step, in the client whose schema is open."""

    def __init__(self, client: Client, shape: Shape, count: int) -> None:
        self.client = client
        self.shape = shape
        self.count = count
        # In memory before any clock starts, as a connector has them.
        self.rows = [list(shape.pull(count, version)) for version in (0, 1)]
        self.table: Table = table_of(shape.model)
        self.source = Connection.objects.create(source=shape.source, account="1", currency="EUR", timezone="Europe/Paris")

    def spool(self, version: int) -> Spool:
        spool = Spool()
        for record in self.rows[version]:
            spool.write(record)
        return spool

    def store(self, spool: Spool) -> None:
        with transaction.atomic():
            store(self.client, self.source, spool, window=self.shape.window)

    def pull(self, version: int) -> None:
        """What a loader does with rows in memory: all of it."""
        with self.spool(version) as spool:
            self.store(spool)

    def upsert(self, version: int) -> None:
        """As one would with the ORM; the rows that the facts refer to are known."""
        pull_id = self.source.pulls.create(family=self.shape.window.family, since=FIRST, until=LAST, state="stored").pk
        table = self.table
        rows = [record for record in self.rows[version] if not isinstance(record, Gone)]
        turns = {"campaign_id": _ids(PlatformCampaign, "external_id"), "page_id": _ids(Page, "path"), "origin_id": _origin_ids()}
        kept = [(attribute, column, turns.get(column, _as_it_is)) for attribute, column in table.staged() if column]
        common = {"connection_id": self.source.pk, "pull_id": pull_id}
        with transaction.atomic():
            self.shape.model._default_manager.bulk_create(
                [self.shape.model(**common, **{column: turn(getattr(row, said)) for said, column, turn in kept}) for row in rows],
                batch_size=2_000,
                update_conflicts=True,
                unique_fields=["connection_id", *table.key],
                update_fields=[*table.written, "pull_id"],
            )
            facts = self.shape.model._default_manager.filter(connection=self.source)
            if self.shape.gone:
                facts.filter(external_id__in=[record.external_id for record in self.rows[version] if isinstance(record, Gone)]).delete()
            else:
                facts.filter(day__range=(FIRST, LAST)).exclude(pull_id=pull_id).delete()

    def copied(self) -> Callable[[], None]:
        """Raw COPY of the rows as they are stored now, in Postgres' own text format, into a bare table."""
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.table.name} TO STDOUT") as copy:
            rows = b"".join(copy)
        execute(f"CREATE TABLE bare AS SELECT * FROM {self.table.name} LIMIT 0")

        def copy_again() -> None:
            execute("TRUNCATE bare")
            with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                copy.write(rows)

        return copy_again

    def fingerprint(self, said: str) -> tuple[Any, ...]:
        """How many rows, and what they say in all, whatever their order."""
        # dlt's CSV turns "" into null.
        cells = ", ".join(f"coalesce({column}::text, '')" for column in self.shape.columns)
        found: tuple[Any, ...] = execute(f"SELECT count(*), sum(hashtextextended(concat_ws('|', {cells}), 0)) FROM ({said}) AS said")[0]
        return found


def _as_it_is(said: object) -> object:
    return said


def _ids(model: type[PlatformCampaign | Page], column: str) -> Callable[[Any], int]:
    return dict(model._default_manager.values_list(column, "pk")).__getitem__


def _origin_ids() -> Callable[[Any], int]:
    ids = dict(Origin.objects.values_list("key", "pk"))
    return lambda said: ids[Origin.key_of(said)]


def wal(action: Callable[[], object]) -> int:
    """Bytes of write-ahead log; nobody else writes on the tests' own server."""
    before = execute("SELECT pg_current_wal_lsn()")[0][0]
    action()
    return int(execute("SELECT pg_current_wal_lsn() - %s::pg_lsn", [before])[0][0])


@pytest.mark.parametrize(("shape", "count"), CASES, ids=lambda value: value.name if isinstance(value, Shape) else str(value))
def test_a_repull_against_copy_the_orm_and_dlt(own_database: str, lumen: Client, tmp_path: Path, shape: Shape, count: int) -> None:
    backend = execute("SELECT pg_backend_pid()")[0][0]
    ours = Side(lumen, shape, count)
    measured: dict[str, list[Spent]] = {}

    def measure(way: str, action: Callable[[], object]) -> None:
        measured.setdefault(way, []).append(spent(action, backend))

    ours.pull(0)
    ours.pull(1)
    ours.pull(0)
    copied = ours.copied()
    for _ in range(REPEATS):
        measure("raw COPY", copied)
        measure("pull", partial(ours.pull, 1))
        with ours.spool(0) as spool:
            measure("store", partial(ours.store, spool))
        with ours.spool(0) as spool:
            measure("store, unchanged", partial(ours.store, spool))
    ours.pull(1)
    said = ours.fingerprint(shape.said)
    # The first to read changed pages tidies them, which is logged and is not its own doing.
    unchanged = min(wal(lambda: ours.pull(1)) for _ in range(REPEATS))
    ours.pull(0)
    for version in (1, 0, 1):
        measure("ORM upsert", partial(ours.upsert, version))
    assert ours.fingerprint(shape.said) == said
    upserted = wal(lambda: ours.upsert(1))
    print(f"\n{shape.name}, {count:,} rows; seconds on the clock / on processors, {REPEATS} times")
    for form in ("arrow", "dicts"):
        for each in by_dlt(form, ours, own_database, tmp_path, backend):
            measured.setdefault(f"dlt {form}", []).append(each)
        if f"dlt {form}" in measured:
            assert ours.fingerprint(f"SELECT * FROM dlt_{form}.facts") == said
    tell(measured)
    print(f"  WAL of an unchanged re-pull {unchanged / 1e6:.3f} MB, {unchanged / upserted:.2%} of the upsert's {upserted / 1e6:.1f} MB")


def tell(measured: dict[str, list[Spent]]) -> None:
    best = {way: Spent(min(each.clock for each in all_of), min(each.busy for each in all_of)) for way, all_of in measured.items()}
    for way, all_of in measured.items():
        each = "  ".join(f"{one.clock:.2f}/{one.busy:.2f}" for one in all_of)
        base = "raw COPY" if way.startswith(("store", "raw")) else "pull"
        clock, busy = (f"{cost / of:.1f}" if of else "–" for cost, of in zip(best[way], best[base], strict=True))
        print(f"  {way:17} {each:40} {clock} × {base} on the clock, {busy} × on processors")


def by_dlt(form: str, ours: Side, database: str, folder: Path, backend: int, dbt: dict[str, Any] | None = None) -> Iterator[Spent]:
    """The re-pulls by dlt, which keeps the rows in one wide table; with `dbt`, what is run after each."""
    if not comparison.is_installed():
        return
    paths = [folder / f"{form}{version}.jsonl" for version in (0, 1)]
    for version, path in enumerate(paths):
        path.write_bytes(b"\n".join(msgspec.json.encode(ours.shape.flat(row)) for row in ours.rows[version]))
    asked = {
        "database": database,
        "backend": backend,
        "form": form,
        "folder": str(folder / form),
        "pulls": [str(path) for path in paths * 2],
        "primary_key": list(ours.shape.key),
        "replaces_days": ours.shape.window.replaces is Replaces.WINDOW,
        "gone": bool(ours.shape.gone),
        "dbt": dbt,
    }
    first, *again = comparison.times(comparison.run("load_by_dlt", asked, folder))
    assert first
    yield from again


@pytest.mark.parametrize("shape", [ADS, ORDERS], ids=lambda shape: shape.name)
def test_a_million_rows_are_stored_in_little_memory(own_database: str, shape: Shape) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.store_many", shape.name, "1000000"]
    environment = {**os.environ, "DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    rows, before, peak = map(int, result.stdout.split())
    assert rows == 1_000_000
    print(f"\n{shape.name}: {rows:,} rows stored with at most {peak} MB of memory, {before} MB of them before the first row")
    assert peak <= 300
