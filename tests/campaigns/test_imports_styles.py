"""Days, instants, months and numbers however people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.imports.faults import BadCell
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import DateStyle, NumberStyle, Shape, canonical

DAYS = [
    (DateStyle.ISO, "2026-11-09", "2026-11-09"),
    (DateStyle.ISO, "2026/11/9", "2026-11-09"),
    (DateStyle.ISO, "2026-11-09 00:00:00", "2026-11-09"),
    (DateStyle.COMPACT, "20261109", "2026-11-09"),
    (DateStyle.DAY_FIRST, "9/11/2026", "2026-11-09"),
    (DateStyle.DAY_FIRST, "09.11.2026", "2026-11-09"),
    (DateStyle.MONTH_FIRST, "11/9/2026", "2026-11-09"),
    (DateStyle.WORDS, "9 nov. 2026", "2026-11-09"),
    (DateStyle.WORDS, "1er août 2026", "2026-08-01"),
    (DateStyle.WORDS, "lundi 9 novembre 2026", "2026-11-09"),
    (DateStyle.WORDS, "Nov 9, 2026", "2026-11-09"),
    (DateStyle.WORDS, "Monday, November 9, 2026", "2026-11-09"),
    (DateStyle.WORDS, "9 févr. 2026", "2026-02-09"),
    (DateStyle.WORDS, "Sept 9, 2026", "2026-09-09"),
    (DateStyle.WORDS, "9 déc. 2026", "2026-12-09"),
]
INSTANTS = [
    (DateStyle.ISO, "2026-09-03 10:14:00 -0400", "2026-09-03T10:14:00-04:00"),
    (DateStyle.ISO, "2026-09-03T10:14:00.25Z", "2026-09-03T10:14:00.250000+00:00"),
    (DateStyle.ISO, "2026-09-03 10:14:00 UTC", "2026-09-03T10:14:00+00:00"),
    (DateStyle.ISO, "2026-09-03", "2026-09-03"),
    (DateStyle.DAY_FIRST, "03/09/2026 à 10:14", "2026-09-03T10:14:00"),
    (DateStyle.DAY_FIRST, "03/09/2026, 10h14", "2026-09-03T10:14:00"),
    (DateStyle.MONTH_FIRST, "9/3/2026 12:05 AM", "2026-09-03T00:05:00"),
    (DateStyle.WORDS, "Mar 31, 2014 12:49 pm", "2014-03-31T12:49:00"),
    (DateStyle.WORDS, "Mar 31, 2014 08:49 p.m.", "2014-03-31T20:49:00"),
]
MONTHS = [
    (DateStyle.ISO, "2026-11", "2026-11"),
    (DateStyle.DAY_FIRST, "11/2026", "2026-11"),
    (DateStyle.COMPACT, "202611", "2026-11"),
    (DateStyle.WORDS, "Novembre 2026", "2026-11"),
    (DateStyle.DAY_FIRST, "01/11/2026", "2026-11"),
]
NUMBERS = [
    (NumberStyle.PLAIN, "1234.56", "1234.56"),
    (NumberStyle.PLAIN, "-.5", "-0.5"),
    (NumberStyle.POINT, "1,234,567.89", "1234567.89"),
    (NumberStyle.POINT, "$1,234.56", "1234.56"),
    (NumberStyle.POINT, "-$12.00", "-12.00"),
    (NumberStyle.POINT, "(12.00)", "-12.00"),
    (NumberStyle.POINT, "CA$12.50", "12.50"),
    (NumberStyle.POINT, "1’234.50", "1234.50"),
    (NumberStyle.COMMA, "1 234,56 €", "1234.56"),
    (NumberStyle.COMMA, "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567,5\N{NO-BREAK SPACE}EUR", "1234567.5"),
    (NumberStyle.COMMA, "1.234,56", "1234.56"),
    (NumberStyle.COMMA, "1234,56", "1234.56"),
    (NumberStyle.COMMA, "\N{MINUS SIGN}3,5", "-3.5"),
]
WRONG = [
    (Shape.DAY, DateStyle.DAY_FIRST, "9/11/26", Reason.NOT_A_DAY_SO),
    (Shape.DAY, DateStyle.ISO, "2026-11-09 10:00", Reason.NOT_A_DAY_SO),
    (Shape.DAY, DateStyle.WORDS, "9 nivôse 2026", Reason.NO_SUCH_DAY),
    (Shape.DAY, DateStyle.WORDS, "Sep 1, 2026 - Sep 30, 2026", Reason.SEVERAL_DAYS),
    (Shape.DAY, DateStyle.DAY_FIRST, "01/09/2026 au 30/09/2026", Reason.SEVERAL_DAYS),
    (Shape.MONTH, DateStyle.DAY_FIRST, "02/11/2026", Reason.NOT_A_MONTH),
    (Shape.INSTANT, DateStyle.WORDS, "Mar 31, 2014 13:49 pm", Reason.NOT_AN_INSTANT),
    (Shape.NUMBER, NumberStyle.POINT, "1,23", Reason.NOT_A_NUMBER_SO),
    (Shape.NUMBER, NumberStyle.POINT, "1.234,56", Reason.NOT_A_NUMBER_SO),
    (Shape.NUMBER, NumberStyle.COMMA, "1,234.56", Reason.NOT_A_NUMBER_SO),
    (Shape.NUMBER, NumberStyle.COMMA, "€", Reason.NOT_A_NUMBER_SO),
    (Shape.NUMBER, NumberStyle.PLAIN, "12%", Reason.A_PERCENTAGE),
]


@pytest.mark.parametrize(("style", "text", "expected"), DAYS)
def test_a_day_however_it_is_written(style: DateStyle, text: str, expected: str) -> None:
    assert canonical(text, Shape.DAY, style, NumberStyle.PLAIN) == expected


@pytest.mark.parametrize(("style", "text", "expected"), INSTANTS)
def test_an_instant_however_it_is_written(style: DateStyle, text: str, expected: str) -> None:
    assert canonical(text, Shape.INSTANT, style, NumberStyle.PLAIN) == expected


@pytest.mark.parametrize(("style", "text", "expected"), MONTHS)
def test_a_month_however_it_is_written(style: DateStyle, text: str, expected: str) -> None:
    assert canonical(text, Shape.MONTH, style, NumberStyle.PLAIN) == expected


@pytest.mark.parametrize(("style", "text", "expected"), NUMBERS)
def test_a_number_however_it_is_written(style: NumberStyle, text: str, expected: str) -> None:
    assert canonical(text, Shape.NUMBER, DateStyle.ISO, style) == expected


@pytest.mark.parametrize(("text", "expected"), [("25 %", "0.25"), ("-3,5%", "-0.035"), ("4,5", "4.5"), ("250%", "2.50")])
def test_a_target_may_be_a_percentage(text: str, expected: str) -> None:
    assert canonical(text, Shape.RATE, DateStyle.ISO, NumberStyle.COMMA) == expected


@pytest.mark.parametrize(("shape", "style", "text", "reason"), WRONG)
def test_what_is_written_otherwise_is_told(shape: Shape, style: DateStyle | NumberStyle, text: str, reason: Reason) -> None:
    dates = style if isinstance(style, DateStyle) else DateStyle.ISO
    numbers = style if isinstance(style, NumberStyle) else NumberStyle.PLAIN
    with pytest.raises(BadCell) as error:
        canonical(text, shape, dates, numbers)
    assert error.value.reason is reason


@given(st.text(max_size=30), st.sampled_from(Shape), st.sampled_from(DateStyle), st.sampled_from(NumberStyle))
def test_no_text_whatever_is_an_error(text: str, shape: Shape, dates: DateStyle, numbers: NumberStyle) -> None:
    try:
        assert isinstance(canonical(text, shape, dates, numbers), str)
    except BadCell as bad:
        assert bad.reason.value % bad.params  # noqa: PT017
