"""What earlier reports of a schedule told, with what they corrected of those before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from kpis.definitions import DEFINITIONS, Unit
from kpis.periods import Period, months_before
from reports.archive import reading
from reports.archive.models import Snapshot
from reports.content import Figure, Report
from reports.models import Run

# How long a figure is looked at again after it was told.
WEEKS = 8
MONTHS = 3


@dataclass
class Told:
    """A period that was reported. `values`: the newest of each KPI that a reader saw. `minor`: where those are by now that moved little."""

    key: str
    period: Period
    values: dict[str, Decimal | None] = field(default_factory=dict)
    minor: dict[str, Decimal | None] = field(default_factory=dict)


def told(schedule_id: int, period: Period, by_months: bool, currency: str) -> tuple[Told, ...]:
    """Of the reports of periods before `period` that were sent to anybody, the oldest first. In the schema of the schedule's client.

    Amounts in another currency than `currency` cannot be compared, and are left out.
    """
    oldest = months_before(period.since, MONTHS) if by_months else period.since - timedelta(weeks=WEEKS)
    runs = Run.objects.filter(schedule_id=schedule_id, until__lt=period.since, until__gte=oldest, deliveries__sent_at__isnull=False)
    found: dict[str, Told] = {}
    for snapshot in Snapshot.objects.filter(run_id__in=list(runs.values_list("pk", flat=True))).order_by("created_at", "pk"):
        report = reading.report(snapshot)
        of_it = Told(report.period, Period(report.since, report.until))
        of_it.values = {figure.slug: figure.value for figure in _figures(report, report.currency == currency)}
        found[report.period] = of_it
        for correction in report.corrections.listed:
            if corrected := found.get(correction.period):
                corrected.values[correction.slug] = correction.new
                corrected.minor.pop(correction.slug, None)
        for correction in report.corrections.minor:
            if corrected := found.get(correction.period):
                corrected.minor[correction.slug] = correction.new
    return tuple(sorted(found.values(), key=lambda one: one.period.since))


def _figures(report: Report, with_money: bool) -> Iterator[Figure]:
    """Of the whole company, but those that are told to grow for months, as cohorts do."""
    every = [tile.figure for tile in report.tiles]
    every += [figure for figures in (report.scorecard, report.funnel, *(line.figures for line in report.lines)) for figure in figures]
    tables = (report.channels, report.campaigns, report.money)
    every += [figure for table in tables if table for figure in table.total.figures.values()]
    for figure in every:
        definition = DEFINITIONS.get(figure.slug)
        if definition and not definition.matures_in and (with_money or definition.unit is not Unit.MONEY):
            yield figure
