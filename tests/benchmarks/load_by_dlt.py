"""The other side of the ingest benchmark, in a process of its own: dlt keeps the same rows in step, as its manual says to.

Reads one JSON object and writes one list of `Spent`. Of ours it imports the meter, and the project of dbt: it runs with
the packages of `requirements-comparison.lock`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dlt
import pyarrow as arrow
import pyarrow.json

from tests.benchmarks import dbt_project
from tests.benchmarks.meter import Spent, spent


def main(asked: dict[str, Any]) -> list[Spent]:
    """`asked`: database, backend, folder, form (dicts or arrow), what to sum by dbt, if anything, pulls (a file of JSON lines each),
    and how the rows replace older ones.
    """
    pipeline = dlt.pipeline(
        f"ingest_{asked['form']}",
        destination=dlt.destinations.postgres(_credentials(asked["database"])),
        dataset_name=f"dlt_{asked['form']}",
        pipelines_dir=asked["folder"],
    )
    # What its manual advises for tables of Arrow.
    options = {"loader_file_format": "csv"} if asked["form"] == "arrow" else {}

    sums = _sums(asked)

    def run(rows: Any) -> None:
        pipeline.run(dlt.resource(rows, name="facts", write_disposition="merge", **_hints(asked)), **options)
        sums()

    pulls = [_rows(path, asked["form"]) for path in asked["pulls"]]
    return [spent(partial(run, rows), asked["backend"]) for rows in pulls]


def _sums(asked: dict[str, Any]) -> Callable[[], object]:
    """What is run after each load: dbt, where it is asked for."""
    if not asked["dbt"]:
        return lambda: None
    # Heavy, and not needed for loading alone.
    from tests.benchmarks.sum_by_dbt import Dbt

    folder = Path(asked["dbt"]["folder"])
    dbt_project.write(folder, asked["database"], asked["dbt"]["schema"], asked["dbt"]["models"], asked["dbt"]["variables"])
    return Dbt(folder).run


def _hints(asked: dict[str, Any]) -> dict[str, Any]:
    """Days are replaced whole by a key to merge by; rows that are told to be gone go."""
    if asked["replaces_days"]:
        return {"merge_key": "day"}
    return {"primary_key": asked["primary_key"], "columns": {"gone": {"hard_delete": True}} if asked["gone"] else {}}


def _credentials(database: str) -> str:
    """dlt wants a host and a password; of an embedded server the socket's folder in the query is what counts."""
    address = urlsplit(database)
    return urlunsplit(address if address.hostname else address._replace(netloc=f"{address.username}:none@localhost"))


def _rows(path: str, form: str) -> Any:
    """The rows in memory, as a connector has them, before the clock starts."""
    table = pyarrow.json.read_json(path)
    place = table.schema.get_field_index("day")
    table = table.set_column(place, "day", table["day"].cast(arrow.date32()))
    return table if form == "arrow" else table.to_pylist()


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
