"""One report in one language: what every room of this package works from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from reports import content
from reports.periods_named import Named, form


@dataclass(frozen=True)
class Edition:
    """A report and the language it is told in ("en" or "fr"); that language is active while it is."""

    report: content.Report
    language: str

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.report.timezone)

    @cached_property
    def period(self) -> Named:
        """What the report is of."""
        return self._named(self.report.since, self.report.until)

    @cached_property
    def before(self) -> Named:
        """What it is compared with."""
        since, until = self.report.previous_since, self.report.previous_until
        match self.report.compared:
            case "previous":
                return self._named(since, until)
            case "last_year":
                return replace(self._named(since, until), with_year=True)
            case "custom":
                return Named("days", since, until, self.language)

    @cached_property
    def last_year(self) -> Named | None:
        """The same period of the year before, where the report has it."""
        since, until = self.report.last_year_since, self.report.last_year_until
        return replace(self._named(since, until), with_year=True) if since and until else None

    def _named(self, since: date, until: date) -> Named:
        return Named(form(self.report.period), since, until, self.language)

    @cached_property
    def headlines(self) -> dict[str, content.Figure]:
        """The tiles' figures by KPI, in their order."""
        return {tile.figure.slug: tile.figure for tile in self.report.tiles}
