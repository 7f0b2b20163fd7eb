"""When reports are due, and which days each is of. Plain arithmetic of the calendar, without Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kpis import periods
from kpis.periods import Period


@dataclass(frozen=True)
class ReportPeriod:
    """The days a report is of, `since` to `until`, both included. `key`: "2026-W46", "2026-W45-W46", "2026-11", "2026-Q4"."""

    key: str
    since: date
    until: date

    @property
    def days(self) -> Period:
        return Period(self.since, self.until)


def named(key: str) -> ReportPeriod:
    """An ISO week such as "2026-W46". Raises `ValueError` for anything else."""
    period = periods.week(key)
    return ReportPeriod(key, period.since, period.until)
