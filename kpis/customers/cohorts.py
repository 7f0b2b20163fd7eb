"""Cohort tables: of the customers acquired in each month, who was active so many months later, and what they brought in so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from django.db import connection

from accounts.tenancy import one_state
from campaigns.models import Campaign
from campaigns.records import NANO
from kpis.coverage import PURCHASES, Coverage
from kpis.periods import ONE_DAY
from kpis.slices import By, Only, Scope
from kpis.values import Reason, Value


class Shown(StrEnum):
    """What a cell says of its cohort: the share that ordered or had a subscription in that month, or money per customer so far."""

    ACTIVE = "active"
    REVENUE = "revenue"
    MARGIN = "margin"


@dataclass(frozen=True)
class Cohort:
    """The customers acquired in the month that begins on `month`, of the channel or campaign `key` ("": all, or of none).

    `cells` by age in calendar months, 0 being the month itself; of months that are not over, as far as is loaded, there is none.
    """

    month: date
    key: str
    size: int
    cells: tuple[Value, ...]


# Of one cohort at one age: customers, billionths of money, and on how many of its days that is not known, or not converted.
_Sums = tuple[int, int, int, int]


@dataclass
class _Kept:
    """A cohort as it is kept, by age. Of who has a subscription changes are kept, which add up."""

    size: int = 0
    subscribed: dict[int, int] = field(default_factory=dict)
    sums: dict[int, _Sums] = field(default_factory=dict)

    def by_age(self, ages: int) -> Iterator[_Sums]:
        """Customers active at each age, and money up to it."""
        subscribed = money = unknown = unconverted = 0
        for age in range(ages):
            ordered, *more = self.sums.get(age, (0, 0, 0, 0))
            subscribed += self.subscribed.get(age, 0)
            money, unknown, unconverted = money + more[0], unknown + more[1], unconverted + more[2]
            yield ordered + subscribed, money, unknown, unconverted


def table(shown: Shown, since: date, until: date, by: By | None = None, only: Only | None = None) -> list[Cohort]:
    """The cohorts of the months of `since` to `until`, oldest first, by channel or campaign if asked, each with as many cells.

    Of the client whose schema is open.
    """
    with one_state():
        over = _last_month_over()
        kept = _read(shown, since.replace(day=1), until, Scope(by, only or Only()))
        names = _campaigns(key for _, key in kept) if by is By.CAMPAIGN else {}
    width = max(0, over - min((_number(month) for month, _ in kept), default=over) + 1)
    cohorts = [
        Cohort(month, names.get(key, "") if by is By.CAMPAIGN else key, one.size, _cells(shown, one, over - _number(month) + 1, width))
        for (month, key), one in kept.items()
    ]
    return sorted(cohorts, key=lambda cohort: (cohort.month, cohort.key))


def total(cohorts: Sequence[Cohort]) -> tuple[int, tuple[Value, ...]]:
    """How many customers all of them have, and by age what those that have reached it are together: sums divided, not a mean."""
    ages = max((len(cohort.cells) for cohort in cohorts), default=0)
    return sum(cohort.size for cohort in cohorts), tuple(_together(cohorts, age) for age in range(ages))


def _together(cohorts: Sequence[Cohort], age: int) -> Value:
    reached = [(cohort.size, cohort.cells[age]) for cohort in cohorts if cohort.size]
    reached = [(size, cell) for size, cell in reached if cell.reason is not Reason.NOT_YET_OBSERVED]
    if not reached:
        return Value(None, Reason.NOT_YET_OBSERVED)
    if unknown := next((cell for _, cell in reached if cell.exact is None), None):
        return unknown
    return Value(sum((size * cell.exact for size, cell in reached if cell.exact), Fraction(0)) / sum(size for size, _ in reached))


def _read(shown: Shown, since: date, until: date, scope: Scope) -> dict[tuple[date, str], _Kept]:
    money = "margin" if shown is Shown.MARGIN else "revenue"
    kept: dict[tuple[date, str], _Kept] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT row.month, {scope.key}, row.age, sum(row.acquired), sum(row.ordered), sum(row.subscribed),
                    sum(row.{money}_nano)::numeric, sum(row.{money}_unknown), sum(row.unconverted)
                FROM kpis_cohortmonth AS row {scope.join}
                WHERE row.month BETWEEN %(since)s AND %(until)s AND {scope.where} GROUP BY 1, 2, 3""",
            {"since": since, "until": until, **scope.only.parameters()},
        )
        for month, key, age, acquired, ordered, subscribed, *sums in cursor.fetchall():
            one = kept.setdefault((month, key), _Kept())
            one.size += acquired
            one.subscribed[age] = subscribed
            one.sums[age] = (ordered, int(sums[0]), sums[1], sums[2])
    return kept


def _cells(shown: Shown, one: _Kept, observed: int, width: int) -> tuple[Value, ...]:
    seen = [_cell(shown, one.size, sums) for sums in one.by_age(max(0, observed))]
    return (*seen, *[Value(None, Reason.NOT_YET_OBSERVED)] * (width - len(seen)))


def _cell(shown: Shown, size: int, sums: _Sums) -> Value:
    active, money, unknown, unconverted = sums
    if not size:
        return Value(None, Reason.NO_DENOMINATOR)
    if shown is Shown.ACTIVE:
        return Value(Fraction(active, size))
    if unknown:
        reason = Reason.NOT_CHOSEN if shown is Shown.MARGIN else Reason.NOT_REPORTED
        return Value(None, Reason.NO_EXCHANGE_RATE if unconverted else reason)
    return Value(Fraction(money, NANO * size))


def _last_month_over() -> int:
    """The number of the last month that is loaded to its end; 0 where nothing is loaded."""
    ends = [span.until for told in Coverage.load().spans[PURCHASES].values() for span in told]
    return _number(max(ends) + ONE_DAY) - 1 if ends else 0


def _number(day: date) -> int:
    """Of the day's month, counted from the year 0."""
    return day.year * 12 + day.month


def _campaigns(ids: Iterator[str]) -> dict[str, str]:
    return {str(campaign.pk): campaign.name for campaign in Campaign.objects.filter(pk__in=[int(key) for key in ids])}
