"""An update reaches every client: quickly where its SQL can be repeated, surely where not, and it resumes after a failure."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import ProgrammingError, connection, transaction
from django.test import Client as Browser
from django_tenants.migration_executors.standard import StandardExecutor

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside, migrating
from campaigns.models import Connection, DirtyDay
from jobs import worker
from kpis import recompute
from tests.accounts.storm import Stock, on_backend
from tests.accounts.test_schemas import definition
from tests.conftest import Cast

RELEASED = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "campaigns" / "migrations").glob("0*.py"))
SAME = """
from importlib import import_module

Migration = import_module("campaigns.migrations.{name}").Migration
"""
# The update that this version does not have yet.
NEXT = "9999_next"
UPDATE = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "{last}")]
    atomic = {atomic}
    operations = [{operations}]
"""
ADD_COLUMN = 'migrations.AddField("connection", "note", models.CharField(max_length=50, default="new", db_index=True))'
ADD_DATA = 'migrations.RunPython(lambda apps, editor: apps.get_model("campaigns", "Connection").objects.update(name="touched"))'

Update = Callable[..., None]


@pytest.fixture
def update(own_database: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Update]:
    """A function that gives the product one more migration of clients' tables."""

    def one_more(operations: str, *, atomic: bool = True) -> None:
        package = tmp_path / "newer"
        package.mkdir()
        (package / "__init__.py").touch()
        for name in RELEASED:
            (package / f"{name}.py").write_text(SAME.format(name=name))
        (package / f"{NEXT}.py").write_text(UPDATE.format(last=RELEASED[-1], operations=operations, atomic=atomic))
        monkeypatch.syspath_prepend(str(tmp_path))
        settings.MIGRATION_MODULES = {"campaigns": "newer"}

    yield one_more
    migrating._expected_state.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "newer"]:
        del sys.modules[name]


