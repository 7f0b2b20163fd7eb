"""How rows of a stream replace older ones.

`window`: the answer is complete for its days, so rows that vanished from it go. `keyed`: rows replace those of the same
key and only tombstones delete. `counter`: the same, but a snapshot never replaces a newer one. Either way the new rows are
copied to a temporary table and compared with what is stored, and only differences are written: an unchanged answer
writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from campaigns.connectors.base import Replaces
from campaigns.models import Connection
from campaigns.records import Record
from campaigns.tables import Ids, Table


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

    With `journal`, rows are kept as they were before, so that the pull can be undone.
    """

    def __init__(self, table: Table, source: Connection, zone: str, *, journal: bool = False) -> None:
        self.table = table
        self.source = source
        self.zone = zone
        self.journal = journal
        self.name = f"staged_{table.name}"
        columns = ", ".join(table.columns)
        execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")
        execute(f"CREATE TEMPORARY TABLE {self.name} ON COMMIT DROP AS SELECT 0::bigint AS position, {columns} FROM {table.name} LIMIT 0")

    def copy(self, rows: Iterable[tuple[int, Record]], ids: Ids) -> int:
        """COPY the records in; identical doubles are dropped. Returns the count; raises `Conflict` on contradictory ones."""
        cells = self.table.cells(ids)
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} (position, {', '.join(self.table.columns)}) FROM STDIN") as copy:
            for position, record in rows:
                copy.write_row([position, *cells(record)])
        execute(f"ANALYZE {self.name}")
        return self._drop_doubles()

    def _drop_doubles(self) -> int:
        key, values = ", ".join(self.table.key), ", ".join(self.table.values)
        total, distinct = execute(f"SELECT count(*), count(DISTINCT ({key})) FROM {self.name}")[0]
        if total == distinct:
            return int(total)
        pairs = execute(
            f"""SELECT min(position), max(position), concat_ws(' · ', {key}) FROM {self.name}
                GROUP BY {key} HAVING count(DISTINCT ({values})) > 1 ORDER BY 2 LIMIT 50"""
        )
        if pairs:
            raise Conflict(pairs)
        execute(f"""DELETE FROM {self.name} WHERE ctid NOT IN (SELECT min(ctid) FROM {self.name} GROUP BY {key})""")
        return int(distinct)

    def stored_in(self, window: Window) -> int:
        """How many rows are stored for the window now."""
        where = "connection_id = %s AND day BETWEEN %s AND %s"
        return int(execute(f"SELECT count(*) FROM {self.table.name} WHERE {where}", [self.source.pk, window.since, window.until])[0][0])

    def apply(self, pull_id: int, window: Window | None) -> Change:
        """Write the differences between the staged rows and the stored ones; what vanished from a complete window goes."""
        change = Change()
        if window and window.replaces is Replaces.WINDOW:
            change.deleted = self._note(change, self._delete(pull_id, window))
        change.updated = self._note(change, self._update(pull_id))
        change.inserted = self._note(change, self._insert(pull_id))
        return change

    def remove(self, pull_id: int, external_ids: list[str]) -> Change:
        """Delete the rows with these ids, but for those that the same answer names as living."""
        change = Change()
        change.deleted = self._note(
            change,
            self._deleted(
                pull_id,
                f"old.external_id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM {self.name} AS new WHERE new.external_id = old.external_id)",
                [external_ids],
            ),
        )
        return change

    def _note(self, change: Change, rows: list[tuple[date | None, ...]]) -> int:
        for row in rows:
            change.days.update(self.table.days(row))
        return len(rows)

    def _delete(self, pull_id: int, window: Window) -> list[tuple[date | None, ...]]:
        vanished = f"old.day BETWEEN %s AND %s AND NOT EXISTS (SELECT 1 FROM {self.name} AS new WHERE {self._same_key()})"
        return self._deleted(pull_id, vanished, [window.since, window.until])

    def _deleted(self, pull_id: int, condition: str, parameters: list[Any]) -> list[tuple[date | None, ...]]:
        return self._journalled(
            f"DELETE FROM {self.table.name} AS old WHERE old.connection_id = %s AND {condition}",
            [self.source.pk, *parameters],
            pull_id,
            old="old",
            days=self._counted("old"),
        )

    def _update(self, pull_id: int) -> list[tuple[date | None, ...]]:
        values = self.table.values
        written = (*values, *((self.table.newest,) if self.table.newest else ()))
        assignments = ", ".join(f"{column} = new.{column}" for column in written)
        before, after = (", ".join(f"{side}.{column}" for column in values) for side in ("old", "new"))
        is_newer = f"AND new.{self.table.newest} >= old.{self.table.newest}" if self.table.newest else ""
        # The row as it was is joined once more: a lead that moved to another day changes both days.
        return self._journalled(
            f"""UPDATE {self.table.name} AS old SET {assignments}, pull_id = %s
                FROM {self.name} AS new, {self.table.name} AS was
                WHERE old.connection_id = %s AND {self._same_key()} AND ({before}) IS DISTINCT FROM ({after}) {is_newer}
                    AND was.connection_id = old.connection_id AND {self._same_key("was")}""",
            [pull_id, self.source.pk],
            pull_id,
            old="was",
            days=[*self._counted("was"), *self._counted("new")],
        )

    def _insert(self, pull_id: int) -> list[tuple[date | None, ...]]:
        columns = ", ".join(self.table.columns)
        return execute(
            f"""INSERT INTO {self.table.name} AS old (connection_id, pull_id, {columns})
                SELECT %s, %s, {columns} FROM {self.name} AS new
                WHERE NOT EXISTS (SELECT 1 FROM {self.table.name} AS old WHERE old.connection_id = %s AND {self._same_key()})
                RETURNING {", ".join(self._counted("old"))}""",
            [self.source.pk, pull_id, self.source.pk],
        )

    def _journalled(
        self, statement: str, parameters: list[Any], pull_id: int, *, old: str, days: list[str]
    ) -> list[tuple[date | None, ...]]:
        """Run a statement and return the days it touched; with a journal, its rows as they were are kept by the same statement."""
        if not self.journal:
            return execute(f"{statement} RETURNING {', '.join(days)}", parameters)
        named = ", ".join(f"{day} AS day_{number}" for number, day in enumerate(days))
        return execute(
            f"""WITH touched AS ({statement} RETURNING to_jsonb({old}) AS was, {named}), kept AS (
                INSERT INTO campaigns_replaced (pull_id, "table", row) SELECT %s, %s, was FROM touched)
                SELECT {", ".join(f"day_{number}" for number in range(len(days)))} FROM touched""",
            [*parameters, pull_id, self.table.name],
        )

    def _counted(self, side: str) -> list[str]:
        return self.table.counted(side, self.zone)

    def _same_key(self, old: str = "old") -> str:
        return " AND ".join(f"{old}.{column} = new.{column}" for column in self.table.key)


def execute(statement: str, parameters: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
