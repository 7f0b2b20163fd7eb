"""What we are measured against runs in processes of its own, with the packages of `requirements-comparison.lock`.

They take part where they lie in `var/comparison`:
`pip install --require-hashes --target var/comparison -r requirements-comparison.lock`
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.meter import Spent

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "var" / "comparison"


def is_installed() -> bool:
    """Says so where it is not."""
    if not PACKAGES.is_dir():
        print(f"  the packages to compare with are not in {PACKAGES}; how they come there is said at the top of {Path(__file__).name}")
    return PACKAGES.is_dir()


def run(module: str, asked: dict[str, Any], folder: Path, *, packages: Path = PACKAGES, environment: dict[str, str] | None = None) -> Any:
    """What a module of this folder prints last, as JSON, having read `asked`; `folder` is all it may write to."""
    paths = os.pathsep.join(map(str, (packages, ROOT)))
    environment = (environment or {}) | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": paths,
        "HOME": str(folder),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    command = [sys.executable, "-m", f"tests.benchmarks.{module}"]
    result = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert result.returncode == 0, f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return json.loads(result.stdout.splitlines()[-1])


def times(found: list[list[float]]) -> list[Spent]:
    return [Spent(*each) for each in found]


def best(measured: list[Spent]) -> Spent:
    return Spent(min(each.clock for each in measured), min(each.busy for each in measured))


def ratio(theirs: list[Spent], ours: list[Spent]) -> str:
    """How many times ours it is, on the clock and on the processors of client and server."""
    one, other = best(theirs), best(ours)
    return f"{one.clock / other.clock:.1f} × on the clock" + (f", {one.busy / other.busy:.1f} × on processors" if other.busy else "")
