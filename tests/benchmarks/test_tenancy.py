"""New clients and updates: copying and repeating SQL against running every migration, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import migrating, schemas
from tests.accounts.test_migrating import ADD_COLUMN, Update, update
from tests.conftest import Cast

__all__ = ["update"]
pytestmark = pytest.mark.benchmark
CLIENTS = 60


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def new_client(number: int) -> Client:
    return create_client(f"client-{number}", name=str(number), currency="EUR", timezone="Europe/Paris")


def by_migrations(number: int) -> None:
    """What creating a client costs without a template."""
    schema = f"stock_{number}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {schema}")
        with migrating.in_schema(schema):
            migrating._execute()


def test_a_new_client_against_its_migrations(own_database: str, cast: Cast) -> None:
    new_client(0)
    ours = sorted(timed(lambda number=number: new_client(number)) for number in range(1, 21))[10]  # type: ignore[misc]
    stock = sorted(timed(lambda number=number: by_migrations(number)) for number in range(5))[2]  # type: ignore[misc]
    print(f"\nnew client: copied {ours * 1000:.0f} ms, by its migrations {stock * 1000:.0f} ms, ratio {stock / ours:.1f}")


def test_an_additive_migration_against_djangos_executor(own_database: str, cast: Cast, update: Update) -> None:
    for number in range(CLIENTS):
        new_client(number)
    update(ADD_COLUMN)
    ours = timed(lambda: migrating.migrate_all(lambda *_reported: None))
    with connection.cursor() as cursor:
        for client in Client.objects.all():
            name = schemas.name_for(client.pk)
            cursor.execute(f"ALTER TABLE {name}.campaigns_connection DROP COLUMN note")
            cursor.execute(f"DELETE FROM {name}.django_migrations WHERE name = '0002_second'")
    stock = timed(lambda: [migrating.migrate_client(client) for client in Client.objects.all()])
    ratio = f"ratio {stock / ours:.1f}"
    print(f"\nadditive migration over {CLIENTS + 2} clients: repeated {ours:.2f} s, Django's executor {stock:.2f} s, {ratio}")