@pytest.fixture
def never_by_django(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise AssertionError("Django's executor ran where the SQL could be repeated")

    monkeypatch.setattr(migrating, "_execute", refuse)


def migrate() -> dict[str, tuple[int, Exception | None]]:
    """Migrate everything; what was reported, by client."""
    reported: dict[str, tuple[int, Exception | None]] = {}

    def report(client: Client, applied: int, error: Exception | None) -> None:
        reported[client.slug] = (applied, error)

    migrating.migrate_all(report)
    return reported


def migrate_by_stock(schemas: Iterable[str]) -> None:
    """What `migrate_schemas` of django-tenants does for each of them, without Django's checks."""
    options = vars(Migrate().create_parser("manage.py", "migrate").parse_args(["--skip-checks", "--no-input", "--verbosity=0"]))
    with on_backend(Stock, {}):
        StandardExecutor((), options).run_migrations(list(schemas))


def test_a_new_column_is_repeated_as_sql_and_every_schema_is_alike(
    cast: Cast, own_database: str, update: Update, never_by_django: None
) -> None:
    update(ADD_COLUMN)
    assert migrate() == {"lumen": (1, None), "autre": (1, None)}
    template = definition(own_database, migrating.TEMPLATE)
    assert "note character varying(50)" in template
    assert [definition(own_database, client.schema_name) for client in Client.objects.all()] == [template, template]


def test_a_percent_sign_is_repeated_as_it_is(cast: Cast, own_database: str, update: Update, never_by_django: None) -> None:
    update("""migrations.RunSQL("COMMENT ON TABLE campaigns_connection IS '100 %s of 50 %%'")""")
    assert migrate() == {"lumen": (1, None), "autre": (1, None)}
    template = definition(own_database, migrating.TEMPLATE)
    assert "100 %s of 50 %%" in template
    assert definition(own_database, cast.client.schema_name) == template


def test_the_service_says_that_it_is_ill_until_every_schema_is_migrated(cast: Cast, update: Update) -> None:
    browser = Browser(SERVER_NAME="localhost")
    assert browser.get("/healthz").json() == {"status": "ok", "problems": [], "attention": []}
    update(ADD_COLUMN)
    migrating._expected_state.cache_clear()
    ill = browser.get("/healthz")
    assert ill.status_code == 503
    assert "2 clients' tables" in ill.json()["problems"][0]
    migrate()
    assert browser.get("/healthz").status_code == 200


def test_a_second_run_has_nothing_to_do(cast: Cast, update: Update) -> None:
    update(ADD_COLUMN)
    migrate()
    assert migrate() == {"lumen": (0, None), "autre": (0, None)}


def test_a_migration_of_data_runs_in_every_schema(cast: Cast, update: Update) -> None:
    for client in (cast.client, cast.other_client):
        with inside(client):
            Connection.objects.create(source="file", account="1", currency="EUR", timezone="Europe/Paris")
    update(ADD_DATA)
    migrate()
    for client in (cast.client, cast.other_client):
        with inside(client):
            assert Connection.objects.get().name == "touched"


def test_what_an_update_left_to_be_summed_again_is_summed_without_waiting_for_a_pull(cast: Cast, update: Update) -> None:
    update("migrations.RunSQL(\"INSERT INTO campaigns_dirtyday (family, day) VALUES ('orders', '2026-11-10')\")")
    call_command("migrate", verbosity=0)
    worker.work_off()
    for client in (cast.client, cast.other_client):
        with inside(client):
            assert not DirtyDay.objects.exists()
            assert recompute.data_version() == 1


def test_a_migration_that_is_not_atomic_is_left_to_django(cast: Cast, update: Update, monkeypatch: pytest.MonkeyPatch) -> None:
    update('migrations.RunSQL("SELECT 1")', atomic=False)
    monkeypatch.setattr(migrating, "_replay", lambda _script: pytest.fail("it was repeated"))
    assert {applied for applied, error in migrate().values()} == {1}


def test_a_schema_that_lags_behind_is_left_to_django(cast: Cast, update: Update) -> None:
    with migrating.in_schema(cast.client.schema_name), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    update(ADD_COLUMN)
    reported = migrate()
    assert reported["autre"] == (1, None)
    assert reported["lumen"][0] > 1
    with migrating.in_schema(cast.client.schema_name):
        lumen = migrating.applied_migrations()
    with migrating.in_schema(migrating.TEMPLATE):
        assert lumen == migrating.applied_migrations()


def test_a_failure_in_one_schema_stops_no_other_is_named_and_is_taken_up_again(cast: Cast, own_database: str, update: Update) -> None:
    schema = cast.client.schema_name
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {schema}.campaigns_connection ADD COLUMN note integer")
    update(ADD_COLUMN)
    with pytest.raises(CommandError, match="Not migrated: lumen"):
        call_command("migrate", verbosity=0)
    assert definition(own_database, cast.other_client.schema_name) == definition(own_database, migrating.TEMPLATE)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {schema}.campaigns_connection DROP COLUMN note")
    call_command("migrate", verbosity=0)
    with migrating.in_schema(schema):
        assert ("campaigns", NEXT) in migrating.applied_migrations()


def test_stock_stops_at_the_first_failure(cast: Cast, own_database: str, update: Update) -> None:
    """And names nobody: the clients after it stay as they were, on code that expects them new."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {cast.client.schema_name}.campaigns_connection ADD COLUMN note integer")
    update(ADD_COLUMN)
    with pytest.raises(ProgrammingError, match="already exists"):
        migrate_by_stock([cast.client.schema_name, cast.other_client.schema_name])
    with migrating.in_schema(cast.other_client.schema_name):
        assert ("campaigns", NEXT) not in migrating.applied_migrations()


def test_a_client_created_during_an_update_waits_for_it_and_is_new(cast: Cast, update: Update) -> None:
    update(ADD_COLUMN)
    made: list[Client] = []

    def create() -> None:
        try:
            made.append(create_client("late", name="Late", currency="EUR", timezone="Europe/Paris"))
        finally:
            connection.close()

    thread = threading.Thread(target=create)
    with transaction.atomic():
        migrating.lock()
        thread.start()
        thread.join(0.5)
        assert made == []
        migrating.migrate_template()
    thread.join(20)
    with migrating.in_schema(made[0].schema_name):
        assert ("campaigns", NEXT) in migrating.applied_migrations()
