"""django-tenants' database backend, failing closed.

Stock 4.0.1 swallows a failed `SET search_path` and runs the next query in whatever schema the connection had before: one
client could read another's figures. Here the failure is raised and the query is not run.

Behind a pooler in transaction mode (`TRANSACTION_POOLER` in the database's settings) every transaction may run on another
connection of the server, which keeps what the one before has set. There the schema is chosen by `SET LOCAL`, once per
transaction, nothing is ever set for longer, and a query of a client's schema outside a transaction is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.transaction import TransactionManagementError
from django_tenants.postgresql_backend import base
from django_tenants.utils import get_public_schema_name, quote_schema_name
from psycopg.pq import TransactionStatus

OUTSIDE_A_TRANSACTION = (
    "A client's schema was read outside a transaction, and DATABASE_POOLER=transaction cannot say which connection would answer: "
    "use accounts.tenancy.visit(client) or transaction.atomic(). Workers and commands connect to Postgres itself, without the setting."
)
PASSED_OVER = "A statement of this transaction failed and the error was passed over: Postgres would undo all of it and report success."


def _of_one_schema(look: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(look)
    def look_without_public(self: Introspection, cursor: Any, *rest: Any, **named: Any) -> Any:
        with self.connection.without_public(cursor):
            return look(self, cursor, *rest, **named)

    return look_without_public


class Introspection(DatabaseIntrospection):
    """Looks at the chosen schema alone. Stock's own sets the search path for the whole connection, whoever has it next."""

    connection: DatabaseWrapper
    get_table_list = _of_one_schema(DatabaseIntrospection.get_table_list)
    get_table_description = _of_one_schema(DatabaseIntrospection.get_table_description)
    get_sequences = _of_one_schema(DatabaseIntrospection.get_sequences)
    get_constraints = _of_one_schema(DatabaseIntrospection.get_constraints)


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # django-tenants has no types
    _setting_search_path: bool
    search_path_set_schemas: list[str] | None
    include_public_schema: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.introspection = Introspection(self)

    @property
    def is_behind_transaction_pooler(self) -> bool:
        return bool(self.settings_dict.get("TRANSACTION_POOLER"))

    def connect(self) -> None:
        # Django asks a first connection for its version, before a transaction can have begun.
        with self._search_path_untouched():
            super().connect()

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        if not self.schema_name:
            raise ImproperlyConfigured("no schema is chosen on this connection")
        if self.is_behind_transaction_pooler and self.autocommit:
            if self.schema_name != get_public_schema_name():  # the role's own search path is public
                raise ImproperlyConfigured(OUTSIDE_A_TRANSACTION)
        elif not self.search_path_set_schemas:
            self.validate_no_broken_transaction()
            self._set_search_path(cursor)

    def _set_search_path(self, cursor: Any) -> None:
        schemas = self._get_cursor_search_paths()
        command = "SET LOCAL" if self.is_behind_transaction_pooler else "SET"
        statement = f"{command} search_path = {', '.join(quote_schema_name(schema) for schema in schemas)}"
        with self._search_path_untouched():
            if cursor is not None:
                cursor.execute(statement)
            else:
                with self.connection.cursor() as own:
                    own.execute(statement)
        self.search_path_set_schemas = schemas

    @contextmanager
    def without_public(self, cursor: Any) -> Iterator[None]:
        """Let `cursor` see the chosen schema alone."""
        if self.schema_name == get_public_schema_name():
            yield
            return
        before, self.include_public_schema = self.include_public_schema, False
        try:
            self._set_search_path(cursor)
            yield
        finally:
            self.include_public_schema = before
            self.search_path_set_schemas = None
        self._set_search_path(cursor)

    @contextmanager
    def _search_path_untouched(self) -> Iterator[None]:
        before, self._setting_search_path = self._setting_search_path, True
        try:
            yield
        finally:
            self._setting_search_path = before

    def _savepoint_rollback(self, sid: str) -> None:
        # In a broken transaction nothing but the rollback may run: a SET before it would fail and spoil the whole.
        with self._search_path_untouched():
            super()._savepoint_rollback(sid)

    def _commit(self) -> None:
        """Raises `TransactionManagementError` where Postgres would take a COMMIT, roll back and say nothing."""
        self.search_path_set_schemas = None
        if self.connection is not None and self.connection.info.transaction_status == TransactionStatus.INERROR:
            raise TransactionManagementError(PASSED_OVER)
        super()._commit()
