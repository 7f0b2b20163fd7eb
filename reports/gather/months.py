"""How the month of a report goes on, and how many customers of each month stayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kpis import pace
from kpis.customers import cohorts
from kpis.customers.cohorts import Cohort, Shown
from kpis.definitions import DEFINITIONS
from kpis.periods import Period, months_before
from kpis.query import Question, is_whole
from kpis.values import Value
from reports.content import Pace, Triangle
from reports.gather import headlines
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, one_of

COHORTS = 12


def so_far(frame: Frame) -> Period:
    """From the first of the month to the end of the report's period."""
    return Period(frame.period.until.replace(day=1), frame.period.until)


def questions(frame: Frame) -> Sequence[Question]:
    return [one_of(so_far(frame), headlines.DEFAULT, frame.only)]


def paces(found: Gathering) -> tuple[Pace, ...]:
    """Of the headlines that are wholly loaded for the month so far, where they add up or have a target."""
    month = so_far(found.frame)
    answer = found.answer(one_of(month, headlines.DEFAULT, found.frame.only))
    told = []
    for slug in headlines.DEFAULT:
        definition = DEFINITIONS[slug]
        value = answer.total.value(definition, answer.coverage).exact
        if value is None or not is_whole(definition, month, answer.coverage):
            continue
        one = pace.of(slug, value, month.until, found.targets)
        if definition.is_additive or one.target is not None:
            told.append(_pace(slug, month, one))
    return tuple(told)


def _pace(slug: str, month: Period, one: pace.Pace) -> Pace:
    value, target, expected, projected = (Value(part).decimal for part in (one.value, one.target, one.expected, one.projected))
    assert value is not None
    return Pace(slug, f"{month.since:%Y-%m}", month.until, one.days, one.days_in_month, value, target, expected, projected)


def retention(found: Gathering) -> Triangle | None:
    """Of the customers won in the twelve months up to the period's last, as things stood at its end; None where nobody was won."""
    last = found.frame.period.until.replace(day=1)
    table = [cohort for cohort in cohorts.table(Shown.ACTIVE, months_before(last, COHORTS - 1), found.frame.period.until) if cohort.size]
    if not table:
        return None
    width = _months_between(table[0], last)
    rows = tuple(tuple(_cell(cohort, age, _months_between(cohort, last)) for age in range(1, width + 1)) for cohort in table)
    # A month that is not over has no share yet.
    return Triangle(tuple(f"{cohort.month:%Y-%m}" for cohort in table), tuple(cohort.size for cohort in table), rows, is_open=False)


def _cell(cohort: Cohort, age: int, seen: int) -> Decimal | None:
    return cohort.cells[age].decimal if age <= seen and age < len(cohort.cells) else None


def _months_between(cohort: Cohort, last: date) -> int:
    return (last.year - cohort.month.year) * 12 + last.month - cohort.month.month
