"""A figure or the reason why there is none. No Django here."""

from __future__ import annotations

from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

# Significant digits of a quotient that does not end.
PRECISION = 28
_CONTEXT = Context(prec=PRECISION)
_MOST = 10**PRECISION


class Reason(StrEnum):
    """Why a figure is null."""

    NO_DENOMINATOR = "no_denominator"
    NOT_REPORTED = "not_reported"
    NOT_YET_OBSERVED = "not_yet_observed"
    NO_EXCHANGE_RATE = "no_exchange_rate"  # a part is in a currency for which no rate was imported
    NOT_COMPARABLE = "not_comparable"  # of a period before: one of the two is not wholly loaded
    MIXED_BASIS = "mixed_basis"  # its parts were counted in different ways, which are never summed
    NO_SEED_TEST = "no_seed_test"  # inbox placement is known from seed-list tests alone
    NOT_DIVISIBLE = "not_divisible"  # its source does not tell it by what was asked for, such as a channel
    NOT_CHOSEN = "not_chosen"  # the client has not told what it needs, such as a margin
    NEVER = "never"  # a cohort that has not paid back what it cost, so far as is known


class Value(NamedTuple):
    """One figure. `exact` is None where undefined; `reason` then says why."""

    exact: Fraction | None
    reason: Reason | None = None

    @property
    def decimal(self) -> Decimal | None:
        """The exact decimal where it ends within 28 digits, else rounded to 28 significant digits (half-even)."""
        if self.exact is None:
            return None
        if self.exact.denominator == 1 and -_MOST < self.exact.numerator < _MOST:
            return Decimal(self.exact.numerator)
        return _plain(_CONTEXT.divide(Decimal(self.exact.numerator), Decimal(self.exact.denominator)))


def _plain(digits: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    text = str(digits)
    if not text.endswith("0") and "E" not in text:
        return digits
    text = f"{digits:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)
