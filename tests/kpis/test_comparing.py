"""What a period is compared with, on the calendars of clients who divide time in other ways."""

from __future__ import annotations

from datetime import date

import pytest

from kpis.comparing import Compare, compared, parts
from kpis.periods import Calendar, Grain, Period, buckets

SUNDAYS = Calendar(week_start=7)
FROM_APRIL = Calendar(fiscal_start=4)


def period(text: str) -> Period:
    since, _, until = text.partition(" ")
    return Period(date.fromisoformat(since), date.fromisoformat(until or since))


def text(found: Period | None) -> str:
    return f"{found.since} {found.until}" if found else ""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-11-09 2026-11-15", "2025-11-10 2025-11-16"),  # W46 with W46
        ("2026-11-02 2026-11-29", "2025-11-03 2025-11-30"),
        ("2026-12-28 2027-01-03", "2025-12-29 2026-01-04"),  # W53 with W01 of its own year: 2025 has no W53
        ("2027-01-04 2027-01-10", "2026-01-05 2026-01-11"),  # W01 with W02: Mondays meet Mondays
        ("2026-11-10 2026-11-16", "2025-11-10 2025-11-16"),  # seven days, but no whole week
        ("2026-11-01 2026-11-12", "2025-11-01 2025-11-12"),
        ("2024-02-29 2024-02-29", "2023-02-28 2023-02-28"),
        ("2024-02-15 2024-02-29", "2023-02-15 2023-02-28"),
        ("2025-02-01 2025-02-28", "2024-02-01 2024-02-29"),  # a whole month with a whole month
        ("2024-02-01 2024-02-29", "2023-02-01 2023-02-28"),
        ("2025-01-01 2025-02-28", "2024-01-01 2024-02-29"),
        ("2027-02-01 2027-02-28", "2026-02-01 2026-02-28"),  # four weeks, too, but a month before all
    ],
)
def test_last_year_is_the_same_weeks_months_or_days(asked: str, expected: str) -> None:
    assert text(compared(period(asked), Compare.LAST_YEAR)) == expected


def test_whole_weeks_are_those_of_the_client() -> None:
    sunday_to_saturday = period("2026-11-08 2026-11-14")
    assert text(compared(sunday_to_saturday, Compare.LAST_YEAR, SUNDAYS)) == "2025-11-09 2025-11-15"
    assert text(compared(sunday_to_saturday, Compare.LAST_YEAR)) == "2025-11-08 2025-11-14"


@pytest.mark.parametrize(
    ("calendar", "grain", "asked", "expected"),
    [
        (Calendar(), Grain.WEEK, "2026-11-01 2026-11-09", ["2026-W44", "2026-W45", "2026-W46"]),
        (SUNDAYS, Grain.WEEK, "2026-11-01 2026-11-09", ["2026-11-01", "2026-11-08"]),
        (Calendar(), Grain.QUARTER, "2025-12-31 2026-04-01", ["2025-Q4", "2026-Q1", "2026-Q2"]),
        (Calendar(fiscal_start=2), Grain.QUARTER, "2025-12-31 2026-05-01", ["2025-11-01", "2026-02-01", "2026-05-01"]),
        (Calendar(), Grain.YEAR, "2025-12-31 2026-01-01", ["2025", "2026"]),
        (FROM_APRIL, Grain.YEAR, "2025-12-31 2026-04-01", ["2025-04-01", "2026-04-01"]),
        (FROM_APRIL, Grain.MONTH, "2026-03-31 2026-04-01", ["2026-03", "2026-04"]),
    ],
)
def test_time_is_divided_as_the_client_divides_it(calendar: Calendar, grain: Grain, asked: str, expected: list[str]) -> None:
    found = list(buckets(period(asked), grain, calendar))
    assert [bucket.key for bucket in found] == expected
    assert (found[0].period.since, found[-1].period.until) == (period(asked).since, period(asked).until)
    assert sum(bucket.period.days for bucket in found) == period(asked).days


@pytest.mark.parametrize(
    ("grain", "asked", "expected"),
    [
        (Grain.QUARTER, "2026-04-01 2026-06-30", "2026-01-01 2026-03-31"),
        (Grain.QUARTER, "2026-04-01 2026-05-15", "2026-01-02 2026-02-15"),
        (Grain.YEAR, "2026-04-01 2027-03-31", "2025-04-01 2026-03-31"),
        (Grain.YEAR, "2026-04-01 2026-04-30", "2025-04-01 2025-04-30"),
    ],
)
def test_a_part_is_compared_with_as_many_days_of_the_one_before(grain: Grain, asked: str, expected: str) -> None:
    [part] = parts(period(asked), grain, Compare.PREVIOUS, FROM_APRIL)
    assert text(part.previous) == expected


@pytest.mark.parametrize(
    ("grain", "asked", "expected"),
    [
        (Grain.DAY, "2026-11-09 2026-11-15", ["2025-11-10", "2025-11-11", "2025-11-12"]),  # of whole weeks: Mondays with Mondays
        (Grain.DAY, "2024-02-27 2024-03-01", ["2023-02-27", "2023-02-28", "2023-02-28"]),
        (Grain.WEEK, "2026-11-01 2026-11-30", ["2025-11-02", "2025-11-03", "2025-11-10"]),
        (Grain.MONTH, "2025-02-01 2025-03-10", ["2024-02-01", "2024-03-01"]),
    ],
)
def test_parts_of_last_year_follow_the_whole(grain: Grain, asked: str, expected: list[str]) -> None:
    found = list(parts(period(asked), grain, Compare.LAST_YEAR))
    assert [str(part.previous.since) for part in found if part.previous][: len(expected)] == expected


def test_parts_of_a_period_of_ones_own_meet_in_their_order_and_the_rest_meets_nothing() -> None:
    found = list(parts(period("2026-01-01 2026-03-31"), Grain.MONTH, period("2024-02-01 2024-03-31")))
    assert [(part.key, text(part.previous)) for part in found] == [
        ("2026-01", "2024-02-01 2024-02-29"),
        ("2026-02", "2024-03-01 2024-03-31"),
        ("2026-03", ""),
    ]
