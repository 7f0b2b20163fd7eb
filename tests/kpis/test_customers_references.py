"""Two public sets of customers, through the product's own doors: retention, repeat revenue, cohorts and lifetimes to the last digit."""

from __future__ import annotations

import csv
import io
import json
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.audit import OPERATOR
from accounts.models import Client
from campaigns.records import nano
from kpis import choices, query, recompute
from kpis.customers import cohorts
from kpis.definitions import DEFINITIONS, Reason
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
    measures = [measure for slug in slugs for measure in DEFINITIONS[slug].measures]
    return {measure.slug: Fraction(answer.total.sums.get(measure.slug).total, measure.scale) for measure in measures}


def values(period: Period, *slugs: str) -> dict[str, Fraction | None]:
    answer = query.ask(period, slugs=slugs)
    return {slug: compared.value.exact for slug, compared in answer.total.values(slugs, answer.coverage).items()}


def rounded(value: Fraction | None, decimals: int = 10) -> float:
    assert value is not None
    return float(round(value, decimals))


def choose(client: Client, name: str, value: object) -> None:
    choices.choose(client, name, value, None, OPERATOR)
    recompute.catch_up(client)


@pytest.fixture
def dollars(lumen: Client) -> Client:
    Client.objects.filter(pk=lumen.pk).update(currency="USD")
    lumen.refresh_from_db()
    return lumen


@pytest.fixture
def shop(dollars: Client, shared: Path, tmp_path: Path) -> Client:
    with (shared / "data/cdnow/cdnow_sample.csv").open(newline="") as file:
        rows = [
            {"order_id": number, "customer_id": row["sample_id"], "ordered_at": row["date"], "amount": row["amount"]}
            for number, row in enumerate(csv.DictReader(file))
        ]
    import_rows("orders", tmp_path / "orders.csv", rows)
    recompute.catch_up(dollars)
    return dollars


REPEATS = {
    "before_period": "repeat_revenue_existing",
    "non_first": "repeat_revenue_nonfirst_order",
    "lifetime": "repeat_revenue_lifetime2plus",
}


def test_a_music_shop_of_which_every_order_is_known(shop: Client, references: References) -> None:
    expected = references["cdnow"]["sample"]
    choose(shop, "retention_mode", "overlap")
    for told in expected["by_month"]:
        period = month(told["month"])
        found = sums(period, "new_customers", "arpa", "repeat_revenue", "retention_rate")
        assert (found["new_customers"], found["customers"]) == (told["new_customers"], told["active_customers"])
        assert float(found["known_revenue"]) == told["revenue"]
        assert rounded(values(period, "arpa")["arpa"]) == told["arpa"]
        if "S" in told:
            assert (found["customers_at_start"], found["customers_at_end"], found["new_customers"]) == (told["S"], told["E"], told["N"])
            textbook = (found["customers_at_end"] - found["new_customers"]) / found["customers_at_start"]
            assert rounded(textbook) == told["crr_textbook"]
            kept = found["customers_at_end"] - found["new_at_end"]
            assert (kept, found["new_at_end"] - found["new_customers"]) == (told["retained_overlap"], told["reactivated"])
            rates = values(period, "retention_rate", "churn_rate")
            assert [rounded(rate) for rate in rates.values()] == [told["retention_overlap"], told["churn_overlap"]]
    for choice, name in REPEATS.items():
        choose(shop, "repeat_revenue", choice)
        for told in expected["by_month"]:
            assert float(sums(month(told["month"]), "repeat_revenue")["repeat_revenue"]) == told[name], (choice, told["month"])
    choose(shop, "repeat_revenue", "before_period")
    for told in expected["by_month"]:
        assert rounded(values(month(told["month"]), "repeat_revenue_share")["repeat_revenue_share"]) == told["repeat_share_existing"]
    _check_cohorts(expected)


