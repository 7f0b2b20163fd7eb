"""Two public sets of customers, through the product's own doors: retention, repeat revenue, cohorts and lifetimes to the last digit."""

from __future__ import annotations

import csv
import io
import json
from calendar import monthrange
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Client
from kpis import query, recompute
from kpis.definitions import DEFINITIONS
from kpis.periods import Period

References = dict[str, Any]


@pytest.fixture
def references(shared: Path) -> References:
    known: References = json.loads((shared / "data/references.json").read_text())
    return known


def import_rows(kind: str, path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    call_command("import_file", "lumen", kind, str(path), stdout=io.StringIO())


def month(key: str) -> Period:
    year, number = (int(part) for part in key.split("-"))
    return Period(date(year, number, 1), date(year, number, monthrange(year, number)[1]))


def sums(period: Period, *slugs: str) -> dict[str, Fraction]:
    """What the measures of these KPIs add up to, in units."""
    answer = query.ask(period, slugs=slugs)
    scales = {measure.slug: measure.scale for slug in slugs for measure in DEFINITIONS[slug].measures}
    return {slug: Fraction(answer.total.sums.get(slug).total, scale) for slug, scale in scales.items()}


def values(period: Period, *slugs: str) -> dict[str, Fraction | None]:
    answer = query.ask(period, slugs=slugs)
    return {slug: compared.value.exact for slug, compared in answer.total.values(slugs, answer.coverage).items()}


def rounded(value: Fraction | None, reference: float) -> float:
    """To the digits that a reference is given with."""
    assert value is not None
    decimals = len(repr(reference).partition(".")[2])
    return float(round(value, decimals))


def test_a_music_shop(lumen: Client, shared: Path, tmp_path: Path, references: References) -> None:
    type(lumen).objects.filter(pk=lumen.pk).update(currency="USD")
    lumen.refresh_from_db()
    with (shared / "data/cdnow/cdnow_sample.csv").open(newline="") as file:
        rows = [
            {"order_id": number, "customer_id": row["sample_id"], "ordered_at": row["date"], "amount": row["amount"], "currency": "USD"}
            for number, row in enumerate(csv.DictReader(file))
        ]
    import_rows("orders", tmp_path / "orders.csv", rows)
    recompute.catch_up(lumen)
    expected = references["cdnow"]["sample"]
    for told in expected["by_month"]:
        found = sums(month(told["month"]), "new_customers", "customers", "arpa", "repeat_revenue", "aov")
        assert (found["new_customers"], found["customers"]) == (told["new_customers"], told["active_customers"]), told["month"]
        assert float(found["known_revenue"]) == told["revenue"]
        assert float(found["repeat_revenue"]) == told["repeat_revenue_existing"]
        assert rounded(found["known_revenue"] / found["customers"], told["arpa"]) == told["arpa"]
