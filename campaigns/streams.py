"""How rows of a stream replace older ones.

`window`: the answer is complete for its days, so rows that vanished from it go. `keyed`: rows replace those of the same
key and only tombstones delete. `counter`: the same, but a snapshot never replaces a newer one. Either way the new rows are
copied to a temporary table and compared with what is stored, and only differences are written: an unchanged answer
writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from django.db import connection

from campaigns.connectors.base import Replaces
from campaigns.models import Connection
from campaigns.tables import Table

# So many new rows are counted again at once: until the database did so, it would compare a few rows with all that it has.
MANY = 10_000
CSV = "FORMAT CSV, QUOTE '\"', ESCAPE '\\', NULL 'null'"
_ESCAPED = re.compile(rb"\\(?:u....|.)")
_ESCAPED_IN_BOTH = (b'\\"', b"\\\\")
# The id at each place of what a sheet said, by column.
Ids = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Window:
    """The days that an answer speaks of, both included, for the facts of one family."""

    family: str
    since: date
    until: date
    replaces: Replaces = Replaces.WINDOW


@dataclass
class Change:
    """What a store did to one table: counts of rows, and the days whose figures changed."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    days: set[date] = field(default_factory=set)


class Conflict(Exception):
    """Two different rows have one key. `pairs` holds (first position, second position, key)."""

    def __init__(self, pairs: list[tuple[int, int, str]]) -> None:
        super().__init__(f"two different rows for {pairs[0][2]}")
        self.pairs = pairs


