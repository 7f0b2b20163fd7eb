"""Days, ISO weeks and months of a client's calendar. No Django here."""

from __future__ import annotations

import calendar
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
class Bucket:
    """A day, week or month, cut to the asked period, and the same part of the one before it."""

    key: str
    period: Period
    previous: Period


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


def buckets(period: Period, grain: Grain) -> Iterator[Bucket]:
    """The days, weeks or months that `period` touches, oldest first."""
    since = period.since
    while since <= period.until:
        key, end, before = _bucket(since, grain)
        until = min(end, period.until)
        yield Bucket(key, Period(since, until), _same_part(since, until, end, before, grain))
        since = end + ONE_DAY


def _bucket(day: date, grain: Grain) -> tuple[str, date, timedelta]:
    """Key and last day of the bucket that holds `day`, and its distance from the one before (months: unused)."""
    if grain is Grain.DAY:
        return day.isoformat(), day, ONE_DAY
    if grain is Grain.WEEK:
        return week_key(day), day + timedelta(days=7 - day.isoweekday()), WEEK
    last = calendar.monthrange(day.year, day.month)[1]
    return f"{day:%Y-%m}", day.replace(day=last), timedelta(0)


def _same_part(since: date, until: date, end: date, before: timedelta, grain: Grain) -> Period:
    """The same part of the bucket before. Of a month: the whole month before, or as many days of it, as far as it has them."""
    if grain is not Grain.MONTH:
        return Period(since - before, until - before)
    last_of_before = since.replace(day=1) - ONE_DAY
    first_of_before = last_of_before.replace(day=1)
    if since.day == 1 and until == end:
        return Period(first_of_before, last_of_before)
    until_before = last_of_before.replace(day=min(until.day, last_of_before.day))
    return Period(max(first_of_before, until_before - (until - since)), until_before)
