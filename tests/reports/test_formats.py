from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accounts import moments
from kpis.definitions import Unit
from reports import formats

NARROW, FIXED = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
D = Decimal


def test_large_amounts_leave_out_the_cents_and_small_ones_keep_them() -> None:
    assert formats.money(D("82663.49"), "EUR", "en") == "€82,663"
    assert formats.money(D("1.2"), "EUR", "en") == "€1.20"
    assert formats.money(D("999.994"), "EUR", "en") == "€999.99"
    assert formats.money(D("999.995"), "EUR", "en") == "€1,000"


def test_french_amounts_have_a_narrow_gap_for_thousands_and_a_fixed_one_before_the_currency() -> None:
    assert formats.money(D(82663), "EUR", "fr") == f"82{NARROW}663{FIXED}€"
    assert formats.money(D("25.79"), "CHF", "fr") == f"25,79{FIXED}CHF"


def test_a_currency_written_in_letters_is_set_off_from_its_figure() -> None:
    assert formats.money(D(1500), "CHF", "en") == f"CHF{FIXED}1,500"


def test_a_currency_without_cents_shows_none() -> None:
    assert formats.money(D("12.4"), "JPY", "en") == "¥12"


@pytest.mark.parametrize(
    ("unit", "english", "french"),
    [
        (Unit.HOURS, f"12.5{FIXED}h", f"12,5{FIXED}h"),
        (Unit.DAYS, f"12.5{FIXED}days", f"12,5{FIXED}j"),
        (Unit.MONTHS, f"12.5{FIXED}months", f"12,5{FIXED}mois"),
    ],
)
def test_spans_of_time_say_in_what_they_are(unit: Unit, english: str, french: str) -> None:
    assert formats.figure(D("12.45"), unit, "EUR", "en") == english
    assert formats.figure(D("12.45"), unit, "EUR", "fr") == french


def test_negative_amounts_carry_a_minus_sign_and_nothing_is_minus_zero() -> None:
    assert formats.money(D(-5), "EUR", "en") == "−€5.00"
    assert formats.money(D("-0.001"), "EUR", "en") == "€0.00"


@pytest.mark.parametrize(("value", "shown"), [("15.25", "15.3"), ("15.35", "15.4"), ("-15.25", "-15.3")])
def test_a_half_is_rounded_away_from_zero(value: str, shown: str) -> None:
    assert formats.rounded(D(value), 1) == D(shown)


def test_fractions_are_shown_as_percent() -> None:
    assert formats.fraction(D("0.4125"), "en") == "41.3%"
    assert formats.fraction(D("0.4125"), "fr") == f"41,3{NARROW}%"


def test_a_very_small_fraction_is_not_shown_as_zero() -> None:
    assert formats.fraction(D("0.00018"), "en") == "0.02%"


def test_multiples_are_marked_in_english_and_bare_in_french() -> None:
    assert formats.multiple(D("4.305"), "en") == "4.31x"
    assert formats.multiple(D("4.305"), "fr") == "4,31"


@pytest.mark.parametrize("unit", list(Unit))
def test_what_is_unknown_is_a_dash_never_zero(unit: Unit) -> None:
    assert formats.figure(None, unit, "EUR", "fr") == "–"


def test_changes_carry_their_sign() -> None:
    assert formats.change(D(106), D(100), Unit.COUNT, "en") == "+6.0%"
    assert formats.change(D(94), D(100), Unit.MONEY, "fr") == f"−6,0{NARROW}%"


def test_a_rate_changes_by_points() -> None:
    assert formats.change(D("0.412"), D("0.386"), Unit.FRACTION, "en") == f"+2.6{FIXED}pt"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_change_too_small_to_show_is_called_stable(language: str) -> None:
    assert formats.change(D("100.04"), D(100), Unit.COUNT, language) == "stable"
    assert formats.change(D("100.05"), D(100), Unit.COUNT, language) != "stable"


@pytest.mark.parametrize(("value", "previous"), [(None, D(1)), (D(1), None), (D(1), D(0)), (D(1), D(-3))])
def test_without_a_base_there_is_no_change_to_show(value: Decimal | None, previous: Decimal | None) -> None:
    assert formats.change(value, previous, Unit.MONEY, "en") == "–"


def test_dates_are_written_out() -> None:
    assert moments.day(date(2026, 11, 16), "en") == "16 November 2026"
    assert moments.day(date(2026, 11, 16), "fr") == "16 novembre 2026"
    assert moments.day(date(2026, 11, 1), "fr") == "1er novembre 2026"


def test_weeks_name_month_and_year_once_where_they_are_the_same() -> None:
    assert formats.week(date(2026, 11, 9), date(2026, 11, 15), "en") == "Week 46 · 9–15 November 2026"
    assert formats.week(date(2026, 11, 9), date(2026, 11, 15), "fr") == "Semaine 46 · du 9 au 15 novembre 2026"
    assert formats.days(date(2026, 9, 28), date(2026, 10, 4), "en") == "28 September – 4 October 2026"
    assert formats.days(date(2026, 12, 28), date(2027, 1, 3), "fr") == "du 28 décembre 2026 au 3 janvier 2027"


def test_days_in_a_row_are_listed_as_one_span() -> None:
    days = [date(2026, 11, 12), date(2026, 11, 11), date(2026, 11, 15)]
    assert formats.listed_days(days, "en") == "11–12 November 2026, 15 November 2026"


def test_an_instant_is_shown_in_the_clients_zone_and_names_it() -> None:
    instant = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert moments.instant(instant, ZoneInfo("Europe/Paris"), "fr") == "16 novembre 2026 à 00:30 (Europe/Paris)"


def test_an_axis_speaks_on_one_scale() -> None:
    ticks = [D(0), D(25_000), D(50_000)]
    assert formats.axis_labels(ticks, Unit.MONEY, "EUR", "fr") == (f"0{FIXED}€", f"25{FIXED}k€", f"50{FIXED}k€")
    assert formats.axis_labels(ticks, Unit.MONEY, "EUR", "en") == ("€0", "€25k", "€50k")
    assert formats.axis_labels([D(0), D(500), D(1000)], Unit.COUNT, "EUR", "en") == ("0", "500", "1,000")


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
    assert formats.run_state(state, deliveries, "en") == words
