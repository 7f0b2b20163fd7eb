"""Figures and their changes as a reader of English or French expects them. Rounding happens here only, half up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_currency_precision, get_currency_symbol, get_decimal_symbol, get_group_symbol
from django.utils.translation import gettext as _
from django.utils.translation import override

from kpis.definitions import Unit

UNDEFINED = "–"
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
# From this amount on, cents are noise.
WHOLE_FROM = Decimal(1000)
# Below this fraction one decimal of a percent would hide the figure.
FINE_BELOW = Decimal("0.01")
# On a count below this, one more or less is a percentage that misleads.
TINY_BELOW = 10


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@cache
def _separators(language: str) -> dict[int, str]:
    """What stands for the separators of Python's own format."""
    locale = _locale(language)
    return {ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale)}


@cache
def _symbol(currency: str, language: str) -> str:
    return get_currency_symbol(currency, locale=_locale(language))


def _digits(value: Decimal, decimals: int, language: str) -> str:
    """A figure with its separators, as Babel writes it; that takes ten times as long, and a report has hundreds."""
    return f"{value:,.{decimals}f}".translate(_separators(language))


def rounded(value: Decimal, decimals: int) -> Decimal:
    """`value` to so many decimals; a half goes away from zero, and there is no negative zero."""
    result = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def _signed(text: str, value: Decimal, *, plus: bool = False) -> str:
    """`text` of an absolute value, with the typographic sign of `value`."""
    if value < 0:
        return MINUS + text
    return f"+{text}" if plus and value > 0 else text


# ------------------------------------------------------------------------------------------------------------ figures
def is_whole(value: Decimal | None) -> bool:
    """Whether an amount of money is large enough to be shown without cents."""
    return value is not None and rounded(abs(value), 2) >= WHOLE_FROM


def money(value: Decimal | None, currency: str, language: str, *, whole: bool | None = None) -> str:
    """An amount of `currency`; `whole` overrides whether its cents are left out, so that a column agrees with itself."""
    if value is None:
        return UNDEFINED
    without_cents = is_whole(value) if whole is None else whole
    amount = rounded(value, 0 if without_cents else get_currency_precision(currency))
    digits, symbol = _digits(abs(amount), -int(amount.as_tuple().exponent), language), _symbol(currency, language)
    text = f"{digits}{NO_BREAK}{symbol}" if language == "fr" else f"{symbol}{_symbol_gap(currency, language)}{digits}"
    return _signed(text, amount)


def _symbol_gap(currency: str, language: str) -> str:
    """A currency written in letters is set off from its figure."""
    return NO_BREAK if _symbol(currency, language)[-1].isalpha() else ""


def count(value: Decimal | None, language: str) -> str:
    if value is None:
        return UNDEFINED
    number = rounded(value, 0)
    return _signed(_digits(abs(number), 0, language), number)


def fraction(value: Decimal | None, language: str, decimals: int | None = None) -> str:
    """0.25 as "25.0%". Fractions under one percent get a second decimal."""
    if value is None:
        return UNDEFINED
    places = fraction_decimals(value) if decimals is None else decimals
    share = rounded(value, places + 2)
    return _signed(_percent(abs(share), places, language), share)


def fraction_decimals(*values: Decimal | None) -> int:
    """Decimals of a percent that let all `values` be told apart from zero."""
    known = [abs(value) for value in values if value]
    return 2 if known and max(known) < FINE_BELOW else 1


def _percent(value: Decimal, decimals: int, language: str) -> str:
    gap = "\N{NARROW NO-BREAK SPACE}" if language == "fr" else ""
    return f"{_digits(value * 100, decimals, language)}{gap}%"


def multiple(value: Decimal | None, language: str) -> str:
    """4.31 as "4.31x", and as "4,31" in French."""
    if value is None:
        return UNDEFINED
    number = rounded(value, 2)
    text = _digits(abs(number), 2, language)
    return _signed(text if language == "fr" else f"{text}x", number)


def figure(value: Decimal | None, unit: Unit, currency: str, language: str, *, whole: bool | None = None) -> str:
    """A KPI's value by its unit."""
    match unit:
        case Unit.MONEY:
            return money(value, currency, language, whole=whole)
        case Unit.COUNT:
            return count(value, language)
        case Unit.FRACTION:
            return fraction(value, language)
        case Unit.MULTIPLE:
            return multiple(value, language)
        case Unit.SECONDS:
            return duration(value)
        case Unit.HOURS | Unit.DAYS | Unit.MONTHS:
            return amount(value, unit, language)


def duration(value: Decimal | None) -> str:
    """Seconds as mm:ss."""
    if value is None:
        return UNDEFINED
    number = rounded(value, 0)
    minutes, seconds = divmod(int(abs(number)), 60)
    return _signed(f"{minutes}:{seconds:02d}", number)


