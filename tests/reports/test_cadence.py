"""Reports come by the client's clock, once per period, and periods leave no day out: in every zone, whatever its clocks do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest

from kpis.periods import Calendar
from reports import cadence
from reports.cadence import Cadence, DayRule, Plan, ReportPeriod, Rhythm, Send

# Clocks that skip a whole day, half an hour, an hour around Ramadan; and tamer ones.
SOME_ZONES = ("Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "America/New_York", "Europe/Paris", "Asia/Kathmandu")
OWN = Calendar(week_start=7, fiscal_start=2)
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def plans(zone: ZoneInfo) -> Iterator[Plan]:
    """Every kind of schedule, at times that clock changes skip or repeat in most zones."""
    weekly = Plan(Rhythm(Cadence.WEEKLY), zone, time(8, 0))
    yield weekly
    yield Plan(Rhythm(Cadence.WEEKLY, OWN), zone, time(2, 30), weekday=7)
    yield Plan(Rhythm(Cadence.FORTNIGHTLY, anchor=date(2026, 11, 4)), zone, time(2, 0), weekday=7)
    yield Plan(Rhythm(Cadence.FORTNIGHTLY, Calendar(week_start=6), date(2030, 2, 2)), zone, time(0, 0), weekday=6)
    for rhythm in (Rhythm(Cadence.MONTHLY), Rhythm(Cadence.QUARTERLY), Rhythm(Cadence.QUARTERLY, OWN)):
        monthly = replace(weekly, rhythm=rhythm, local_time=time(0, 15))
        yield monthly
        for nth in (1, 2, 3, 4, -1):
            yield replace(monthly, day_rule=DayRule.NTH_WEEKDAY, nth=nth, weekday=7, local_time=time(2, 15))


def sends(plan: Plan, since: datetime = SINCE, until: datetime = UNTIL) -> list[Send]:
    return list(takewhile(lambda send: send.at < until, plan.sends(since)))


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def check(plan: Plan, found: list[Send]) -> None:
    for before, send in zip([None, *found], found, strict=False):
        if before:
            assert before.at < send.at
            assert send.period.since == before.period.until + timedelta(days=1)
        assert cadence.named(send.period.key) == send.period
        assert plan.next(send.at - timedelta(seconds=1)) == send == plan.last(send.at)
        check_clock(plan, send)
    assert len({send.period.key for send in found}) == len(found)


def check_clock(plan: Plan, send: Send) -> None:
    clock, before = shown(send.at, plan.zone), shown(send.at - timedelta(seconds=1), plan.zone)
    assert clock.date() > send.period.until
    assert send.at.astimezone(plan.zone).fold == 0
    if clock.time() != plan.local_time:  # the clocks went from before that time to after it
        assert clock - before > timedelta(seconds=1)
        assert before < datetime.combine(clock.date(), plan.local_time) < clock or clock.time() == time(0, 0)
        return
    if plan.rhythm.cadence in {Cadence.WEEKLY, Cadence.FORTNIGHTLY}:
        assert clock.isoweekday() == plan.weekday
        assert clock.date() - send.period.until <= timedelta(days=7)
    else:
        check_day_of_month(plan, clock.date(), send.period)


def check_day_of_month(plan: Plan, day: date, period: ReportPeriod) -> None:
    first = period.until + timedelta(days=1)
    month = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == first.month]
    if plan.day_rule is DayRule.FIRST_BUSINESS_DAY:
        assert day == next(of_month for of_month in month if of_month.weekday() < 5)
    else:
        weekdays = [of_month for of_month in month if of_month.isoweekday() == plan.weekday]
        assert day == weekdays[plan.nth - 1 if plan.nth > 0 else -1]


class TestEveryZone:
    @pytest.mark.parametrize("name", SOME_ZONES)
    def test_ten_years_have_one_run_per_period_at_the_local_time(self, name: str) -> None:
        for plan in plans(ZoneInfo(name)):
            check(plan, sends(plan))

    def test_a_day_that_a_zone_skips_is_reported_on_the_next(self) -> None:
        """Samoa had no 30 December 2011, a Friday."""
        apia = ZoneInfo("Pacific/Apia")
        plan = Plan(Rhythm(Cadence.WEEKLY), apia, time(8, 0), weekday=5)
        found = sends(plan, datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 10, tzinfo=UTC))
        assert [(f"{shown(send.at, apia)}", send.period.key) for send in found] == [
            ("2011-12-23 08:00:00", "2011-W50"),
            ("2011-12-31 00:00:00", "2011-W51"),
            ("2012-01-06 08:00:00", "2011-W52"),
        ]

    @pytest.mark.long
    @pytest.mark.parametrize("initial", "ABCEGHIJKLMNPRTUWZ")
    def test_all_zones(self, initial: str) -> None:
        for name in sorted(available_timezones()):
            if name.startswith(initial):
                for plan in plans(ZoneInfo(name)):
                    check(plan, sends(plan))


class TestClock:
    @pytest.mark.parametrize(
        ("zone", "after", "expected"),
        [
            ("Europe/Paris", "2026-11-16T06:00:00+00:00", "2026-11-16T07:00:00+00:00"),
            ("Europe/Paris", "2026-11-16T07:00:00+00:00", "2026-11-23T07:00:00+00:00"),
            ("Europe/Paris", "2026-10-20T00:00:00+00:00", "2026-10-26T07:00:00+00:00"),
            ("America/New_York", "2026-11-15T23:00:00+00:00", "2026-11-16T13:00:00+00:00"),
            ("Pacific/Kiritimati", "2026-11-15T20:00:00+00:00", "2026-11-22T18:00:00+00:00"),
        ],
    )
    def test_the_next_monday_at_eight_is_of_the_clients_clock(self, zone: str, after: str, expected: str) -> None:
        plan = Plan(Rhythm(Cadence.WEEKLY), ZoneInfo(zone), time(8, 0))
        assert plan.next(datetime.fromisoformat(after)).at == datetime.fromisoformat(expected)

    def test_a_time_that_the_clocks_skip_is_the_next_they_show(self) -> None:
        found = cadence.instant(date(2026, 3, 29), time(2, 30), PARIS)
        assert found.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") == "2026-03-29 03:00"

    def test_a_time_that_the_clocks_show_twice_is_the_first(self) -> None:
        assert cadence.instant(date(2026, 10, 25), time(2, 30), PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


class TestPeriods:
    @pytest.mark.parametrize(
        ("rhythm", "day", "key", "since", "until"),
        [
            (Rhythm(Cadence.WEEKLY), "2026-11-15", "2026-W46", "2026-11-09", "2026-11-15"),
            (Rhythm(Cadence.WEEKLY, OWN), "2026-11-09", "2026-11-08", "2026-11-08", "2026-11-14"),
            (Rhythm(Cadence.FORTNIGHTLY, anchor=date(2026, 11, 4)), "2026-11-12", "2026-W45-W46", "2026-11-02", "2026-11-15"),
            (Rhythm(Cadence.FORTNIGHTLY, anchor=date(2026, 11, 4)), "2027-01-03", "2026-W53-W01", "2026-12-28", "2027-01-10"),
            (Rhythm(Cadence.FORTNIGHTLY, OWN, date(2026, 11, 8)), "2026-11-20", "2026-11-08-P2W", "2026-11-08", "2026-11-21"),
            (Rhythm(Cadence.MONTHLY), "2028-02-01", "2028-02", "2028-02-01", "2028-02-29"),
            (Rhythm(Cadence.QUARTERLY), "2026-11-15", "2026-Q4", "2026-10-01", "2026-12-31"),
            (Rhythm(Cadence.QUARTERLY, OWN), "2026-11-15", "2026-11-01-P3M", "2026-11-01", "2027-01-31"),
        ],
    )
    def test_every_cadence_names_its_periods(self, rhythm: Rhythm, day: str, key: str, since: str, until: str) -> None:
        expected = ReportPeriod(key, date.fromisoformat(since), date.fromisoformat(until))
        assert rhythm.holding(date.fromisoformat(day)) == expected == cadence.named(key)
        assert rhythm.before(rhythm.after(expected)) == expected

    @pytest.mark.parametrize(
        "key", ["", "2026", "2026-W54", "2026-W45-W47", "2026-13", "2026-Q5", "2026-02-30", "2026-11-02-P3M", "9999-12-31"]
    )
    def test_what_is_no_period_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match=r"period|week|month|day"):
            cadence.named(key)

    def test_the_first_business_day_is_never_at_a_weekend(self) -> None:
        plan = Plan(Rhythm(Cadence.MONTHLY), PARIS, time(8, 0))
        found = {send.period.key: shown(send.at, PARIS).date() for send in sends(plan)}
        assert (found["2026-07"], found["2026-10"], found["2026-11"]) == (date(2026, 8, 3), date(2026, 11, 2), date(2026, 12, 1))
