"""Bring every client's schema to the newest migrations: run by Django once, on the template, and replayed as SQL on the others.

A migration is replayed on a schema only if every operation reduces to SQL, it is atomic, and the schema had applied exactly
what the template had before it; otherwise Django's own executor runs there. Each schema is one transaction: it is migrated
or it is not, a failure is reported and does not stop the others, and a second run takes up what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import SeparateDatabaseAndState
from django_tenants.utils import get_tenant_model, quote_schema_name

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Client

# Creation and migration of schemas take turns: one transaction at a time holds this. Arbitrary and fixed.
SCHEMA_LOCK = 7_203_118
# A schema nobody's data is in; a client's id never makes this name.
TEMPLATE = "template_client"

RECORD = (
    "INSERT INTO django_migrations (app, name, applied) SELECT app, name, now() FROM unnest(%s::text[], %s::text[]) AS step (app, name)"
)

Applied = frozenset[tuple[str, str]]
Report = Callable[["Client", int, Exception | None], None]


@dataclass
class Script:
    """What happened to the template: migrations with the SQL that repeats each, and the set applied before the first.

    `replayable` is False once a migration among them needs Django to run it.
    """

    before: Applied
    steps: list[tuple[tuple[str, str], list[str]]] = field(default_factory=list)
    replayable: bool = True

    @cached_property
    def replay(self) -> tuple[str, list[Any]]:
        """One batch that repeats the steps, records them and notes the state of the client whose id is the last parameter."""
        keys = [key for key, _statements in self.steps]
        sql = [statement for _key, statements in self.steps for statement in statements]
        note = f"UPDATE {connection.ops.quote_name(get_tenant_model()._meta.db_table)} SET schema_state = %s WHERE id = %s"
        batch = "\n".join(sql).replace("%", "%%") + f"\n;{RECORD};{note}"
        return batch, [[app for app, _ in keys], [name for _, name in keys], _digest(self.before | set(keys))]


def migrate_all(report: Report) -> bool:
    """Migrate the template, then every client; whether all succeeded. `report(client, applied, error)` is called for each."""
    from accounts.models import Client

    script = migrate_template()
    fine = True
    for client in Client.objects.order_by("id"):
        try:
            report(client, migrate_client(client, script), None)
        except Exception as error:
            fine = False
            report(client, 0, error)
    return fine


def migrate_client(client: Client, script: Script | None = None) -> int:
    """Migrate one schema in a transaction of its own; return how many migrations were applied."""
    with transaction.atomic(), in_schema(client.schema_name):
        lock()
        if script and script.replayable and applied_migrations() == script.before:
            _replay(script, client)
            return len(script.steps)
        applied = _execute()
        keep_state(client, applied_migrations())
        return applied


def keep_state(client: Client, applied: Applied) -> None:
    """Note on the client's row what its schema has applied."""
    type(client).objects.filter(pk=client.pk).update(schema_state=_digest(applied))


def lagging() -> QuerySet[Client]:
    """The clients whose schemas have not applied exactly what this code expects."""
    from accounts.models import Client

    return Client.objects.exclude(schema_state=_expected_state()).order_by("name", "pk")


@cache
def _expected_state() -> str:
    return _digest(frozenset(MigrationLoader(None).disk_migrations))


def _digest(applied: Applied) -> str:
    return hashlib.sha256(repr(sorted(applied)).encode()).hexdigest()


def applied_migrations() -> Applied:
    """What the schema that is open has applied; nothing where it has no table of that."""
    schema: str = connection.schema_name  # type: ignore[attr-defined]  # of our backend
    table = f"{quote_schema_name(schema)}.django_migrations"  # named in full: public has one too
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        if cursor.fetchone() == (False,):
            return frozenset()
        cursor.execute(f"SELECT app, name FROM {table}")
        return frozenset(cursor.fetchall())


@contextmanager
def in_schema(schema: str) -> Iterator[None]:
    """Work in a schema that need not be a client's."""
    database: Any = connection
    before = database.tenant
    database.set_schema(schema)
    try:
        yield
    finally:
        database.set_tenant(before)


def lock() -> None:
    """Held until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])


def migrate_template() -> Script:
    """Make the template schema and bring it to the newest migrations; what the clients' schemas have to repeat."""
    with transaction.atomic():
        lock()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_schema_name(TEMPLATE)}")
        with in_schema(TEMPLATE):
            executor = MigrationExecutor(connection)
            script = Script(frozenset(executor.loader.applied_migrations))
            if not script.before:
                # The installation is new. One by one, each migration would have Django read and draw up all models anew.
                _execute()
                script.replayable = False
                return script
            for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
                _apply_to_template(executor, migration, script)
        return script


def _apply_to_template(executor: MigrationExecutor, migration: Migration, script: Script) -> None:
    """Collect the migration's SQL while the template is still as the clients are, then run it there."""
    key = (migration.app_label, migration.name)
    if _reduces_to_sql(migration):
        script.steps.append((key, _collected(executor, migration)))
    else:
        script.replayable = False
    executor.migrate([key])
    executor.loader.build_graph()


def _reduces_to_sql(migration: Migration) -> bool:
    if not _is_of_clients(migration.app_label):
        return True  # nothing of it is run in a client's schema, it is only recorded
    return migration.atomic and all(_operation_reduces(operation) for operation in migration.operations)


def _operation_reduces(operation: Any) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return all(_operation_reduces(part) for part in operation.database_operations)
    return bool(operation.reduces_to_sql)


def _is_of_clients(app_label: str) -> bool:
    return apps.get_app_config(app_label).name in settings.TENANT_APPS


def _collected(executor: MigrationExecutor, migration: Migration) -> list[str]:
    if not _is_of_clients(migration.app_label):
        return []
    state = executor.loader.project_state([(migration.app_label, migration.name)], at_end=False)
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    return [statement for statement in editor.collected_sql if not statement.startswith("--")]


def _replay(script: Script, client: Client) -> None:
    batch, parameters = script.replay
    with connection.cursor() as cursor:
        cursor.execute(batch, [*parameters, client.pk])


def _execute() -> int:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    executor.migrate(executor.loader.graph.leaf_nodes(), plan)
    return len(plan)
