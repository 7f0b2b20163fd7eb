"""django-tenants' database backend, failing closed.

Stock 4.0.1 swallows a failed `SET search_path` and runs the next query in whatever schema the connection had before: one
client could read another's figures. Here the failure is raised and the query is not run.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django_tenants.postgresql_backend import base
from django_tenants.utils import quote_schema_name


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # django-tenants has no types
    _setting_search_path: bool
    search_path_set_schemas: list[str] | None

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        if not self.schema_name:
            raise ImproperlyConfigured("no schema is chosen on this connection")
        if self.needs_rollback:  # a broken transaction: only ROLLBACK can follow, and Django refuses the rest
            return
        schemas = self._get_cursor_search_paths()
        statement = "SET search_path = " + ", ".join(quote_schema_name(schema) for schema in schemas)
        self._setting_search_path = True
        try:
            if cursor is not None:
                cursor.execute(statement)
            else:
                with self.connection.cursor() as own:
                    own.execute(statement)
            self.search_path_set_schemas = schemas
        finally:
            self._setting_search_path = False
