"""How a month goes on: what was reached so far, what should have been by now, and where it ends if every day is like those so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from kpis.definitions import DEFINITIONS
from kpis.targets import Targets, days_in_month


@dataclass(frozen=True)
class Pace:
    """Of the month of `until`, from its first day up to that one. `target` is the month's; each is None where it is not known."""

    value: Fraction
    target: Fraction | None
    expected: Fraction | None
    projected: Fraction | None
    days: int
    days_in_month: int


def of(slug: str, value: Fraction, until: date, targets: Targets, channel: str = "") -> Pace:
    """`value`: of the days up to `until`, of a channel or, with "", of the whole company.

    What does not add up is expected, and projected, to stay as it is.
    """
    days, length = until.day, days_in_month(until)
    target = targets.at(slug, channel, until.replace(day=1))
    if not DEFINITIONS[slug].is_additive:
        return Pace(value, target, target, value, days, length)
    share = Fraction(days, length)
    return Pace(value, target, None if target is None else target * share, value / share, days, length)