def _check_cohorts(expected: References) -> None:
    since, until = date(1997, 1, 1), date(1998, 6, 30)
    active, money = (cohorts.table(shown, since, until) for shown in (cohorts.Shown.ACTIVE, cohorts.Shown.REVENUE))
    assert [f"{cohort.month:%Y-%m}" for cohort in active] == list(expected["cohort_active"])
    for shares, spent in zip(active, money, strict=True):
        key = f"{shares.month:%Y-%m}"
        counts = expected["cohort_active"][key]
        seen = [cell.exact * shares.size for cell in shares.cells if cell.exact is not None]
        assert (shares.size, seen) == (counts[0], counts)
        assert [cell.reason for cell in shares.cells[len(counts) :]] == [Reason.NOT_YET_OBSERVED] * (len(shares.cells) - len(counts))
        so_far = accumulate(Fraction(str(amount)) for amount in expected["cohort_revenue"][key])
        assert [cell.exact and cell.exact * spent.size for cell in spent.cells][: len(counts)] == list(so_far)


def test_a_telephone_company_that_sells_by_contract(dollars: Client, shared: Path, tmp_path: Path, references: References) -> None:
    """The set has no days: everybody is given a start by their tenure, and those who left a last day in December."""
    last = date(2025, 12, 31)
    with (shared / "data/telco_churn_fictional/telco.csv").open(newline="") as file:
        told = {f"C{number}": row for number, row in enumerate(csv.DictReader(file))}
    starts = {who: last - timedelta(days=40 + 31 * int(row["tenure"])) for who, row in told.items()}
    customers = [{"customer_id": who, "acquired_at": starts[who], "campaign": row["Contract"]} for who, row in told.items()]
    contracts = [
        {"subscription_id": who, "customer_id": who, "started_at": starts[who], "ended_at": last if row["Churn"] == "Yes" else "",
         "mrr": row["MonthlyCharges"]}
        for who, row in told.items()
    ]  # fmt: skip
    bills = [{"order_id": who, "customer_id": who, "ordered_at": last, "amount": row["MonthlyCharges"]} for who, row in told.items()]
    for kind, rows in (("customers", customers), ("subscriptions", contracts), ("orders", bills)):
        import_rows(kind, tmp_path / f"{kind}.csv", rows)
    recompute.catch_up(dollars)
    expected = references["telco_churn_fictional"]
    period = month("2025-12")
    slugs = ("retention_rate", "churn_rate", "revenue_churn_rate", "arpa", "clv", "grr", "nrr")
    answer = query.ask(period, query.By.CAMPAIGN, slugs=slugs)
    for key, sliced in {"": answer.total, **{group.key: group for group in answer.groups}}.items():
        known = expected["by_contract"][key] if key else expected["total"]
        found = {slug: compared.value.exact for slug, compared in sliced.values(slugs, answer.coverage).items()}
        assert sliced.sums.get("customers_at_start").total == known["customers"]
        assert sliced.sums.get("customers_at_end").total == known["customers"] - known["churned"]
        assert sliced.sums.get("mrr_at_start").total == nano(Decimal(str(known["mrr"])))
        assert sliced.sums.get("mrr_lost").total == nano(Decimal(str(known["churned_mrr"])))
        assert (rounded(found["retention_rate"]), rounded(found["churn_rate"])) == (known["retention"], known["churn_rate"])
        assert (rounded(found["revenue_churn_rate"]), rounded(found["arpa"])) == (known["revenue_churn"], known["arpa"])
        assert found["grr"] == found["nrr"] == 1 - (found["revenue_churn_rate"] or 0)
    assert {group.key for group in answer.groups} == set(expected["by_contract"])
    found = values(period, "clv", "arpa", "churn_rate")
    assert found["clv"] == Fraction(str(expected["total"]["mrr"])) / expected["total"]["churned"]
    # The reference divides two numbers that were rounded before.
    assert round(rounded(found["arpa"]) / rounded(found["churn_rate"]), 10) == expected["clv"]["clv_arpa_over_churn"]
    choose(dollars, "lifetime_months", 12)
    assert values(period, "clv")["clv"] == (values(period, "arpa")["arpa"] or 0) * 12
