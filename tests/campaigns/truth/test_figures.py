"""The figures of last week, worked out from the ledger in exact fractions, are those that a person is shown, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Client
from campaigns import systems
from campaigns.models import Connection
from campaigns.simulators.rates import euro_rates
from campaigns.simulators.server import Simulator
from kpis import query, recompute
from kpis.periods import Period
from tests.campaigns.truth.companies import COMPANIES, ONE_DAY, TODAY, Company, connect, pull
from tests.campaigns.truth.ledgers import NANO, Truth, half_up
from tests.campaigns.truth.stored import Row

LAST_WEEK = Period(TODAY - 7 * ONE_DAY, TODAY - ONE_DAY)
SLUGS = ("spend", "clicks", "leads", "orders", "revenue", "roas")
# Currency and billionths of parts that are summed before anything is rounded, by whatever tells them apart.
Parts = dict[tuple[object, ...], list[tuple[str, int]]]
Convert = Callable[[Parts], int]


@pytest.fixture
def published(tmp_path: Path) -> dict[date, dict[str, Decimal]]:
    """The rates that were imported, by the day of their publication."""
    text = euro_rates(TODAY, TODAY - 100 * ONE_DAY)
    path = tmp_path / "eurofxref-hist.csv"
    path.write_text(text)
    call_command("import_rates", path, verbosity=0)
    header, *lines = (line.split(",") for line in text.splitlines())
    quoted = {date.fromisoformat(cells[0]): dict(zip(header[1:], cells[1:], strict=True)) for cells in lines}
    return {day: {code: Decimal(cell) for code, cell in cells.items() if cell not in ("", "N/A")} for day, cells in quoted.items()}


class Oracle:
    """Last week of one company, from what its accounts must hold."""

    def __init__(self, client: Client, simulator: Simulator, company: Company, published: dict[date, dict[str, Decimal]]) -> None:
        self.client = client
        self.simulator = simulator
        self.company = company
        self.published = published
        self.currencies: set[str] = set()

    def rows(self, source: str, table: str) -> Iterable[tuple[Connection, date, tuple[object, ...], Row]]:
        """The rows of last week of every account, as the platform knows them today."""
        for account in Connection.objects.filter(source=source).order_by("pk"):
            truth = Truth(self.client, account, self.simulator.ledgers[self.company.business.slug], [TODAY])
            for key, row in truth.told()[table].items():
                day: Any = row.get("day", key[0])
                if LAST_WEEK.since <= day <= LAST_WEEK.until:
                    yield account, day, key, row

    def ads(self, table: str, column: str) -> Fraction:
        """Money by day and campaign. Of conversions only the platform's own total counts."""
        parts: Parts = defaultdict(list)
        for account, day, key, row in self.rows("google_ads", table):
            if table == "AdDay" or key[2] == "":
                parts[day, key[1]].append((account.currency, row[column]))
        return self.money(parts)

    def revenue(self) -> Fraction:
        parts: Parts = defaultdict(list)
        for _account, day, _key, row in self.rows("stripe", "Order"):
            # Where somebody came from, without the click: source, medium and campaign.
            parts[day, row["origin"][2:5]].append((row["currency"], row["amount_nano"]))
        return self.money(parts)

    def money(self, parts: Parts) -> Fraction:
        """In units of the client's currency, at the rates of the parts' days; each sum is kept in billionths."""
        rounded = 0
        for (day, *_rest), amounts in parts.items():
            assert isinstance(day, date)
            rounded += half_up(sum((amount * self.rate(currency, day) for currency, amount in amounts), Fraction(0)))
            self.currencies |= {currency for currency, _ in amounts}
        return Fraction(rounded, NANO)

    def rate(self, currency: str, day: date) -> Fraction:
        """Units of the client's currency for one of another; at weekends Friday's."""
        if currency == self.client.currency:
            return Fraction(1)
        while day not in self.published:
            day -= ONE_DAY
        per_euro = {"EUR": Decimal(1)} | self.published[day]
        return Fraction(per_euro[self.client.currency]) / Fraction(per_euro[currency])

    def figures(self) -> dict[str, Fraction]:
        spend = self.ads("AdDay", "spend_nano")
        return {
            "spend": spend,
            "clicks": Fraction(sum(row["clicks"] for *_, row in self.rows("google_ads", "AdDay"))),
            "leads": Fraction(len(list(self.rows("hubspot", "Lead")))),
            "orders": Fraction(sum(row["kind"] == "order" for *_, row in self.rows("stripe", "Order"))),
            "revenue": self.revenue(),
            "roas": self.ads("AdConversion", "value_nano") / spend,
        }


@pytest.mark.parametrize(
    "company",
    [
        pytest.param(company, id=slug, marks=[] if slug in ("london", "sydney") else [pytest.mark.long])
        for slug, company in COMPANIES.items()
    ],
)
def test_last_week_is_what_the_ledger_says_it_was(
    client: Client, simulator: Simulator, company: Company, published: dict[date, dict[str, Decimal]]
) -> None:
    for source in ("google_ads", "hubspot", "stripe"):
        for account in connect(client, simulator, source, company.business):
            pull(client, account, TODAY)
    recompute.catch_up(client)
    assert systems.in_force() == {"leads": "hubspot", "customers": "stripe", "revenue": "stripe"}
    oracle = Oracle(client, simulator, company, published)
    figures = oracle.figures()
    answer = query.ask(LAST_WEEK)
    shown = answer.total.values(SLUGS, answer.coverage)
    assert {slug: shown[slug].value.exact for slug in SLUGS} == figures
    assert all(figures[slug] for slug in SLUGS if slug != "roas")
    assert len(oracle.currencies) > 1
