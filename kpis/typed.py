"""Figures as people type them, or copy them from a spreadsheet: in their own language's writing, and back."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import format_decimal, get_currency_symbol
from django.utils.translation import gettext as _

from campaigns.records import nano
from kpis.definitions import Unit

# Of a cell of a spreadsheet; more is no figure.
LONGEST = 40
# Billionths are kept; of a share of a hundred, two more.
FINEST = 9
SPACES = re.compile(r"[\s\u00a0\u202f\u2009']|\u2019")
DURATION = re.compile(r"(\d{1,6}):([0-5]\d)", re.ASCII)
GROUPED = {",": re.compile(r"-?\d{1,3}(,\d{3})+", re.ASCII), ".": re.compile(r"-?\d{1,3}(\.\d{3})+", re.ASCII)}
PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)
SECONDS_OF_A_MINUTE = 60


class Unread(ValueError):
    """Why a text is no figure, in the reader's language."""


def read(text: str, unit: Unit, currency: str, language: str) -> int | None:
    """Billionths of `unit` ("2,5 %" of a share is 25,000,000); None of an empty text. Raises `Unread`.

    A text that could be read in two ways is not guessed at.
    """
    bare = SPACES.sub("", text.replace("\N{MINUS SIGN}", "-"))
    if not bare:
        return None
    if len(bare) > LONGEST:
        raise Unread(_("This is too long for a figure."))
    if unit is Unit.SECONDS and (found := DURATION.fullmatch(bare)):
        return nano(Decimal(int(found[1]) * SECONDS_OF_A_MINUTE + int(found[2])))
    value = Decimal(_plain(_without_unit(bare, unit, currency, language), language)).normalize()
    if unit is Unit.FRACTION:
        value = value.scaleb(-2)
    if unit in (Unit.COUNT, Unit.MONEY, Unit.SECONDS, Unit.HOURS, Unit.DAYS, Unit.MONTHS) and value < 0:
        raise Unread(_("It cannot be negative."))
    if unit is Unit.COUNT and value != value.to_integral_value():
        raise Unread(_("Only whole numbers can be aimed at here."))
    if -int(value.as_tuple().exponent) > FINEST:
        raise Unread(_("It has too many decimals."))
    try:
        return nano(value)
    except OverflowError:
        raise Unread(_("This is too large.")) from None


def written(exact: Decimal | None, unit: Unit, language: str) -> str:
    """A figure to be typed over: whole, without its unit, grouped as the language does; "" of None."""
    if exact is None:
        return ""
    shown = exact.scaleb(2) if unit is Unit.FRACTION else exact
    text = str(format_decimal(shown, format="#,##0.###########", locale=language))
    return text.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


def unit_sign(unit: Unit, currency: str, language: str) -> str:
    """What stands for the unit beside a field: "€", "%", "×"; "" of a count."""
    signs = {Unit.FRACTION: "%", Unit.MULTIPLE: "×", Unit.SECONDS: "s", Unit.HOURS: "h"}
    if unit is Unit.MONEY:
        return str(get_currency_symbol(currency, locale=language))
    if unit in (Unit.DAYS, Unit.MONTHS):
        return {Unit.DAYS: _("days"), Unit.MONTHS: _("months")}[unit]
    return signs.get(unit, "")


def _without_unit(bare: str, unit: Unit, currency: str, language: str) -> str:
    signs = {"%"} if unit is Unit.FRACTION else {"x", "×"} if unit is Unit.MULTIPLE else set()
    if unit is Unit.MONEY:
        signs = {currency, get_currency_symbol(currency, locale=language)}
    for sign in signs:
        bare = bare.removeprefix(sign).removesuffix(sign)
    return bare


def _plain(bare: str, language: str) -> str:
    """Digits with a point at most."""
    point = "," if language == "fr" else "."
    group = "." if point == "," else ","
    if "," in bare and "." in bare:
        # The one that comes last parts the decimals, whoever wrote it.
        point, group = (",", ".") if bare.rfind(",") > bare.rfind(".") else (".", ",")
        whole, _point, _decimals = bare.partition(point)
        if not GROUPED[group].fullmatch(whole):
            raise Unread(_("This is not a number."))
        bare = bare.replace(group, "")
    elif group in bare and GROUPED[group].fullmatch(bare):
        if group == "." and bare.count(".") == 1:
            raise Unread(_("This can be read in two ways: write it without a point, or with a comma before its decimals."))
        bare = bare.replace(group, "")
    elif group in bare:
        point = group
    found = bare.replace(point, ".")
    if not PLAIN.fullmatch(found):
        raise Unread(_("This is not a number."))
    return found
