"""When reports are due, and which days each is of. Plain arithmetic of the calendar, without Django.

Every period has one send, on a day that follows from its last day; so sends come once per period and periods tile. Business days
are Monday to Friday: holidays differ by country and company, and are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from kpis import periods
from kpis.periods import ONE_DAY, STANDARD, WEEK, Calendar, Grain, Period

FRIDAY = 5
NOTHING, SECOND = timedelta(), timedelta(seconds=1)
FORTNIGHT = 2 * WEEK
LAST = -1
# What follows the first day in the key of a fortnight or quarter of the client's own, which may begin like a week or month.
TWO_WEEKS, THREE_MONTHS = "-P2W", "-P3M"


class Cadence(StrEnum):
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class DayRule(StrEnum):
    """The day of a month, or of a quarter's first month, on which the one before is reported."""

    FIRST_BUSINESS_DAY = "first_business_day"
    NTH_WEEKDAY = "nth_weekday"


GRAINS = {Cadence.WEEKLY: Grain.WEEK, Cadence.FORTNIGHTLY: Grain.WEEK, Cadence.MONTHLY: Grain.MONTH, Cadence.QUARTERLY: Grain.QUARTER}


@dataclass(frozen=True)
class ReportPeriod:
    """The days a report is of, `since` to `until`, both included.

    `key`: "2026-W46", "2026-W45-W46", "2026-11", "2026-Q4"; where weeks or fiscal years are the client's own, "2026-11-08" for the week
    that begins then, "2026-11-08-P2W" for two, "2026-11-01-P3M" for a quarter.
    """

    key: str
    since: date
    until: date

    @property
    def days(self) -> Period:
        return Period(self.since, self.until)


@dataclass(frozen=True)
class Rhythm:
    """Which periods follow one another. `anchor`: a day of the first week of some fortnight."""

    cadence: Cadence
    calendar: Calendar = STANDARD
    anchor: date | None = None

    def holding(self, day: date) -> ReportPeriod:
        """The period that holds a day."""
        if self.cadence is Cadence.FORTNIGHTLY:
            return self._fortnight(day)
        grain = GRAINS[self.cadence]
        whole = self.calendar.whole(day, grain)
        suffix = THREE_MONTHS if grain is Grain.QUARTER and self.calendar.fiscal_start != 1 else ""
        return ReportPeriod(self.calendar.key(whole, grain) + suffix, whole.since, whole.until)

    def after(self, period: ReportPeriod) -> ReportPeriod:
        return self.holding(period.until + ONE_DAY)

    def before(self, period: ReportPeriod) -> ReportPeriod:
        return self.holding(period.since - ONE_DAY)

    def _fortnight(self, day: date) -> ReportPeriod:
        if self.anchor is None:
            raise ValueError("a fortnight needs a day of its first week")
        first = self.calendar.whole(self.anchor, Grain.WEEK).since
        since = first + (day - first) // FORTNIGHT * FORTNIGHT
        return _fortnight(since, self.calendar.week_start == 1)


@dataclass(frozen=True)
class Send:
    """When the report of a period is due, in UTC."""

    at: datetime
    period: ReportPeriod


