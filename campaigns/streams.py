"""How rows of a stream replace older ones.

`window`: the answer is complete for its days, so rows that vanished from it go. `keyed`: rows replace those of the same
key and nothing is deleted. Either way the new rows are copied to a temporary table and compared with what is stored, and
only differences are written: an unchanged answer writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, models

from campaigns.models import AdConversion, AdDay, Connection, Lead, Order
from campaigns.records import AdConversion as AdConversionRecord
from campaigns.records import AdDay as AdDayRecord
from campaigns.records import Lead as LeadRecord
from campaigns.records import Order as OrderRecord
from campaigns.records import Record

# Turns the campaign a record names into the id its table refers to.
CampaignId = Callable[[str], int | None]


@dataclass(frozen=True)
class Table:
    """Where records of one kind are stored. `key` columns identify a row within its connection."""

    model: type[models.Model]
    record: type[Record]
    family: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    # Columns whose name in the record differs.
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.values)

    def row(self, record: Record, campaign_id: CampaignId) -> list[Any]:
        """The record's cells in the order of `columns`."""
        cells = []
        for column in self.columns:
            value = getattr(record, self.renamed.get(column, column))
            cells.append(campaign_id(value) if column == "campaign_id" else value)
        return cells


_LEAD_VALUES = (
    "created_at", "day", "channel", "campaign_id", "landing_page", "score", "mql_at", "sql_at", "won_at", "lost_at",
    "customer_ref", "value_nano", "email_hash",
)  # fmt: skip
_ORDER_VALUES = (
    "kind", "ordered_at", "day", "amount_nano", "tax_nano", "shipping_nano", "margin_nano", "customer_ref", "refund_of",
    "product", "channel", "campaign_id",
)  # fmt: skip
TABLES: tuple[Table, ...] = (
    Table(AdDay, AdDayRecord, "ads", ("day", "campaign_id"), ("impressions", "clicks", "all_clicks", "spend_nano")),
    Table(AdConversion, AdConversionRecord, "ads", ("day", "campaign_id", "action"), ("conversions_millionths", "value_nano")),
    Table(
        Lead, LeadRecord, "leads", ("external_id",), _LEAD_VALUES,
        {"external_id": "lead_id", "campaign_id": "campaign", "customer_ref": "customer_id"},
    ),
    Table(
        Order, OrderRecord, "orders", ("external_id",), _ORDER_VALUES,
        {"external_id": "order_id", "campaign_id": "campaign", "customer_ref": "customer_id"},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """What an answer is complete for: the facts of one family on the days `since` to `until`, both included."""

    family: str
    since: date
    until: date


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
    """New rows of one table in a temporary table, inside the caller's transaction."""

    def __init__(self, table: Table, source: Connection) -> None:
        self.table = table
        self.source = source
        self.name = f"staged_{table.name}"
        columns = ", ".join(table.columns)
        self._execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")
        self._execute(
            f"CREATE TEMPORARY TABLE {self.name} ON COMMIT DROP AS SELECT 0::bigint AS position, {columns} FROM {table.name} LIMIT 0"
        )

    def copy(self, rows: Iterable[tuple[int, Record]], campaign_id: CampaignId) -> int:
        """COPY the records in; identical doubles are dropped. Returns the count; raises `Conflict` on contradictory ones."""
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} (position, {', '.join(self.table.columns)}) FROM STDIN") as copy:
            for position, record in rows:
                copy.write_row([position, *self.table.row(record, campaign_id)])
        self._execute(f"ANALYZE {self.name}")
        return self._drop_doubles()

    def _drop_doubles(self) -> int:
        key, values = ", ".join(self.table.key), ", ".join(self.table.values)
        total, distinct = self._execute(f"SELECT count(*), count(DISTINCT ({key})) FROM {self.name}")[0]
        if total == distinct:
            return int(total)
        pairs = self._execute(
            f"""SELECT min(position), max(position), concat_ws(' · ', {key}) FROM {self.name}
                GROUP BY {key} HAVING count(DISTINCT ({values})) > 1 ORDER BY 2 LIMIT 50"""
        )
        if pairs:
            raise Conflict(pairs)
        self._execute(f"""DELETE FROM {self.name} WHERE ctid NOT IN (SELECT min(ctid) FROM {self.name} GROUP BY {key})""")
        return int(distinct)

    def stored_in(self, window: Window) -> int:
        """How many rows are stored for the window now."""
        where = "connection_id = %s AND day BETWEEN %s AND %s"
        return int(
            self._execute(f"SELECT count(*) FROM {self.table.name} WHERE {where}", [self.source.pk, window.since, window.until])[0][0]
        )

    def apply(self, pull_id: int, window: Window | None) -> Change:
        """Write the differences between the staged rows and the stored ones; with a window, delete what vanished from it."""
        change = Change()
        if window:
            change.deleted = self._note(change, self._delete(window))
        change.updated = self._note(change, self._update(pull_id))
        change.inserted = self._note(change, self._insert(pull_id))
        return change

    def _note(self, change: Change, days: list[tuple[date, ...]]) -> int:
        for row in days:
            change.days.update(row)
        return len(days)

    def _delete(self, window: Window) -> list[tuple[date, ...]]:
        return self._execute(
            f"""DELETE FROM {self.table.name} AS old WHERE connection_id = %s AND day BETWEEN %s AND %s
                AND NOT EXISTS (SELECT 1 FROM {self.name} AS new WHERE {self._same_key()}) RETURNING old.day""",
            [self.source.pk, window.since, window.until],
        )

    def _update(self, pull_id: int) -> list[tuple[date, ...]]:
        values = self.table.values
        assignments = ", ".join(f"{column} = new.{column}" for column in values)
        before, after = (", ".join(f"{side}.{column}" for column in values) for side in ("old", "new"))
        # The row as it was is joined once more: a lead that moved to another day changes both days.
        return self._execute(
            f"""UPDATE {self.table.name} AS old SET {assignments}, pull_id = %s
                FROM {self.name} AS new, {self.table.name} AS was
                WHERE old.connection_id = %s AND {self._same_key()} AND ({before}) IS DISTINCT FROM ({after})
                    AND was.connection_id = old.connection_id AND {self._same_key("was")}
                RETURNING was.day, new.day""",
            [pull_id, self.source.pk],
        )

    def _insert(self, pull_id: int) -> list[tuple[date, ...]]:
        columns = ", ".join(self.table.columns)
        return self._execute(
            f"""INSERT INTO {self.table.name} (connection_id, pull_id, {columns})
                SELECT %s, %s, {columns} FROM {self.name} AS new
                WHERE NOT EXISTS (SELECT 1 FROM {self.table.name} AS old WHERE old.connection_id = %s AND {self._same_key()})
                RETURNING day""",
            [self.source.pk, pull_id, self.source.pk],
        )

    def _same_key(self, old: str = "old") -> str:
        return " AND ".join(f"{old}.{column} = new.{column}" for column in self.table.key)

    def _execute(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
