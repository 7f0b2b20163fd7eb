"""A table in the archive: written by COPY, staged by COPY, then checked and inserted in a few statements over all its rows.

Tables of a client's schema keep their ids, for the schema they come back to is empty. Rows of public tables get new ones, and
every reference to them follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import DatabaseError, connection
from django.db.models import NOT_PROVIDED, AutoField, BinaryField, Field, Model

from accounts.models import Client
from accounts.portability.archive import Reading, Refused, Writing

# Of the staged row; no column of a model begins like this.
ROW = "archive_row"
NEW_ID = "archive_new_id"
if TYPE_CHECKING:
    Column = Field[Any, Any]
else:
    Column = Field
# Where Postgres says that it stopped.
PLACE = re.compile(r"COPY \S+, line (?P<line>\d+)(, column (?P<column>[^:]+))?")


@dataclass(frozen=True)
class Filed:
    """A column whose content is a file of its own; the table holds its path. `path` is SQL over the table."""

    column: str
    path: str

    @property
    def path_column(self) -> str:
        return f"{self.column}_file"


@dataclass(frozen=True)
class Table:
    """Every row of one client in one table.

    `of`: for a public table, the lookup that leads from a row to its client. `omitted`: columns that are not written; a subclass
    brings them back in `complete`. `refers`: columns with plain ids of another table whose rows get new ids. `values`: SQL over
    the archived row `old`, for columns that come back as something else. `checks`: SQL over `old` that every row must meet,
    after the column at fault and before the reason where it does not. `after` is called when the rows are in.
    """

    model: type[Model]
    of: str = ""
    omitted: Collection[str] = ()
    refers: Mapping[str, type[Model]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    checks: Collection[tuple[str, str, str]] = ()
    filed: Filed | None = None
    after: Callable[[Client], None] | None = None

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def file(self) -> str:
        return f"tables/{self.name}.csv"

    @property
    def models(self) -> Collection[type[Model]]:
        return (self.model,)

    @property
    def columns(self) -> list[Column]:
        """The columns that are written as they are."""
        elsewhere = {*self.omitted, self.filed.column if self.filed else ""}
        return [column for column in _columns(self.model) if column.column not in elsewhere]

    def write(self, archive: Writing, client: Client) -> None:
        wanted = [f'"{column.column}"' for column in self.columns]
        if self.filed:
            wanted.append(f"{self.filed.path} AS {self.filed.path_column}")
        key = ", ".join(f'"{column.column}"' for column in self.model._meta.pk_fields)
        rows, parameters = self._rows(client)
        archive.query(self.file, f"SELECT {', '.join(wanted)} FROM {self.name} {rows} ORDER BY {key}", parameters)
        if self.filed:
            self._write_files(archive, self.filed, f"FROM {self.name} {rows}", parameters)

    def read(self, archive: Reading, client: Client) -> None:
        staged = Staged(self, archive)
        staged.fill()
        self.complete(archive, staged)
        staged.check()
        staged.insert(client)
        if self.after:
            self.after(client)

    def complete(self, archive: Reading, staged: Staged) -> None:
        """Bring to the staged rows what the table's own file does not hold."""
        if self.filed:
            staged.read_files(self.filed)

    def _rows(self, client: Client) -> tuple[str, tuple[Any, ...]]:
        if not self.of:
            return "", ()
        chosen, parameters = self.model._default_manager.filter(**{self.of: client}).order_by().values("pk").query.sql_with_params()
        return f"WHERE id IN ({chosen})", tuple(parameters)

    def _write_files(self, archive: Writing, filed: Filed, rows: str, parameters: tuple[Any, ...]) -> None:
        """One at a time: documents are large."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, {filed.path} {rows} ORDER BY id", parameters)
            for row_id, path in cursor.fetchall():
                cursor.execute(f'SELECT "{filed.column}" FROM {self.name} WHERE id = %s', [row_id])
                [content] = cursor.fetchone()
                archive.content(path, content.encode() if isinstance(content, str) else bytes(content))


class Staged:
    """The rows of a table as the archive has them, in a temporary table of the restoration's transaction."""

    def __init__(self, table: Table, archive: Reading) -> None:
        self.table = table
        self.archive = archive
        self.name = staged_name(table.model)
        # An archive made before the table existed has nothing of it.
        self.is_there = table.file in archive
        self.present = archive.columns(table.file) if self.is_there else [column.column for column in table.columns]
        self._refuse_columns()

    def fill(self) -> None:
        """COPY the file in. Postgres itself finds the cell that is not of its column's type."""
        wanted = [column.column for column in _columns(self.table.model)]
        shape = ", ".join(f'"{name}"' for name in wanted)
        path = f", NULL::text AS {self.table.filed.path_column}" if self.table.filed else ""
        self._run(f"DROP TABLE IF EXISTS pg_temp.{self.name}")
        self._run(f"CREATE TEMPORARY TABLE {self.name} ON COMMIT DROP AS SELECT {shape}{path} FROM {self.table.name} LIMIT 0")
        self._run(f"ALTER TABLE {self.name} ADD COLUMN {ROW} bigint GENERATED ALWAYS AS IDENTITY")
        if self.is_there:
            self._copy()
        if self.table.of:
            sequence = f"pg_get_serial_sequence('{self.table.name}', 'id')"
            self._run(f"ALTER TABLE {self.name} ADD COLUMN {NEW_ID} bigint DEFAULT nextval({sequence})")
        self._run(f"ANALYZE {self.name}")

    def _copy(self) -> None:
        expected, count = self.archive.rows(self.table.file), self._copied()
        if count != expected:
            raise Refused(f"{self.table.file}: {count} rows, {expected} in the manifest.")
        self.archive.report(f"{self.table.file}: {count} rows")

    def read_files(self, filed: Filed) -> None:
        """Bring in the contents that are files of their own."""
        is_text = not isinstance(self.table.model._meta.get_field(filed.column), BinaryField)
        for row, path in self._run(f"SELECT {ROW}, {filed.path_column} FROM {self.name} ORDER BY {ROW}"):
            if path is None or path not in self.archive:
                raise self.fault(row, filed.path_column, f"names the file {path!r}, which is not in the archive")
            self._run(f'UPDATE {self.name} SET "{filed.column}" = %s WHERE {ROW} = %s', [_content(self.archive, path, is_text), row])

    def check(self) -> None:
        """Raise `Refused` for the first row that refers to nothing or says what cannot be."""
        for column in _columns(self.table.model):
            if self._is_present(column):
                self._refuse_orphans(_name(column), self._parents(column))
        for column_name, condition, reason in self.table.checks:
            wrong = self._run(f"SELECT {ROW} FROM {self.name} AS old WHERE NOT ({condition}) ORDER BY {ROW} LIMIT 1")
            if wrong:
                raise self.fault(wrong[0][0], column_name, reason)

    def insert(self, client: Client) -> None:
        """Write the rows to their table, and let the next new row get the next id."""
        columns = _columns(self.table.model)
        parameters: list[Any] = []
        cells = [self._cell(column, client, parameters) for column in columns]
        joins = [self._join(column) for column in columns if self._target(column)]
        names = ", ".join(f'"{column.column}"' for column in columns)
        rows = f"SELECT {', '.join(cells)} FROM {self.name} AS old {' '.join(joins)} ORDER BY old.{ROW}"
        self._run(f"INSERT INTO {self.table.name} ({names}) {rows}", parameters)
        self._move_sequence()
        self._run(f"ANALYZE {self.table.name}")

    def fault(self, row: int, column: str, reason: str) -> Refused:
        """Line 1 of the file is its header; a cell of several lines moves those after it."""
        return Refused(f"{self.table.file}, line {row + 1}, column {column}: {reason}.")

    def _refuse_columns(self) -> None:
        known = {column.column for column in self.table.columns} | ({self.table.filed.path_column} if self.table.filed else set())
        if strange := [name for name in self.present if name not in known]:
            raise Refused(f"{self.table.file}, line 1, column {strange[0]}: unknown to this version of the service. Update first.")
        for column in self.table.columns:
            if column.column not in self.present and not _has_default(column):
                raise Refused(f"{self.table.file}, line 1: the column {column.column} is missing.")

    def _copied(self) -> int:
        """COPY the file in; how many rows it had."""
        names = ", ".join(f'"{name}"' for name in self.present)
        try:
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY {self.name} ({names}) FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
                    for chunk in self.archive.chunks(self.table.file):
                        copy.write(chunk)
                return int(cursor.rowcount)
        except psycopg.Error as error:  # Django does not wrap what happens inside a COPY
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> Refused:
        said = getattr(error if isinstance(error, psycopg.Error) else error.__cause__, "diag", None)
        place = PLACE.search((said and said.context) or "")
        where = f", line {place['line']}" if place else ""
        where += f", column {place['column']}" if place and place["column"] else ""
        reason = f"{said.message_primary}. {said.message_detail or ''}" if said else str(error)
        return Refused(f"{self.table.file}{where}: {reason.strip()}")

    def _is_present(self, column: Column) -> bool:
        return column.column in self.present

    def _target(self, column: Column) -> type[Model] | None:
        """The public table, restored before, whose rows the column names by ids they no longer have."""
        target: Any = self.table.refers.get(_name(column)) or column.related_model
        is_kept = isinstance(target, type) and target is not Client and _has_new_ids(target)
        return target if is_kept and self._is_present(column) else None

    def _parents(self, column: Column) -> str | None:
        """The table with what the column may name, under the ids of the archive."""
        if target := self._target(column):
            return staged_name(target)
        related = column.related_model
        return (
            related._meta.db_table if isinstance(related, type) and not self.table.of and column.column not in self.table.values else None
        )

    def _refuse_orphans(self, column: str, parents: str | None) -> None:
        if parents is None:
            return
        missing = f'old."{column}" IS NOT NULL AND NOT EXISTS (SELECT FROM {parents} AS parent WHERE parent.id = old."{column}")'
        if wrong := self._run(f'SELECT {ROW}, "{column}" FROM {self.name} AS old WHERE {missing} ORDER BY {ROW} LIMIT 1'):
            raise self.fault(wrong[0][0], column, f"refers to {wrong[0][1]}, which is not in the archive")

    def _cell(self, column: Column, client: Client, parameters: list[Any]) -> str:
        """The SQL of what a column of the new row becomes."""
        name = _name(column)
        if name in self.table.values:
            return self.table.values[name]
        if column.related_model is Client:
            parameters.append(client.pk)
            return "%s"
        if self.table.of and isinstance(column, AutoField):
            return f"old.{NEW_ID}"
        if self._target(column):
            return f"{name}_parent.{NEW_ID}"
        if self.table.of and column.related_model:
            return "NULL"  # a person or an agency of where the archive was made
        if self._is_present(column) or self._was_completed(name):
            return f'old."{name}"'
        parameters.append(column.get_db_prep_save(column.get_default(), connection) if column.has_default() else None)
        return f"%s::{column.rel_db_type(connection) if column.related_model else column.db_type(connection)}"

    def _was_completed(self, name: str) -> bool:
        return name in self.table.omitted or bool(self.table.filed and self.table.filed.column == name)

    def _join(self, column: Column) -> str:
        target = self._target(column)
        assert target is not None
        alias = f"{column.column}_parent"
        return f'LEFT JOIN {staged_name(target)} AS {alias} ON {alias}.id = old."{column.column}"'

    def _move_sequence(self) -> None:
        key = self.table.model._meta.pk
        if not self.table.of and isinstance(key, AutoField):
            self._run(
                f"""SELECT setval(pg_get_serial_sequence('{self.table.name}', '{key.column}'), max("{key.column}"))
                    FROM {self.table.name} HAVING count(*) > 0"""
            )

    def _run(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        except DatabaseError as error:
            raise self._explained(error) from None


def staged_name(model: type[Model]) -> str:
    return f"restored_{model._meta.db_table}"


def _has_new_ids(model: type[Model]) -> bool:
    """Whether rows of the model come back under other ids: those of public tables that a part exports."""
    from accounts.portability import registry

    return any(isinstance(part, Table) and part.of and part.model is model for part in registry.parts())


def _columns(model: type[Model]) -> list[Column]:
    columns: list[Column] = list(model._meta.local_concrete_fields)
    return [column for column in columns if not column.generated]


def _name(column: Column) -> str:
    return str(column.column)


def _has_default(column: Column) -> bool:
    return column.null or column.default is not NOT_PROVIDED or (column.empty_strings_allowed and column.blank)


def _content(archive: Reading, path: str, is_text: bool) -> bytes | str:
    content = archive.content(path)
    if not is_text:
        return content
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: {error}.") from None