@dataclass(frozen=True)
class Plan:
    """A rhythm and the local time of its sends. `weekday` is ISO; of weeks and fortnights, and of `nth_weekday`. `nth`: 1 to 4, or -1."""

    rhythm: Rhythm
    zone: ZoneInfo
    local_time: time
    weekday: int = 1
    day_rule: DayRule = DayRule.FIRST_BUSINESS_DAY
    nth: int = 1

    def send(self, period: ReportPeriod) -> Send:
        return Send(instant(self._day(period), self.local_time, self.zone), period)

    def sends(self, after: datetime) -> Iterator[Send]:
        """Every send after an instant, the next one first."""
        # The longest way from a period's end to its send is a month.
        period = self.rhythm.before(self.rhythm.before(self.rhythm.holding(after.astimezone(self.zone).date())))
        while True:
            send = self.send(period)
            if send.at > after:
                yield send
            period = self.rhythm.after(period)

    def next(self, after: datetime) -> Send:
        return next(self.sends(after))

    def last(self, now: datetime) -> Send:
        """The newest send that is due by `now`."""
        period = self.next(now).period
        return self.send(self.rhythm.before(period))

    def _day(self, period: ReportPeriod) -> date:
        day = period.until + ONE_DAY
        if self.rhythm.cadence in {Cadence.WEEKLY, Cadence.FORTNIGHTLY}:
            return _weekday_from(day, self.weekday)
        if self.day_rule is DayRule.FIRST_BUSINESS_DAY:
            return day if day.isoweekday() <= FRIDAY else _weekday_from(day, 1)
        if self.nth == LAST:
            last = STANDARD.whole(day, Grain.MONTH).until
            return last - timedelta(days=(last.isoweekday() - self.weekday) % 7)
        return _weekday_from(day, self.weekday) + (self.nth - 1) * WEEK


def instant(day: date, local_time: time, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` show a time of a day, the first time if they do so twice; if they skip it, the next that they show."""
    wall = datetime.combine(day, local_time)
    late = wall.replace(tzinfo=zone).astimezone(UTC)
    if _shown(late, zone) == wall:
        return late
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    # The clocks were put forward between the two, at a whole second.
    while (between := (late - early) // 2 // SECOND * SECOND) > NOTHING:
        middle = early + between
        early, late = (early, middle) if _shown(middle, zone) >= wall else (middle, late)
    return late


def named(key: str) -> ReportPeriod:
    """The period of a key as `ReportPeriod` describes it. Raises `ValueError` for anything else."""
    for form, read in FORMS.items():
        if re.fullmatch(form, key, re.ASCII):
            with suppress(OverflowError):  # of days after the calendar's last
                period = read(key)
                if period.key == key:
                    return period
    raise ValueError(f"{key!r} is not the period of a report; use the form 2026-W46, 2026-W45-W46, 2026-11 or 2026-Q4")


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _weekday_from(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.isoweekday()) % 7)


def _fortnight(since: date, is_standard: bool) -> ReportPeriod:
    key = f"{periods.week_key(since)}{periods.week_key(since + WEEK)[4:]}" if is_standard else f"{since}{TWO_WEEKS}"
    return ReportPeriod(key, since, since + FORTNIGHT - ONE_DAY)


def _named_week(key: str) -> ReportPeriod:
    week = periods.week(key)
    return ReportPeriod(key, week.since, week.until)


def _named_quarter(key: str) -> ReportPeriod:
    return Rhythm(Cadence.QUARTERLY).holding(date(int(key[:4]), int(key[6]) * 3, 1))


def _named_own_week(key: str) -> ReportPeriod:
    since = date.fromisoformat(key)
    return ReportPeriod(key, since, since + WEEK - ONE_DAY)


def _named_own_quarter(key: str) -> ReportPeriod:
    since = date.fromisoformat(key.removesuffix(THREE_MONTHS))
    return Rhythm(Cadence.QUARTERLY, Calendar(fiscal_start=since.month)).holding(since)


FORMS = {
    r"\d{4}-W\d{2}": _named_week,
    r"\d{4}-W\d{2}-W\d{2}": lambda key: _fortnight(periods.week(key[:8]).since, is_standard=True),
    r"\d{4}-\d{2}": lambda key: Rhythm(Cadence.MONTHLY).holding(date.fromisoformat(f"{key}-01")),
    r"\d{4}-Q[1-4]": _named_quarter,
    r"\d{4}-\d{2}-\d{2}": _named_own_week,
    r"\d{4}-\d{2}-\d{2}-P2W": lambda key: _fortnight(date.fromisoformat(key.removesuffix(TWO_WEEKS)), is_standard=False),
    r"\d{4}-\d{2}-\d{2}-P3M": _named_own_quarter,
}
