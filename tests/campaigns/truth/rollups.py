"""The roll-ups as they lie in the database: byte for byte, every column of every row."""

from __future__ import annotations

from campaigns.streams import execute
from kpis.roll_ups import ROLL_UPS


def roll_ups() -> dict[str, list[str]]:
    tables = [table for one in ROLL_UPS for table in one.tables]
    return {table: sorted(row for (row,) in execute(f"SELECT kept::text FROM {table} AS kept")) for table in tables}
