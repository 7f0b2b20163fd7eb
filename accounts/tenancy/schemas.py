"""Create clients' schemas. A schema's name never changes and is never shown: `c<client id>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django_tenants.utils import quote_schema_name

from accounts.tenancy import cloning, migrating

if TYPE_CHECKING:
    from accounts.models import Client


def name_for(client_id: int) -> str:
    return f"c{client_id}"


def create(client: Client) -> None:
    """Create the schema of a new client and its tables, in the caller's transaction."""
    with transaction.atomic():
        migrating.lock()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {quote_schema_name(client.schema_name)}")
        cloning.copy_tables(migrating.TEMPLATE, client.schema_name)
        with migrating.in_schema(client.schema_name):
            migrating.keep_state(client, migrating.applied_migrations())


def drop(client: Client) -> None:
    """Drop the client's schema and everything in it, in the caller's transaction."""
    migrating.lock()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quote_schema_name(client.schema_name)} CASCADE")
