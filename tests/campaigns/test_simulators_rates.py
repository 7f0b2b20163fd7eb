"""The invented euro rates have the shape of the European Central Bank's file and are the same everywhere."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from campaigns.simulators.rates import MIDDLES, euro_rates, rate

UNTIL = date(2026, 11, 20)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_names_currencies_first_and_is_newest_first() -> None:
    text = euro_rates(UNTIL)
    assert text.startswith("Date,USD,JPY,")
    days = [row["Date"] for row in rows(text)]
    assert days[0] == "2026-11-20"
    assert days == sorted(days, reverse=True)
    assert len(days) > 700


def test_only_business_days_are_quoted() -> None:
    days = [date.fromisoformat(row["Date"]) for row in rows(euro_rates(UNTIL))]
    assert all(day.weekday() < 5 for day in days)
    assert not {date(2025, 1, 1), date(2025, 12, 25), date(2026, 5, 1)} & set(days)


def test_currencies_that_ended_are_not_available() -> None:
    assert {row["RUB"] for row in rows(euro_rates(UNTIL))} == {"N/A"}


def test_rates_wander_a_little_from_day_to_day() -> None:
    quoted = rows(euro_rates(UNTIL))
    for code, (middle, digits) in MIDDLES.items():
        values = [Decimal(row[code]) for row in quoted]
        assert all(abs(value / Decimal(middle) - 1) < Decimal("0.03") for value in values)
        assert all(abs(value / other - 1) < Decimal("0.02") for value, other in pairwise(values))
        assert all(value.as_tuple().exponent == Decimal(digits).as_tuple().exponent for value in values)
        assert len(set(values)) > 20


def test_a_days_rate_is_the_same_whatever_days_are_asked_with_it() -> None:
    alone = rows(euro_rates(UNTIL, UNTIL))
    assert alone == rows(euro_rates(UNTIL))[:1]
    assert alone != rows(euro_rates(UNTIL, UNTIL, seed="other"))


def test_a_weekend_has_the_rate_of_its_friday() -> None:
    assert rate("USD", UNTIL + timedelta(days=2)) == rate("USD", UNTIL) == Decimal(rows(euro_rates(UNTIL))[0]["USD"])
