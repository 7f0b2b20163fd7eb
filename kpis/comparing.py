"""What a period, and each part of it, is compared with. No Django here.

`previous`: the days before it, as many. `last_year`: whole months with the same months; whole weeks with those 364 days
earlier, so that Mondays meet Mondays (the week after one with 53 therefore meets the next number); else the same days of
the calendar. The 29th of February meets the 28th. A period of one's own: its first part meets the first, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from kpis.periods import STANDARD, WEEK, Bucket, Calendar, Grain, Period, buckets, is_whole_months, months_before

# As many whole weeks as there are in a year.
WEEKS_OF_A_YEAR = 52 * WEEK


class Compare(StrEnum):
    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Part:
    """A day, week or longer of the asked period and what it is compared with, if anything."""

    key: str
    period: Period
    previous: Period | None


def compared(period: Period, other: Compare | Period, calendar: Calendar = STANDARD) -> Period:
    """Raises `ValueError` where the calendar has no such days."""
    if isinstance(other, Period):
        return other
    if other is Compare.PREVIOUS:
        return period.previous
    return _weeks_earlier(period) if _is_of_weeks(period, calendar) else _same_dates(period)


def parts(period: Period, grain: Grain, other: Compare | Period, calendar: Calendar = STANDARD) -> Iterator[Part]:
    """The parts of `period`, oldest first."""
    mine = list(buckets(period, grain, calendar))
    if isinstance(other, Period):
        theirs = [bucket.period for bucket in buckets(other, grain, calendar)]
        for place, bucket in enumerate(mine):
            yield Part(bucket.key, bucket.period, theirs[place] if place < len(theirs) else None)
        return
    by_weeks = grain is Grain.WEEK or (grain is Grain.DAY and _is_of_weeks(period, calendar))
    for bucket in mine:
        yield Part(bucket.key, bucket.period, _of_bucket(bucket, other, by_weeks))


def _of_bucket(bucket: Bucket, other: Compare, by_weeks: bool) -> Period:
    if other is Compare.PREVIOUS:
        return bucket.previous
    return _weeks_earlier(bucket.period) if by_weeks else _same_dates(bucket.period)


def _is_of_weeks(period: Period, calendar: Calendar) -> bool:
    return period.days % 7 == 0 and period.since.isoweekday() == calendar.week_start and not is_whole_months(period)


def _weeks_earlier(period: Period) -> Period:
    try:
        return Period(period.since - WEEKS_OF_A_YEAR, period.until - WEEKS_OF_A_YEAR)
    except OverflowError:
        raise ValueError("there is no year before this one in the calendar") from None


def _same_dates(period: Period) -> Period:
    until = months_before(period.until, 12)
    if is_whole_months(period):
        # The end of a February that is a day longer or shorter.
        until = months_before(period.until + timedelta(days=1), 12) - timedelta(days=1)
    return Period(months_before(period.since, 12), until)
