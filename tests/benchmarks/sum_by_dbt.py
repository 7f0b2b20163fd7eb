"""The other side of the recompute benchmark, in a process of its own: dbt, warm, sums the same facts.

Reads one JSON object and writes `{"full": [Spent], "changed": {selection: [Spent]}}`. Of ours it imports the meter and the project.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from tests.benchmarks import dbt_project
from tests.benchmarks.meter import spent


class Dbt:
    """A project that was read already, as a service would keep it."""

    def __init__(self, folder: Path) -> None:
        self.options = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--quiet", "--log-level-file", "none"]
        self.runner = dbtRunner(manifest=dbtRunner().invoke(["parse", *self.options]).result)

    def run(self, *options: str) -> None:
        done = self.runner.invoke(["run", *self.options, *options])
        if not done.success:
            raise RuntimeError(done.exception or [each.message for each in done.result])


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """`asked`: database, backend, folder, schema and models, variables, repeats, and the selections of models to run after a change."""
    folder = Path(asked["folder"])
    dbt_project.write(folder, asked["database"], asked["schema"], asked["models"], asked["variables"])
    dbt = Dbt(folder)
    repeats, backend = asked["repeats"], asked["backend"]
    dbt.run("--full-refresh")
    full = [spent(partial(dbt.run, "--full-refresh"), backend) for _ in range(repeats["full"])]
    dbt.run()
    changed = {
        name: [spent(partial(dbt.run, "--select", *models), backend) for _ in range(repeats["changed"])]
        for name, models in asked["selections"].items()
    }
    return {"full": full, "changed": changed}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
