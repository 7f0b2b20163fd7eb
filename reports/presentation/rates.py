"""The exchange rates amounts were converted at."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import format_decimal
from django.utils.translation import gettext as _

from accounts import moments
from reports import content
from reports.presentation.edition import Edition


@dataclass(frozen=True)
class Rate:
    """One currency of the report's sources: "1 EUR = 1.0842 USD", and the day of that rate."""

    text: str
    day: str


def rates(edition: Edition) -> tuple[Rate, ...]:
    return tuple(_rate(edition, rate) for rate in edition.report.rates)


def _rate(edition: Edition, rate: content.Rate) -> Rate:
    amount = format_decimal(rate.rate, format="#,##0.0000##", locale=edition.language)
    words = {"own": edition.report.currency, "rate": amount, "other": rate.currency}
    return Rate(_("1 %(own)s = %(rate)s %(other)s") % words, moments.day(rate.day, edition.language))
