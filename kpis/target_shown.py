"""The grid of targets as a page shows it, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaigns.aims import Cell
from campaigns.channels import CHANNELS
from kpis import formats, typed
from kpis.definitions import Unit
from kpis.target_form import name_of
from kpis.target_grid import Grid, Kept, Line, exact, may_open
from kpis.values import Value


@dataclass(frozen=True)
class Box:
    """One cell: what stands in it, what is wrong with it, and what the month came to, with a word for whether that is as aimed at."""

    name: str
    label: str
    text: str
    fault: str
    is_proposed: bool
    actual: str
    tone: str
    verdict: str
    is_now: bool


@dataclass(frozen=True)
class Row:
    """A line of the grid. `channels`: "open", "closed" or "" of what no channel can have."""

    line: Line
    name: str
    sign: str
    boxes: list[Box]
    total: str
    actual: str
    adds_up: bool
    channels: str


@dataclass(frozen=True)
class SumRow:
    """What channels are to come to together; `differs`: in a month, from what the company is to."""

    slug: str
    cells: list[tuple[str, str, bool]]
    total: str

    @property
    def differs(self) -> bool:
        return any(differs for _name, _text, differs in self.cells)


class Shown:
    """Texts of a grid. `values`: what stands in the cells; `texts` and `faults`: of cells that were typed; `proposed`: not kept yet."""

    def __init__(
        self,
        grid: Grid,
        currency: str,
        language: str,
        today: date,
        *,
        texts: Mapping[Cell, str] | None = None,
        faults: Mapping[Cell, str] | None = None,
        proposed: Kept | None = None,
    ) -> None:
        self.grid, self.currency, self.language, self.today = grid, currency, language, today
        self.texts, self.faults, self.proposed = texts or {}, faults or {}, proposed or {}
        self.values = grid.kept | self.proposed

    @property
    def months(self) -> list[tuple[str, str, bool]]:
        """Of each: its short name, its whole one, and whether it is running."""
        return [(self._short(month), self._long(month), self._is_now(month)) for month in self.grid.year.months]

    @property
    def years_name(self) -> str:
        """ "2026", or "July 2026 – June 2027"."""
        period = self.grid.year.period
        if period.since.month == 1:
            return str(period.since.year)
        return f"{self._long(period.since)} – {self._long(period.until)}"

    @property
    def blocks(self) -> list[tuple[list[Row], SumRow | None]]:
        """The rows of each KPI, and the sum of its channels' where they have any."""
        slugs = dict.fromkeys(line.slug for line in self.grid.lines)
        return [([self._row(line) for line in self.grid.lines if line.slug == slug], self._sums(slug)) for slug in slugs]

    @property
    def wrong(self) -> list[tuple[str, str, str]]:
        """Every fault with the name and the label of its cell."""
        return [(name_of(cell), self._label(cell), fault) for cell, fault in sorted(self.faults.items())]

    def _row(self, line: Line) -> Row:
        definition = line.definition
        is_open = any(other.channel for other in self.grid.lines if other.slug == line.slug)
        return Row(
            line=line,
            name=_(CHANNELS[line.channel]) if line.channel else _(definition.name),
            sign=typed.unit_sign(definition.unit, self.currency, self.language),
            boxes=[self._box(line, month) for month in self.grid.year.months],
            total=self._figure(self.grid.total(line, self.values), definition.unit),
            actual=self._actual_of_year(line),
            adds_up=definition.is_additive,
            channels="" if line.channel or not may_open(line.slug) else "open" if is_open else "closed",
        )

    def _box(self, line: Line, month: date) -> Box:
        cell, unit = line.cell(month), line.definition.unit
        actual = self.grid.actuals.get(cell)
        reached = actual.is_reached if actual else None
        told = formats.figure(actual.value.decimal, unit, self.currency, self.language) if actual else ""
        return Box(
            name=name_of(cell),
            label=self._label(cell),
            text=self.texts.get(cell, typed.written(exact(self.values.get(cell)), unit, self.language)),
            fault=self.faults.get(cell, ""),
            is_proposed=cell in self.proposed and self.proposed[cell] != self.grid.kept.get(cell),
            actual=told if not actual or actual.is_over else _("%(value)s so far") % {"value": told},
            tone={True: "good", False: "bad", None: ""}[reached],
            verdict={True: _("target met"), False: _("target missed"), None: ""}[reached],
            is_now=self._is_now(month),
        )

    def _sums(self, slug: str) -> SumRow | None:
        line = Line(slug)
        sums = {month: self.grid.of_channels(slug, month, self.values) for month in self.grid.year.months}
        if not any(other.channel for other in self.grid.lines if other.slug == slug) or not line.definition.is_additive:
            return None
        cells = []
        for month, value in sums.items():
            whole = self.values.get(line.cell(month))
            differs = None not in (value, whole) and value != whole
            cells.append((f"{slug}.{month:%Y-%m}", self._figure(value, line.definition.unit), differs))
        known = [value for value in sums.values() if value is not None]
        return SumRow(slug, cells, self._figure(sum(known) if known else None, line.definition.unit))

    def _actual_of_year(self, line: Line) -> str:
        """Of the months that have begun, where they add up."""
        if not line.definition.is_additive:
            return ""
        told = [self.grid.actuals.get(line.cell(month)) for month in self.grid.year.months]
        known = [actual.value.exact for actual in told if actual and actual.value.exact is not None]
        if not known:
            return ""
        return formats.figure(Value(sum(known, Fraction(0))).decimal, line.definition.unit, self.currency, self.language)

    def _figure(self, value: int | None, unit: Unit) -> str:
        found: Decimal | None = exact(value)
        return "" if found is None else formats.figure(found, unit, self.currency, self.language)

    def _label(self, cell: Cell) -> str:
        line = Line(cell.kpi, cell.channel)
        who = _(CHANNELS[cell.channel]) if cell.channel else pgettext("targets", "Whole company")
        return f"{_(line.definition.name)} · {who} · {self._long(cell.month)}"

    def _is_now(self, month: date) -> bool:
        return month == self.today.replace(day=1)

    def _short(self, month: date) -> str:
        return str(format_date(month, "MMM", locale=self.language))

    def _long(self, month: date) -> str:
        name = str(format_date(month, "MMMM y", locale=self.language))
        return name[:1].upper() + name[1:]
