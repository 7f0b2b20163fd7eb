"""One report in one language: what every room of this package works from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from reports import content, dates


@dataclass(frozen=True)
class Edition:
    """A report and the language it is told in ("en" or "fr"); that language is active while it is."""

    report: content.Report
    language: str

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.report.timezone)

    @cached_property
    def number(self) -> int:
        """Of the report's ISO week."""
        return dates.week_number(self.report.period)

    @cached_property
    def previous_number(self) -> int:
        """Of the ISO week it is compared with."""
        return self.report.previous_since.isocalendar().week

    @cached_property
    def headlines(self) -> dict[str, content.Figure]:
        """The tiles' figures by KPI, in their order."""
        return {tile.figure.slug: tile.figure for tile in self.report.tiles}
