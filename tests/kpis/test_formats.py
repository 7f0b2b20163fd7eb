from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from kpis import formats
from kpis.definitions import Unit

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


def test_an_axis_speaks_on_one_scale() -> None:
    ticks = [D(0), D(25_000), D(50_000)]
    assert formats.axis_labels(ticks, Unit.MONEY, "EUR", "fr") == (f"0{FIXED}€", f"25{FIXED}k€", f"50{FIXED}k€")
    assert formats.axis_labels(ticks, Unit.MONEY, "EUR", "en") == ("€0", "€25k", "€50k")
    assert formats.axis_labels([D(0), D(500), D(1000)], Unit.COUNT, "EUR", "en") == ("0", "500", "1,000")


def test_an_axis_of_rates_says_percent() -> None:
    ticks = (Decimal(0), Decimal("0.025"), Decimal("0.05"))
    assert formats.axis_labels(ticks, Unit.FRACTION, "EUR", "en") == ("0%", "2.5%", "5%")
    assert formats.axis_labels(ticks, Unit.FRACTION, "EUR", "fr") == ("0\xa0%", "2,5\xa0%", "5\xa0%")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("currency", ["EUR", "CHF", "USD", "GBP", "JPY", "KWD", "MAD"])
def test_numbers_are_written_as_the_unicode_consortium_says(language: str, currency: str) -> None:
    random = Random(f"{language} {currency}")
    decimals = get_currency_precision(currency)
    for _ in range(200):
        value = D(random.randrange(10 ** random.randrange(1, 14))).scaleb(-3)
        shown = formats.rounded(value, 0 if value >= 1000 else decimals)
        plain = f"#,##0{'.' + '0' * decimals if decimals and value < 1000 else ''}"
        if formats.is_whole(value) == (value >= 1000):
            digits = format_decimal(shown, format=plain, locale=language)
            assert digits in formats.money(value, currency, language)
        count, multiple = (
            format_decimal(formats.rounded(value, places), format=pattern, locale=language)
            for places, pattern in ((0, "#,##0"), (2, "#,##0.00"))
        )
        assert formats.count(value, language) == count
        assert formats.multiple(value, language).rstrip("x") == multiple
        share = format_percent(formats.rounded(value, 3), format="#,##0.0%", locale=language).rstrip("%")
        assert formats.fraction(value, language, 1).rstrip("%").rstrip(NARROW) == share


def by_babel(value: Decimal, pattern: str, language: str) -> str:
    return str(format_decimal(value, format=pattern, locale=language))


@given(
    st.decimals(min_value=0, max_value=10**15, places=4),
    st.sampled_from(["en", "fr"]),
    st.sampled_from(["EUR", "USD", "JPY", "CHF", "XAF"]),
)
def test_figures_are_written_as_babel_writes_them(value: Decimal, language: str, currency: str) -> None:
    gap = NARROW if language == "fr" else ""
    amount = formats.rounded(value, 0)
    pattern = f"#,##0{FIXED}¤" if language == "fr" else f"¤{FIXED if currency in ('CHF', 'XAF') else ''}#,##0"
    assert formats.count(value, language) == by_babel(amount, "#,##0", language)
    assert formats.multiple(value, "fr") == by_babel(formats.rounded(value, 2), "#,##0.00", "fr")
    assert formats.fraction(value, language, 1) == format_percent(formats.rounded(value, 3), format=f"#,##0.0{gap}%", locale=language)
    assert formats.money(value, currency, language, whole=True) == format_currency(
        amount, currency, format=pattern, locale=language, currency_digits=False
    )
    small = value % 1000
    [label] = formats.axis_labels([small], Unit.COUNT, currency, language)
    assert label == by_babel(small, "#,##0.##", language)
