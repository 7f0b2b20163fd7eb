"""The other side of the dashboard benchmark, in a process of its own: DuckDB with a copy of our sums in memory, asked again and again.

Reads one JSON object and writes `{"times": [Spent], "figures": …}`. Of ours it imports the meter and the statements.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

from tests.benchmarks import dashboard
from tests.benchmarks.meter import spent


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """`asked`: database, schema, backend, a folder to copy through, and how often to ask."""
    memory = duckdb.connect()
    with psycopg2.connect(asked["database"]) as session, session.cursor() as cursor:
        for table in dashboard.KEPT.values():
            path = Path(asked["folder"]) / f"{table}.csv"
            with path.open("wb") as file:
                cursor.copy_expert(f"COPY {asked['schema']}.{table} TO STDOUT WITH CSV HEADER", file)
            memory.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{path}', header = true) ORDER BY day")
    statements = dashboard.statements(dashboard.KEPT)
    read = partial(dashboard.answers, statements, lambda statement: memory.execute(statement).fetchall())
    figures = read()
    read()
    return {"times": [spent(read, asked["backend"]) for _ in range(asked["repeats"])], "figures": figures}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
