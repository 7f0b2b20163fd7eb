"""Schemas of clients: what is made, kept, opened and asked, beside stock django-tenants or plain Django in the same run.

Half of what Postgres does for a new schema is creating files. Where the file system is slow at that, both sides wait for it
alike and the ratio shrinks: set VIGIE_HOME to a folder in memory to see what the program itself costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside, migrating
from campaigns.models import Connection
from tests.accounts.test_gate import SignIn
from tests.accounts.test_migrating import ADD_COLUMN, NEXT, Update, migrate_by_stock, update
from tests.accounts.test_schemas import definition
from tests.conftest import Cast

__all__ = ["update"]
pytestmark = pytest.mark.benchmark
CLIENTS = 300
MANY = 1_000
REQUESTS = 400
# Django's own for a new project; the gate's neighbours cost both sides the same.
PLAIN_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
OURS_WITHOUT_GATE = [name for name in django_settings.MIDDLEWARE if name not in {"accounts.hosts.KnownHosts", "accounts.gate.Gate"}]


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def new_client(number: int) -> Client:
    return create_client(f"client-{number}", name=str(number), currency="EUR", timezone="Europe/Paris")


def create_by_stock(schema: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
    migrate_by_stock([schema])


def test_a_new_client_against_its_migrations(own_database: str, cast: Cast) -> None:
    new_client(0)
    ours, stock = [], []
    for number in range(1, 8):
        ours.append(timed(lambda number=number: new_client(number)))  # type: ignore[misc]
        stock.append(timed(lambda number=number: create_by_stock(f"stock_{number}")))  # type: ignore[misc]
    assert definition(own_database, Client.objects.latest("id").schema_name) == definition(own_database, "stock_7")
    ratio = f"ratio {median(stock) / median(ours):.1f}"
    print(f"\nnew client: copied {median(ours) * 1000:.0f} ms, by its migrations {median(stock) * 1000:.0f} ms, {ratio}")


def undo_update(schemas: list[str]) -> None:
    with connection.cursor() as cursor:
        for schema in schemas:
            cursor.execute(f"ALTER TABLE {schema}.campaigns_connection DROP COLUMN note")
            cursor.execute(f"DELETE FROM {schema}.django_migrations WHERE name = '{NEXT}'")


def test_an_additive_migration_against_stock(own_database: str, cast: Cast, update: Update) -> None:
    for number in range(CLIENTS - Client.objects.count()):
        new_client(number)
    schemas = list(Client.objects.order_by("id").values_list("schema_name", flat=True))
    update(ADD_COLUMN)
    runs = []
    for _ in range(3):
        runs.append(timed(lambda: migrating.migrate_all(lambda *_reported: None)))
        expected = {definition(own_database, schema) for schema in (migrating.TEMPLATE, schemas[0], schemas[-1])}
        undo_update([migrating.TEMPLATE, *schemas])
    ours, stock = median(runs), timed(lambda: migrate_by_stock(schemas))
    assert {definition(own_database, schema) for schema in (schemas[0], schemas[-1])} == expected
    each = f"{ours / CLIENTS * 1000:.1f} and {stock / CLIENTS * 1000:.1f} ms each"
    print(f"\nadditive migration over {CLIENTS} clients: repeated {ours:.2f} s, stock {stock:.2f} s, {each}, ratio {stock / ours:.1f}")


@pytest.mark.urls("tests.benchmarks.urls")
@pytest.mark.parametrize("middleware", [PLAIN_MIDDLEWARE, OURS_WITHOUT_GATE], ids=["plain Django", "ours without the gate"])
def test_a_request_through_the_gate(own_database: str, cast: Cast, signed_in: SignIn, settings: Any, middleware: list[str]) -> None:
    with inside(cast.client):
        Connection.objects.create(source="file", account="lumen", currency="EUR", timezone="Europe/Paris")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE public.campaigns_connection AS TABLE {cast.client.schema_name}.campaigns_connection")
    browser, gated, plain = signed_in(cast.viewer), list(settings.MIDDLEWARE), middleware
    times: dict[str, list[float]] = {"/c/lumen/account/": [], "/account/": []}
    for number in range(REQUESTS):
        address, settings.MIDDLEWARE = ("/c/lumen/account/", gated) if number // 20 % 2 else ("/account/", plain)
        if number % 20 == 0:
            browser.handler._middleware_chain = None  # type: ignore[attr-defined]
            browser.get(address)
        times[address].append(timed(lambda address=address: browser.get(address)))  # type: ignore[misc]
        assert browser.get(address).content == b"lumen"
    through, past = (median(found) * 1000 for found in times.values())
    print(f"\nrequest: through the gate {through:.2f} ms, past it {past:.2f} ms, ratio {through / past:.2f}")


def private_kilobytes(process: int) -> int:
    """Memory that is the process's alone, without Postgres' shared buffers."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


def test_a_thousand_clients(own_database: str, cast: Cast) -> None:
    def catalogue() -> tuple[int, int]:
        with psycopg.connect(own_database) as session:
            found = session.execute(
                """SELECT count(*), (SELECT sum(pg_total_relation_size(oid)) FROM pg_class
                   WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r') / 1024 FROM pg_class"""
            ).fetchone()
        assert found
        return int(found[0]), int(found[1])

    rows, size = catalogue()
    took = [timed(lambda number=number: new_client(number)) for number in range(MANY)]  # type: ignore[misc]
    more_rows, more_size = catalogue()
    print(
        f"\n{MANY} clients: {sum(took):.0f} s; first ten {median(took[:10]) * 1000:.0f} ms each, last ten {median(took[-10:]) * 1000:.0f}"
    )
    print(f"catalogue of each: {(more_rows - rows) / MANY:.0f} rows of pg_class, {(more_size - size) / MANY:.0f} kB")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = int(cursor.fetchone()[0])
    print(f"memory of a connection, kB: new {private_kilobytes(process)}", end="")
    for number, client in enumerate(Client.objects.order_by("id")[:MANY], start=1):
        with inside(client):
            for app in ("campaigns", "kpis", "archive"):
                for model in apps.get_app_config(app).get_models():
                    model._default_manager.exists()
        if number in {1, 10, 100, MANY}:
            print(f", after {number} clients {private_kilobytes(process)}", end="")
    print()
