"""A new client's tables, copied from a template schema in one round trip instead of run through every migration.

Definitions are read from the catalogue while the template is the search path, so that Postgres writes every name without
its schema; run with another schema as the search path, they make the same tables there. Names of constraints, indexes and
sequences stay as Django wrote them, for later migrations find them by name.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django_tenants.utils import quote_schema_name

# By the one index that leads from a schema to its tables: the catalogue grows with every client, this look-up does not.
OIDS = """
    SELECT objid FROM pg_depend
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = %s::regnamespace AND classid = 'pg_class'::regclass
"""
# With their primary keys and uniques, for foreign keys refer to them. LIKE brings CHECK and NOT NULL.
TABLES = f"""
    SELECT quote_ident(relname), ARRAY(
        SELECT format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(pg_constraint.oid, true)) FROM pg_constraint
        WHERE conrelid = pg_class.oid AND contype IN ('p', 'u', 'x') ORDER BY conname
    ) FROM pg_class WHERE oid IN ({OIDS}) AND relkind = 'r' ORDER BY relname
"""
INDEXES = f"""
    SELECT pg_get_indexdef(indexrelid, 0, true) FROM pg_index
    WHERE indrelid IN ({OIDS})
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = indrelid AND conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid::regclass::text
"""
FOREIGN_KEYS = f"""
    SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid, true))
    FROM pg_constraint WHERE conrelid IN ({OIDS}) AND contype = 'f' ORDER BY conrelid::regclass::text, conname
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
    statements = []
    for table, constraints in _rows(cursor, TABLES, template):
        parts = [f"LIKE {source}.{table} INCLUDING ALL EXCLUDING INDEXES", *constraints]
        statements.append(f"CREATE TABLE {table} ({', '.join(parts)})")
    for query in (INDEXES, FOREIGN_KEYS):
        statements += [definition for (definition,) in _rows(cursor, query, template)]
    return [
        *statements,
        f"INSERT INTO {COPIED_ROWS} (app, name, applied) SELECT app, name, applied FROM {source}.{COPIED_ROWS} ORDER BY id",
    ]


def _rows(cursor: Any, query: str, schema: str) -> list[tuple[Any, ...]]:
    cursor.execute(query, [quote_schema_name(schema)])
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _forget_search_path() -> None:
    """The backend sets the path of the current client again before the next query."""
    database: Any = connection
    database.search_path_set_schemas = None