def amount(value: Decimal | None, unit: Unit, language: str) -> str:
    """Hours, days or months with one decimal and their name: "12.5 days"."""
    if value is None:
        return UNDEFINED
    number = rounded(value, 1)
    text = _digits(abs(number), 1, language)
    with override(language):
        names = {Unit.HOURS: _("%(number)s h"), Unit.DAYS: _("%(number)s days"), Unit.MONTHS: _("%(number)s months")}
    return _signed(names[unit] % {"number": text}, number).replace(" ", NO_BREAK)


# ------------------------------------------------------------------------------------------------------------ changes
def relative_change(value: Decimal | None, previous: Decimal | None) -> Decimal | None:
    """(value − previous) / previous as a fraction; None where either is unknown or the base is not positive."""
    if value is None or previous is None or previous <= 0:
        return None
    return (value - previous) / previous


def is_tiny(previous: Decimal | None, unit: Unit) -> bool:
    """Whether a count is too small a base for percents: its change is told as a difference."""
    return unit is Unit.COUNT and previous is not None and 0 <= previous < TINY_BELOW


def change(value: Decimal | None, previous: Decimal | None, unit: Unit, language: str) -> str:
    """ "+6.1%"; "+2.6 pt" for a fraction; "+1" on a tiny count; "stable" where that rounds to nothing; "–" without a base."""
    step = change_step(value, previous, unit)
    if step is None:
        return UNDEFINED
    if step == 0:
        with override(language):
            return _("stable")
    return _signed(change_size(value, previous, unit, language), step, plus=True)


def change_step(value: Decimal | None, previous: Decimal | None, unit: Unit) -> Decimal | None:
    """The change as shown: percent, points for a fraction, units on a tiny count, rounded; None where there is no base."""
    if is_tiny(previous, unit):
        return None if value is None or previous is None else rounded(value - previous, 0)
    if unit is not Unit.FRACTION:
        relative = relative_change(value, previous)
        return None if relative is None else rounded(relative * 100, 1)
    if value is None or previous is None:
        return None
    return rounded((value - previous) * 100, fraction_decimals(value, previous))


def change_size(value: Decimal | None, previous: Decimal | None, unit: Unit, language: str) -> str:
    """The size of a change without its sign, for sentences that say "up" or "down"."""
    step = change_step(value, previous, unit)
    if step is None:
        return UNDEFINED
    if is_tiny(previous, unit):
        return count(abs(step), language)
    if unit is Unit.FRACTION:
        return _points(abs(step), fraction_decimals(value, previous), language)
    return _percent(abs(step) / 100, 1, language)


def difference(value: Decimal, unit: Unit, currency: str, language: str, *, whole: bool | None = None) -> str:
    """A part of a change in the unit of the figure, with its sign: "+€12.50"; points for a fraction: "−0.4 pt". `whole` as in `money`."""
    size = abs(value)
    if unit is Unit.FRACTION:
        places = fraction_decimals(size)
        text, nothing = _points(size * 100, places, language), rounded(size * 100, places) == 0
    else:
        text = figure(size, unit, currency, language, whole=whole)
        nothing = text == figure(Decimal(0), unit, currency, language, whole=whole)
    return text if nothing else _signed(text, value, plus=True)


def _points(value: Decimal, decimals: int, language: str) -> str:
    return f"{_digits(rounded(value, decimals), decimals, language)}{NO_BREAK}pt"


# --------------------------------------------------------------------------------------------------------------- axes
def axis_labels(ticks: Sequence[Decimal], unit: Unit, currency: str, language: str) -> tuple[str, ...]:
    """Round numbers as an axis says them, all on one scale: "€25k", "25 k€"; counts without the currency; fractions as "2.5%"."""
    if unit is Unit.FRACTION:
        mark = f"{NO_BREAK}%" if language == "fr" else "%"
        return tuple(f"{_axis_label(tick * 100, '', Unit.COUNT, currency, language)}{mark}" for tick in ticks)
    step = min((abs(tick) for tick in ticks if tick), default=Decimal(1))
    size, suffix = _scale(step, language)
    return tuple(_axis_label(tick / size, suffix if tick else "", unit, currency, language) for tick in ticks)


def _scale(step: Decimal, language: str) -> tuple[Decimal, str]:
    """The unit in which steps of an axis are short numbers."""
    billion = "Md" if language == "fr" else "bn"
    for size, suffix in ((Decimal(10**9), billion), (Decimal(10**6), "M"), (Decimal(1000), "k")):
        if step >= size:
            return size, suffix
    return Decimal(1), ""


def _axis_label(number: Decimal, suffix: str, unit: Unit, currency: str, language: str) -> str:
    short = abs(number).quantize(Decimal("0.01")).normalize()
    digits = _digits(short, max(0, -int(short.as_tuple().exponent)), language)
    if unit is not Unit.MONEY:
        gap = NO_BREAK if suffix and language == "fr" else ""
        return _signed(f"{digits}{gap}{suffix}", number)
    symbol = _symbol(currency, language)
    gap = _symbol_gap(currency, language)
    if language == "fr":
        return _signed(f"{digits}{NO_BREAK}{suffix}{gap if suffix else ''}{symbol}", number)
    return _signed(f"{symbol}{gap}{digits}{suffix}", number)
