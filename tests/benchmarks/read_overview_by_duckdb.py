"""The other side of the overview benchmark, in a process of its own: DuckDB with the days of all clients in memory, asked again and again.

Reads one JSON object and writes `{"times": [Spent], "rows": …}`. Of ours it imports the meter and the statement.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb

from tests.benchmarks import overview
from tests.benchmarks.meter import spent


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """`asked`: a file of the days, the periods, the server's process and how often to ask."""
    memory = duckdb.connect()
    memory.execute(f"CREATE TABLE client_day AS SELECT * FROM read_csv('{asked['days']}', header = true) ORDER BY day, client")
    statement = overview.statement("client_day", [tuple(each) for each in asked["periods"]])

    def read() -> overview.Figures:
        return overview.figures(memory.execute(statement).fetchall())

    read()
    found = read()
    times = [spent(read, asked["backend"]) for _ in range(asked["repeats"])]
    return {"times": times, "rows": [[*key, *cells] for key, cells in found.items()]}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
