"""Create and migrate schemas. A schema's name never changes and is never shown: `c<client id>`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django_tenants.utils import quote_schema_name

from accounts.tenancy import inside

if TYPE_CHECKING:
    from accounts.models import Client

# One creation or migration of schemas at a time, whoever asks: the key is arbitrary and fixed.
SCHEMA_LOCK = 7_203_118


def name_for(client_id: int) -> str:
    return f"c{client_id}"


def create(client: Client) -> None:
    """Create the schema of a new client and its tables, in the caller's transaction."""
    with transaction.atomic():
        lock()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {quote_schema_name(client.schema_name)}")
        migrate(client)


def drop(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quote_schema_name(client.schema_name)} CASCADE")


def migrate(client: Client) -> int:
    """Bring the schema of `client` to the newest migrations; return how many were applied."""
    with inside(client):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        executor.migrate(executor.loader.graph.leaf_nodes(), plan)
        return len(plan)


def migrate_all(report: Callable[[Client, int, Exception | None], None]) -> bool:
    """Migrate every client's schema, one transaction each; a failure is reported and does not stop the others."""
    from accounts.models import Client

    fine = True
    for client in Client.objects.order_by("id"):
        try:
            with transaction.atomic():
                lock()
                applied = migrate(client)
            report(client, applied, None)
        except Exception as error:
            fine = False
            report(client, 0, error)
    return fine


def lock() -> None:
    """Held until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
