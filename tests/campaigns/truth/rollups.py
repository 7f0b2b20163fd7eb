"""What follows from the facts as it lies in the database: byte for byte, every column of every row."""

from __future__ import annotations

from campaigns.streams import execute


def roll_ups() -> dict[str, list[str]]:
    """Every table of figures by name, but for the number of their version."""
    tables = execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'kpis\\_%' ORDER BY 1")
    names = [name for (name,) in tables if name != "kpis_dataversion"]
    return {name: sorted(row for (row,) in execute(f"SELECT kept::text FROM {name} AS kept")) for name in names}
