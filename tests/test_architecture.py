"""The house stands: each import contract is broken once on purpose, in a copy, and must be caught by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("config", "reports", "kpis", "campaigns", "accounts", "jobs")

BREACHES = [
    ("Imports go only downwards", "jobs/queue.py", "from accounts import models as _breach"),
    ("Imports go only downwards", "campaigns/sync.py", "from kpis import query as _breach"),
    ("Only accounts.tenancy touches django_tenants", "kpis/query.py", "import django_tenants as _breach"),
    ("Connectors and simulators never import each other", "campaigns/connectors/http.py", "import campaigns.simulators.server as _breach"),
    ("Only the demo starts simulators", "reports/views.py", "import campaigns.simulators.server as _breach"),
    (
        "Connectors, records, measures and definitions import neither Django nor models",
        "kpis/definitions/ads.py",
        "import django as _breach",
    ),
    ("Logic never imports a door", "reports/gather/__init__.py", "import reports.views as _breach"),
]


def lint(folder: Path) -> str:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def copy_of_the_house(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("contract", "file", "breach"), BREACHES)
def test_a_breach_of_the_contract_is_caught(tmp_path: Path, contract: str, file: str, breach: str) -> None:
    house = copy_of_the_house(tmp_path)
    (house / file).write_text(f"{(house / file).read_text()}\n{breach}\n")
    assert f"{contract} BROKEN" in lint(house)


def test_platforms_that_know_one_another_are_caught(tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    (house / "campaigns/connectors/other.py").write_text("import campaigns.connectors.google_ads as _breach\n")
    contracts = (house / "pyproject.toml").read_text()
    one = '"campaigns.connectors.google_ads",'
    (house / "pyproject.toml").write_text(contracts.replace(one, f'{one} "campaigns.connectors.other",'))
    assert "Platform files do not know one another BROKEN" in lint(house)
