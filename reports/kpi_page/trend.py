"""A KPI over time as a chart and as a table, with what it is held against and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kpis import formats, query
from kpis.definitions import Unit
from kpis.periods import Grain
from kpis.query import Compare, Slice
from kpis.values import Value
from reports import charts, dates
from reports.archive.models import Annotation
from reports.charts import Chart, Mark, Series, Tick
from reports.kpi_page.gathering import Gathered
from reports.periods_named import bucket


@dataclass(frozen=True)
class Point:
    """A line of the table: its days, figures, and the numbers of what happened in it."""

    name: str
    days: str
    value: str
    before: str
    target: str
    marks: list[int]


class Trend:
    """`before`: what the trend is held against."""

    def __init__(self, found: Gathered, grain: Grain, compare: Compare | None, today: date, currency: str, language: str) -> None:
        self.found, self.grain, self.compare = found, grain, compare
        self.today, self.currency, self.language = today, currency, language
        self.definition = found.figure.definition
        self.parts = found.trend.groups

    @property
    def title(self) -> str:
        counts = {Grain.DAY: _("%(name)s over %(number)d days"), Grain.WEEK: _("%(name)s over %(number)d weeks")}
        told = counts.get(self.grain, _("%(name)s over %(number)d months"))
        return told % {"name": _(self.definition.name), "number": len(self.parts)}

    @property
    def before_name(self) -> str:
        if self.compare is Compare.LAST_YEAR:
            return pgettext("trend", "A year before")
        return pgettext("trend", "Before")

    @property
    def chart(self) -> Chart | None:
        """None where no point is known."""
        values, before, targets = self._values(), self._before(), self._targets()
        if not any(value is not None for value in values):
            return None
        lines = [self._series(_(self.definition.short), values)]
        if any(value is not None for value in before):
            lines.append(self._series(self.before_name, before, is_beside=True))
        if any(value is not None for value in targets):
            lines.append(self._series(_("Target"), targets, is_beside=True))
        ticks = charts.axis([*values, *before, *targets], integers=self.definition.unit is Unit.COUNT)
        labels = formats.axis_labels(ticks, self.definition.unit, self.currency, self.language)
        known = [label for label, value in zip(lines[0].labels, values, strict=True) if value is not None]
        return Chart(
            title=self.title,
            summary=_("%(name)s: %(first)s to %(last)s") % {"name": lines[0].name, "first": known[0], "last": known[-1]},
            weeks=tuple(self._name(part) for part in self.parts),
            series=tuple(lines),
            ticks=tuple(Tick(float(tick), label) for tick, label in zip(ticks, labels, strict=True)),
            marks=self.marks,
        )

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(Mark(number, *self._places(each)) for number, each in enumerate(self.found.annotations, start=1))

    @property
    def points(self) -> list[Point]:
        """The latest first."""
        told = zip(self.parts, self._before(), self._targets(), strict=True)
        return [self._point(index, *each) for index, each in enumerate(told)][::-1]

    @property
    def has_targets(self) -> bool:
        return any(point.target != formats.UNDEFINED for point in self.points)

    def _point(self, index: int, part: Slice, before: Decimal | None, target: Decimal | None) -> Point:
        return Point(
            name=self._name(part),
            days=dates.days(part.period.since, part.period.until, self.language),
            value=self._told(part),
            before=self._figure(before),
            target=self._figure(target),
            marks=[mark.number for mark in self.marks if mark.first <= index <= mark.last],
        )

    def _told(self, part: Slice) -> str:
        """A part of a week or month says so: as a point of the line it would look like a fall."""
        value = part.value(self.definition, self.found.trend.coverage).decimal
        if value is None or self._is_whole(part):
            return self._figure(value)
        days = self.found.trend.coverage.days_loaded(self.definition.families, part.period)
        return _("%(value)s on %(days)d of %(all)d days") % {"value": self._figure(value), "days": days, "all": part.period.days}

    def _values(self) -> list[Decimal | None]:
        coverage = self.found.trend.coverage
        return [part.value(self.definition, coverage).decimal if self._is_whole(part) else None for part in self.parts]

    def _is_whole(self, part: Slice) -> bool:
        return part.period.until < self.today and query.is_whole(self.definition, part.period, self.found.trend.coverage)

    def _before(self) -> list[Decimal | None]:
        """Each known whatever becomes of the point that is held against it."""
        coverage = self.found.trend.coverage
        alone = [
            Slice(part.key, part.previous_period, None, part.previous_sums, is_divided=part.is_divided) if part.previous_period else None
            for part in self.parts
        ]
        return [
            part.value(self.definition, coverage).decimal if part and query.is_whole(self.definition, part.period, coverage) else None
            for part in alone
        ]

    def _targets(self) -> list[Decimal | None]:
        channel = self.found.channel
        if channel is None:
            return [None] * len(self.parts)
        return [Value(self.found.targets.over(self.found.figure.slug, part.period, channel)).decimal for part in self.parts]

    def _places(self, each: Annotation) -> tuple[int, int]:
        """The first and the last point it touches."""
        touched = [index for index, part in enumerate(self.parts) if each.since <= part.period.until and part.period.since <= each.until]
        return (touched[0], touched[-1]) if touched else (0, 0)

    def _series(self, name: str, values: Sequence[Decimal | None], *, is_beside: bool = False) -> Series:
        return Series(name, tuple(None if one is None else float(one) for one in values), tuple(map(self._figure, values)), is_beside)

    def _figure(self, value: Decimal | None) -> str:
        return formats.figure(value, self.definition.unit, self.currency, self.language)

    def _name(self, part: Slice) -> str:
        return bucket(part.key, self.language)


def drawn(chart: Chart | None) -> dict[str, str]:
    """For wide pages and for phones."""
    if chart is None:
        return {}
    wide = charts.line_chart(chart, charts.web_theme(), 760, 300)
    return {"wide": wide, "narrow": charts.line_chart(chart, charts.web_theme(12.5), 340, 280, narrow=True)}