class Staged:
    """New rows of one table in a temporary table, inside the caller's transaction. `zone` is the client's.

    `ids` are those of what the lines' places stand for. With `journal`, rows are kept as they were before, so that the pull can be undone.
    """

    def __init__(self, table: Table, source: Connection, zone: str, ids: Ids, *, journal: bool = False) -> None:
        self.table = table
        self.source = source
        self.zone = zone
        self.journal = journal
        self.name = f"staged_{table.name}"
        self.differing = f"differing_{table.name}"
        self.days: list[date] = []
        cells = (_id_of(column, ids[column]) if column in ids else column for column in table.columns)
        self.rows = f"(SELECT position, {', '.join(cells)}, ctid AS line FROM {self.name})"
        columns = ", ".join(column or f"''::text AS {attribute}" for attribute, column in table.staged())
        _make(self.name, f"SELECT 0::bigint AS position, {columns} FROM {table.name} LIMIT 0")

    def copy(self, lines: Iterable[bytes], days: list[date]) -> int:
        """COPY the lines of a sheet, whose records are of these `days`, in; identical doubles are dropped. Returns the count.

        Raises `Conflict` on contradictory doubles.
        """
        self.days = days
        with connection.cursor() as cursor:
            with connection.wrap_database_errors, cursor.copy(f"COPY {self.name} FROM STDIN ({CSV})") as copy:
                for block in filter(None, lines):
                    copy.write(_csv(block))
            copied = int(cursor.rowcount)
        key = ", ".join(self.table.key)
        count = int(execute(f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {self.rows} AS new) AS once")[0][0])
        if count < copied:
            self._drop_doubles()
        return count

    def _drop_doubles(self) -> None:
        key, values = ", ".join(self.table.key), ", ".join(self.table.values)
        pairs = execute(
            f"""SELECT min(position), max(position), concat_ws(' · ', {key}) FROM {self.rows} AS new
                GROUP BY {key} HAVING count(DISTINCT ({values})) > 1 ORDER BY 2 LIMIT 50"""
        )
        if pairs:
            raise Conflict(pairs)
        execute(f"DELETE FROM {self.name} WHERE ctid NOT IN (SELECT min(line) FROM {self.rows} AS new GROUP BY {key})")

    def stored_in(self, window: Window) -> int:
        """How many rows are stored for the window now."""
        where = "connection_id = %s AND day BETWEEN %s AND %s"
        return int(execute(f"SELECT count(*) FROM {self.table.name} WHERE {where}", [self.source.pk, window.since, window.until])[0][0])

    def apply(self, pull_id: int, window: Window | None) -> Change:
        """Write the differences between the staged rows and the stored ones; what vanished from a complete window goes."""
        self._compare(window)
        if self.journal:
            self._keep(pull_id, f"{self.table.name} AS old, {self.differing} AS new WHERE old.ctid = new.place")
        return Change(deleted=self._delete(), updated=self._update(pull_id), inserted=self._insert(pull_id), days=self._days())

    def remove(self, pull_id: int, external_ids: list[str]) -> Change:
        """Delete the rows with these ids, but for those that the same answer names as living."""
        living = execute(f"SELECT external_id FROM {self.name} WHERE external_id = ANY(%s)", [external_ids])
        dead = list(set(external_ids).difference(external_id for (external_id,) in living))
        gone = f"{self.table.name} AS old WHERE old.connection_id = {self.source.pk} AND old.external_id = ANY(%s)"
        if self.journal:
            self._keep(pull_id, gone, dead)
        rows = execute(f"DELETE FROM {gone} RETURNING {', '.join(self.table.counted('old', self.zone))}", [dead])
        return Change(deleted=len(rows), days={day for row in rows for day in self.table.days(row)})

    def _compare(self, window: Window | None) -> None:
        """Make the table of differing rows. Those that vanished have no position in it, those that are new no place.

        `place` is where the stored row lies, which nobody moves while we are the only writer; `was_…` the days on which it counts.
        """
        table = self.table
        same_key = " AND ".join(f"old.{column} = new.{column}" for column in table.key)
        was = ", ".join(f"{day} AS was_{number}" for number, day in enumerate(table.counted("old", self.zone)))
        before, after = (", ".join(f"{side}.{column}" for column in table.values) for side in ("old", "new"))
        changed = f"({before}) IS DISTINCT FROM ({after})" + (f" AND new.{table.newest} >= old.{table.newest}" if table.newest else "")
        join, vanished = "RIGHT", "FALSE"
        if window and window.replaces is Replaces.WINDOW:
            join, vanished = "FULL", f"old.day BETWEEN '{window.since}' AND '{window.until}'"
        _make(
            self.differing,
            f"""SELECT new.*, old.place, {was}
                FROM (SELECT ctid AS place, * FROM {table.name} WHERE {self._comparable(window)}) AS old
                {join} JOIN {self.rows} AS new ON {same_key}
                WHERE CASE WHEN old.place IS NULL THEN TRUE WHEN new.position IS NULL THEN {vanished} ELSE {changed} END""",
        )

    def _comparable(self, window: Window | None) -> str:
        """Which stored rows can have the key of a staged one or have vanished."""
        ours = f"connection_id = {self.source.pk}"
        if window is None or "day" not in self.table.key:
            return ours
        days = [window.since, window.until, *self.days]
        return f"{ours} AND day BETWEEN '{min(days)}' AND '{max(days)}'"

    def _delete(self) -> int:
        return _count(f"DELETE FROM {self.table.name} WHERE ctid IN (SELECT place FROM {self.differing} WHERE position IS NULL)")

    def _update(self, pull_id: int) -> int:
        assignments = ", ".join(f"{column} = new.{column}" for column in self.table.written)
        return _count(
            f"""UPDATE {self.table.name} AS old SET {assignments}, pull_id = {pull_id} FROM {self.differing} AS new
                WHERE old.ctid = new.place AND new.position IS NOT NULL"""
        )

    def _insert(self, pull_id: int) -> int:
        columns = ", ".join(self.table.columns)
        inserted = _count(
            f"""INSERT INTO {self.table.name} (connection_id, pull_id, {columns})
                SELECT {self.source.pk}, {pull_id}, {columns} FROM {self.differing} WHERE place IS NULL"""
        )
        if inserted >= MANY:
            execute(f"ANALYZE {self.table.name} (connection_id, {', '.join(self.table.key)})")
        return inserted

    def _keep(self, pull_id: int, rows: str, *parameters: object) -> None:
        execute(
            f"""INSERT INTO campaigns_replaced (pull_id, "table", row) SELECT {pull_id}, '{self.table.name}', to_jsonb(old) FROM {rows}""",
            list(parameters),
        )

    def _days(self) -> set[date]:
        """The days on which differing rows counted or count."""
        now = self.table.counted("new", self.zone)
        was = [f"was_{number}" for number in range(len(now))]
        # A fact that lasts counts between its two days; the days of any other are told apart, of which there are far fewer.
        together = [was, now] if self.table.until else [[day] for day in (*was, *now)]
        selects = (f"SELECT {', '.join(days)} FROM {self.differing} AS new" for days in together)
        return {day for row in execute(" UNION ".join(selects)) for day in self.table.days(row)}


def _csv(lines: bytes) -> bytes:
    """Lines of JSON lists as CSV: texts have their quotes already, and no line has another's end in it."""
    rows = lines[1:-2].replace(b"]\n[", b"\n") + b"\n"
    return _ESCAPED.sub(_unescaped, rows) if b"\\" in rows else rows


def _unescaped(escaped: re.Match[bytes]) -> bytes:
    """CSV has a quote and a backslash behind a backslash, as JSON does, and all else as it is."""
    return escaped[0] if escaped[0] in _ESCAPED_IN_BOTH else msgspec.json.decode(b'"%s"' % escaped[0], type=str).encode()


def _id_of(column: str, ids: Sequence[int]) -> str:
    """SQL of the id whose place a staged row has."""
    return f"('{{{','.join(map(str, ids))}}}'::bigint[])[{column}] AS {column}"


def _make(name: str, query: str) -> None:
    """A temporary table until the end of the transaction, in place of an earlier one of this name."""
    execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    execute(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {query}")


def execute(statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def _count(statement: str) -> int:
    """Run a statement; the number of rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)
