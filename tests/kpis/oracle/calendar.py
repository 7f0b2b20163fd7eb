"""How a client divides time: day by day, each is in the week, month, quarter or year that it is in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import groupby

from tests.kpis.oracle.decided import Decided
from tests.kpis.oracle.stored import ONE_DAY

Span = tuple[date, date]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parts(since: date, until: date, grain: str, decided: Decided) -> list[Span]:
    """The first and the last day of each part of a period, oldest first."""
    days = [date.fromordinal(number) for number in range(since.toordinal(), until.toordinal() + 1)]
    groups = [list(group) for _, group in groupby(days, _part_of(grain, decided))]
    return [(group[0], group[-1]) for group in groups]


def _part_of(grain: str, decided: Decided) -> Callable[[date], object]:
    if grain == "day":
        return lambda day: day
    if grain == "week":
        return lambda day: _begin_of_week(day, decided.now("week_start"))
    length = {"month": 1, "quarter": 3, "year": 12}[grain]
    return lambda day: (day.year * 12 + day.month - decided.now("fiscal_start")) // length


def _begin_of_week(day: date, first: str) -> date:
    while WEEKDAYS[day.weekday()] != first:
        day -= ONE_DAY
    return day
