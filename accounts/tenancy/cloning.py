"""A new client's tables, copied from a template schema in one round trip instead of run through every migration.

Definitions are read from the catalogue while the template is the search path, so that Postgres writes every name without
its schema; run with another schema as the search path, they make the same tables there. Names of constraints, indexes and
sequences stay as Django wrote them, for later migrations find them by name.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django_tenants.utils import quote_schema_name

TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY relname
"""
# Primary keys and uniques first, for foreign keys refer to them. LIKE brings CHECK and NOT NULL.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid, true) FROM pg_constraint
    WHERE connamespace = %s::regnamespace AND contype IN ('p', 'u', 'x', 'f') ORDER BY contype = 'f', conrelid::regclass::text, conname
"""
INDEXES = """
    SELECT pg_get_indexdef(indexrelid, 0, true) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = %s::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid::regclass::text
"""
# Rows that belong to the tables' definition, not to a client.
COPIED_ROWS = "django_migrations"


def copy_tables(template: str, target: str) -> None:
    """Make the tables of `template` in the empty schema `target`, inside the caller's transaction."""
    source = quote_schema_name(template)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {source}")
        statements = _statements(cursor, template, source)
        cursor.execute(f"SET LOCAL search_path = {quote_schema_name(target)}")
        cursor.execute(";\n".join(statements))
    _forget_search_path()


def _statements(cursor: Any, template: str, source: str) -> list[str]:
    tables = [f'"{name}"' for (name,) in _rows(cursor, TABLES, template)]
    statements = [f"CREATE TABLE {table} (LIKE {source}.{table} INCLUDING ALL EXCLUDING INDEXES)" for table in tables]
    for table, name, definition in _rows(cursor, CONSTRAINTS, template):
        statements.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    # Foreign keys last: the indexes they may need are there by then.
    indexes = [definition for (definition,) in _rows(cursor, INDEXES, template)]
    rows = f"INSERT INTO {COPIED_ROWS} (app, name, applied) SELECT app, name, applied FROM {source}.{COPIED_ROWS} ORDER BY id"
    return [*statements, *indexes, rows]


def _rows(cursor: Any, query: str, schema: str) -> list[tuple[str, ...]]:
    cursor.execute(query, [quote_schema_name(schema)])
    rows: list[tuple[str, ...]] = cursor.fetchall()
    return rows


def _forget_search_path() -> None:
    """The backend sets the path of the current client again before the next query."""
    database: Any = connection
    database.search_path_set_schemas = None
