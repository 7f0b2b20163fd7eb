"""Days, weeks, months, quarters and years of a client's calendar. No Django here."""

from __future__ import annotations

import calendar as calendar_of_days
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
WEEK = timedelta(days=7)


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


# With what a week can begin.
WEEK_STARTS = {"monday": 1, "saturday": 6, "sunday": 7}
# How many months the longer ones have.
MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


@dataclass(frozen=True)
class Period:
    """The days `since` to `until`, both included. Raises `ValueError` when they are the wrong way round."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"the period ends ({self.until}) before it begins ({self.since})")

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def previous(self) -> Period:
        """The period of equal length that ends the day before this one begins. Raises `ValueError` before year 1."""
        try:
            return Period(self.since - timedelta(days=self.days), self.since - ONE_DAY)
        except OverflowError:
            raise ValueError("there is no period before this one in the calendar") from None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.since <= day <= self.until


@dataclass(frozen=True)
class Calendar:
    """How a client divides time. `week_start`: the first day of weeks, 1 for Monday to 7; `fiscal_start`: the first month of years."""

    week_start: int = 1
    fiscal_start: int = 1

    def whole(self, day: date, grain: Grain) -> Period:
        """The day, week, month, quarter or year that holds `day`."""
        if grain is Grain.DAY:
            return Period(day, day)
        if grain is Grain.WEEK:
            first = day - timedelta(days=(day.isoweekday() - self.week_start) % 7)
            return Period(first, first + WEEK - ONE_DAY)
        month = _month(day)
        month -= (month - (self.fiscal_start - 1)) % MONTHS[grain]
        return Period(_first_of(month), _last_of(month + MONTHS[grain] - 1))

    def key(self, whole: Period, grain: Grain) -> str:
        """What it is called: "2026-W46", "2026-11", "2026-Q4", "2026"; a week, quarter or year of the client's own by its first day."""
        day = whole.since
        if grain is Grain.WEEK and self.week_start == 1:
            return week_key(day)
        if grain is Grain.MONTH:
            return f"{day:%Y-%m}"
        if grain is Grain.QUARTER and self.fiscal_start == 1:
            return f"{day:%Y}-Q{(day.month + 2) // 3}"
        if grain is Grain.YEAR and self.fiscal_start == 1:
            return f"{day:%Y}"
        return day.isoformat()


STANDARD = Calendar()


@dataclass(frozen=True)
class Bucket:
    """One of `grain`, cut to the asked period, and the same part of the one before it; `whole` is the uncut one."""

    key: str
    period: Period
    previous: Period
    whole: Period


def week(key: str) -> Period:
    """The Monday to Sunday of an ISO week such as "2026-W46". Raises `ValueError` for anything else."""
    match = re.fullmatch(r"(\d{4})-W(\d{2})", key, re.ASCII)
    if not match:
        raise ValueError(f"{key!r} is not a week; use the form 2026-W46")
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Period(monday, monday + WEEK - ONE_DAY)
    except (ValueError, OverflowError):
        raise ValueError(f"there is no week {key} in the calendar") from None


def week_key(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year:04d}-W{number:02d}"


def last_complete_week(now: datetime, zone: ZoneInfo) -> str:
    """The newest ISO week that is over in `zone`."""
    return week_key(now.astimezone(zone).date() - WEEK)


def buckets(period: Period, grain: Grain, calendar: Calendar = STANDARD) -> Iterator[Bucket]:
    """The days, weeks, months, quarters or years that `period` touches, oldest first."""
    since = period.since
    while since <= period.until:
        whole = calendar.whole(since, grain)
        part = Period(since, min(whole.until, period.until))
        yield Bucket(calendar.key(whole, grain), part, _same_part(part, whole, grain), whole)
        since = whole.until + ONE_DAY


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of a month that has no such day."""
    last = _last_of(_month(day) - months)
    return last.replace(day=min(day.day, last.day))


def is_whole_months(period: Period) -> bool:
    return period.since.day == 1 and period.until == _last_of(_month(period.until))


def _same_part(part: Period, whole: Period, grain: Grain) -> Period:
    """The same part of the one before. Of a month or more: the whole one before, or as many days of it, as far as it has them."""
    if grain not in MONTHS:
        distance = timedelta(days=whole.days)
        return Period(part.since - distance, part.until - distance)
    first = months_before(whole.since, MONTHS[grain])
    if part == whole:
        return Period(first, whole.since - ONE_DAY)
    until = months_before(part.until, MONTHS[grain])
    return Period(max(first, until - (part.until - part.since)), until)


def _month(day: date) -> int:
    """Months since the beginning of year 0."""
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _last_of(month: int) -> date:
    year, number = month // 12, month % 12 + 1
    return date(year, number, calendar_of_days.monthrange(year, number)[1])
