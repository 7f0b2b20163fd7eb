"""Which days a report or page is of, and which others it looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from accounts.models import Client
from kpis.comparing import Compare, compared
from kpis.periods import ONE_DAY, Calendar, Grain, Period, months_before
from kpis.query import By, Only
from reports.cadence import ReportPeriod
from reports.content import Length
from reports.gather.told import Told, told

WEEKS_OF_TREND = 26
MONTHS_OF_TREND = 13
# How many periods before are averaged.
AVERAGED = 4
# Up to how many days a page shows each by itself, and up to how many weeks; a shorter period is drawn as the last of many weeks.
FORTNIGHT, MOST_DAYS, MOST_WEEKS = 14, 62, 60
# Of cadences that go by months.
MONTHS = {"monthly": 1, "quarterly": 3}


@dataclass(frozen=True)
class Frame:
    """`earlier`: the periods before, the newest first, as many as are averaged. `trend`: days of whole weeks or months (`by`).

    `told`: what earlier reports of the schedule said, if it is of one. `only`: to which part of the company it is confined.
    """

    client: Client
    key: str
    period: Period
    previous: Period
    last_year: Period | None
    earlier: tuple[Period, ...]
    trend: Period
    by: By
    calendar: Calendar
    now: datetime
    length: Length
    cadence: str
    told: tuple[Told, ...] = ()
    only: Only = field(default_factory=Only)

    @classmethod
    def of(cls, client: Client, asked: ReportPeriod, now: datetime, length: Length, cadence: str, schedule_id: int | None) -> Frame:
        period = Period(asked.since, asked.until)
        # A report is of the weeks of its period, whatever the client's own are by now.
        calendar = Calendar(period.since.isoweekday())
        earlier = [before(period, cadence)]
        while len(earlier) < AVERAGED:
            earlier.append(before(earlier[-1], cadence))
        by = By.MONTH if cadence in MONTHS else By.WEEK
        return cls(
            client,
            asked.key,
            period,
            earlier[0],
            compared(period, Compare.LAST_YEAR, calendar),
            tuple(earlier),
            _trend(period, by),
            by,
            calendar,
            now,
            length,
            cadence,
            told(schedule_id, period, by is By.MONTH, client.currency) if schedule_id else (),
        )

    @classmethod
    def of_page(cls, client: Client, period: Period, previous: Period, only: Only, now: datetime, calendar: Calendar) -> Frame:
        """Of any days against any others. A week or two stand at the end of the half year that they belong to."""
        by = By.DAY if FORTNIGHT < period.days <= MOST_DAYS else By.WEEK if period.days <= MOST_WEEKS * 7 else By.MONTH
        trend = _trend(period, by) if period.days <= FORTNIGHT else period
        return cls(client, _key(period, calendar), period, previous, None, (), trend, by, calendar, now, "monthly", "", only=only)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.client.zone).date()


def before(period: Period, cadence: str) -> Period:
    """The period of the report before, of the same cadence: as many days, or whole months. Raises `ValueError` before year 1."""
    months = MONTHS.get(cadence)
    return Period(months_before(period.since, months), period.since - ONE_DAY) if months else period.previous


def _key(period: Period, calendar: Calendar) -> str:
    """What a whole week, month or quarter is called; of other days, the first."""
    for grain in (Grain.WEEK, Grain.MONTH, Grain.QUARTER):
        if calendar.whole(period.since, grain) == period:
            return calendar.key(period, grain)
    return period.since.isoformat()


def _trend(period: Period, by: By) -> Period:
    if by is By.MONTH:
        last = period.until.replace(day=1)
        return Period(months_before(last, MONTHS_OF_TREND - 1), period.until)
    return Period(period.until + ONE_DAY - timedelta(weeks=WEEKS_OF_TREND), period.until)
