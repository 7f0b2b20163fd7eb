"""The roll-ups as they lie in the database: byte for byte, every column of every row."""

from __future__ import annotations

from campaigns.streams import execute
from kpis.recompute import ROLL_UPS


def roll_ups() -> dict[str, list[str]]:
    return {one.table: sorted(row for (row,) in execute(f"SELECT kept::text FROM {one.table} AS kept")) for one in ROLL_UPS}
