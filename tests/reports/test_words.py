"""Days, weeks and the states of reports in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from accounts import moments
from reports import dates
from reports.periods_named import Named, bucket, form
from reports.presentation.words import run_state


def test_dates_are_written_out() -> None:
    assert moments.day(date(2026, 11, 16), "en") == "16 November 2026"
    assert moments.day(date(2026, 11, 16), "fr") == "16 novembre 2026"
    assert moments.day(date(2026, 11, 1), "fr") == "1er novembre 2026"


def test_weeks_name_month_and_year_once_where_they_are_the_same() -> None:
    assert dates.week(date(2026, 11, 9), date(2026, 11, 15), "en") == "Week 46 · 9–15 November 2026"
    assert dates.week(date(2026, 11, 9), date(2026, 11, 15), "fr") == "Semaine 46 · du 9 au 15 novembre 2026"
    assert dates.days(date(2026, 9, 28), date(2026, 10, 4), "en") == "28 September – 4 October 2026"
    assert dates.days(date(2026, 12, 28), date(2027, 1, 3), "fr") == "du 28 décembre 2026 au 3 janvier 2027"


@pytest.mark.parametrize(
    ("key", "days", "english", "french"),
    [
        ("2026-W46", ("2026-11-09", "2026-11-15"), "Week 46 · 9–15 November 2026", "par rapport à la semaine 46"),
        ("2026-W45-W46", ("2026-11-02", "2026-11-15"), "Weeks 45–46 · 2–15 November 2026", "par rapport aux semaines 45 et 46"),
        (
            "2026-W53-W01",
            ("2026-12-28", "2027-01-10"),
            "Weeks 53–1 · 28 December 2026 – 10 January 2027",
            "par rapport aux semaines 53 et 1",
        ),
        ("2026-11", ("2026-11-01", "2026-11-30"), "November 2026", "par rapport à novembre 2026"),
        ("2026-Q4", ("2026-10-01", "2026-12-31"), "Q4 2026 · 1 October – 31 December 2026", "par rapport au T4 2026"),
    ],
)
def test_a_period_of_every_cadence_has_a_name(key: str, days: tuple[str, str], english: str, french: str) -> None:
    since, until = (date.fromisoformat(day) for day in days)
    with override("en"):
        assert Named(form(key), since, until, "en").heading == english
    with override("fr"):
        assert Named(form(key), since, until, "fr").compared == french


def test_a_tick_of_an_axis_is_a_week_or_a_month() -> None:
    assert [bucket("2026-W46", "fr"), bucket("2026-11", "en")] == ["S46", "Nov 26"]


def test_days_in_a_row_are_listed_as_one_span() -> None:
    days = [date(2026, 11, 12), date(2026, 11, 11), date(2026, 11, 15)]
    assert dates.listed_days(days, "en") == "11–12 November 2026, 15 November 2026"


def test_an_instant_is_shown_in_the_clients_zone_and_names_it() -> None:
    instant = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert moments.instant(instant, ZoneInfo("Europe/Paris"), "fr") == "16 novembre 2026 à 00:30 (Europe/Paris)"


@pytest.mark.parametrize(
    ("state", "deliveries", "words"),
    [
        ("due", [], "In preparation"),
        ("failed", [], "Failed"),
        ("ready", [], "Ready"),
        ("ready", ["sent", "suppressed"], "Sent"),
        ("ready", ["sent", "queued"], "Being sent"),
        ("ready", ["sent", "unknown"], "1 delivery to check"),
    ],
)
def test_what_became_of_a_report_is_said_in_words(state: str, deliveries: list[str], words: str) -> None:
    with override("en"):
        assert run_state(state, deliveries) == words
