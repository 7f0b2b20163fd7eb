"""A year of targets as a grid: months beside one another, KPIs and their channels below one another, and what past months came to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from accounts.models import Client
from campaigns.aims import Aim, Cell
from campaigns.channels import CHANNELS
from campaigns.records import NANO
from kpis import query, targets
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Definition, Unit
from kpis.periods import Calendar, Grain, Period, buckets, months_before
from kpis.query import By, Question
from kpis.reading import is_divisible
from kpis.targets import Targets
from kpis.values import Value

# Shown to whoever has not set anything yet.
USUAL = ("revenue", "new_customers", "leads", "spend", "cpl", "cac", "blended_roas")
EARLIEST_YEAR, LATEST_YEAR = 1971, 2099
MONTHS_OF_A_YEAR = 12
# From here on, nobody aims at cents.
WHOLE_FROM = 100
# Billionths of each cell that has a target.
Kept = dict[Cell, int]


@dataclass(frozen=True)
class Year:
    """A fiscal year of a client, called by the year in which it begins. `months`: the first day of each."""

    number: int
    period: Period

    @classmethod
    def of(cls, number: int, calendar: Calendar) -> Year:
        return cls(number, calendar.whole(date(number, calendar.fiscal_start, 1), Grain.YEAR))

    @classmethod
    def holding(cls, day: date, calendar: Calendar) -> Year:
        period = calendar.whole(day, Grain.YEAR)
        return cls(period.since.year, period)

    @property
    def months(self) -> list[date]:
        return [month.whole.since for month in buckets(self.period, Grain.MONTH)]


@dataclass(frozen=True)
class Line:
    """One row: a KPI of the whole company, or with `channel` of one channel."""

    slug: str
    channel: str = ""

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.slug]

    def cell(self, month: date) -> Cell:
        return Cell(self.slug, self.channel, month)


@dataclass(frozen=True)
class Actual:
    """What a month came to. `is_over`: all of it has passed; `is_reached` None where nobody can say."""

    value: Value
    is_over: bool
    is_reached: bool | None = None


@dataclass(frozen=True)
class Grid:
    """`kept`: what is set, of this year and the one before. `sums` over channels are in the months that have any."""

    year: Year
    lines: list[Line]
    kept: Kept
    actuals: Mapping[Cell, Actual]

    @property
    def last_year(self) -> Kept:
        return {replace(cell, month=_year_later(cell.month)): value for cell, value in self.kept.items()}

    def total(self, line: Line, values: Kept) -> int | None:
        """Of a year, where months add up and at least one is set."""
        if not line.definition.is_additive:
            return None
        set_ = [values[line.cell(month)] for month in self.year.months if line.cell(month) in values]
        return sum(set_) if set_ else None

    def of_channels(self, slug: str, month: date, values: Kept) -> int | None:
        """What the channels are to come to together, where that adds up and one of them has a target."""
        if not DEFINITIONS[slug].is_additive:
            return None
        set_ = [value for channel in CHANNELS if (value := values.get(Cell(slug, channel, month))) is not None]
        return sum(set_) if set_ else None


def load(client: Client, year: Year, today: date, more: Iterable[str] = (), opened: Iterable[str] = ()) -> Grid:
    """Of the client whose schema is open. `more`: KPIs to show besides those that are usual or set; `opened`: by every channel."""
    loaded = Targets.load(client, today)
    kept = _kept(loaded)
    shown = _slugs(kept, year, more)
    lines = [line for slug in shown for line in _lines(slug, kept, year, slug in set(opened))]
    return Grid(year, lines, kept, _actuals(loaded, lines, year, today))


def may_open(slug: str) -> bool:
    """Whether a KPI is told by channel, so that a channel can have a target."""
    return all(is_divisible(measure) for measure in DEFINITIONS[slug].measures)


def raised(grid: Grid, slug: str, percent: Decimal, *, from_actuals: bool, over_set: bool) -> Kept:
    """What the year before had, of one KPI or ("") all that are shown, more by `percent`: rounded to what can be aimed at.

    `from_actuals`: what it came to, instead of what was aimed at. `over_set`: also where this year has a target already.
    """
    before = _actuals_before(grid) if from_actuals else grid.last_year
    found: Kept = {}
    for line in grid.lines:
        if slug not in ("", line.slug):
            continue
        for month in grid.year.months:
            cell = line.cell(month)
            if cell in before and (over_set or cell not in grid.kept):
                found[cell] = _rounded(Fraction(before[cell]) * (1 + Fraction(percent) / 100), line.definition.unit)
    return found


def aims(client: Client, values: Mapping[Cell, int | None]) -> dict[Cell, Aim | None]:
    """As they are kept: money in the client's currency."""
    return {cell: None if value is None else Aim(value, currency(client, cell)) for cell, value in values.items()}


def currency(client: Client, cell: Cell) -> str:
    """In which a cell is kept; "" of what is no money."""
    return client.currency if DEFINITIONS[cell.kpi].unit is Unit.MONEY else ""


def exact(value: int | None) -> Decimal | None:
    return None if value is None else (Decimal(value) / NANO).normalize()


def _kept(loaded: Targets) -> Kept:
    whole = {Cell(slug, "", month): _nano(value) for (slug, month), value in loaded.of.items()}
    return whole | {Cell(slug, channel, month): _nano(value) for (slug, channel, month), value in loaded.of_channels.items()}


def _nano(value: Fraction) -> int:
    return round(value * NANO)


def _slugs(kept: Kept, year: Year, more: Iterable[str]) -> list[str]:
    spoken = {cell.kpi for cell in kept if cell.month in year.period or _year_later(cell.month) in year.period}
    wanted = {*USUAL, *spoken, *more}
    return list(dict.fromkeys(slug for slug in (*USUAL, *DEFINITIONS) if slug in wanted))


def _lines(slug: str, kept: Kept, year: Year, is_open: bool) -> list[Line]:
    told = {cell.channel for cell in kept if cell.kpi == slug and cell.month in year.period}
    shown = [channel for channel in CHANNELS if channel in told or (is_open and may_open(slug))]
    return [Line(slug), *(Line(slug, channel) for channel in shown)]


def _actuals(loaded: Targets, lines: list[Line], year: Year, today: date) -> dict[Cell, Actual]:
    """Of this year's months that have begun, and of the same lines a year before; one round trip."""
    begun = [month for month in _both_years(year) if month.since < today]
    if not begun:
        return {}
    slugs = tuple(dict.fromkeys(line.slug for line in lines if not line.channel))
    divided = tuple(dict.fromkeys(line.slug for line in lines if line.channel))
    asked = [Question(month, None, slugs, month) for month in begun]
    asked += [Question(month, By.CHANNEL, divided, month) for month in begun] if divided else []
    answers = query.ask_all(asked)
    found: dict[Cell, Actual] = {}
    for month, answer in zip(begun, answers, strict=False):
        for slug in slugs:
            value = answer.total.value(DEFINITIONS[slug], answer.coverage)
            _keep_actual(found, loaded, Cell(slug, "", month.since), value, month, today, answer.coverage)
    for month, answer in zip(begun, answers[len(begun) :], strict=False):
        parts = {group.key: group for group in answer.groups}
        for line in lines:
            if line.channel and line.channel in parts:
                value = parts[line.channel].value(line.definition, answer.coverage)
                _keep_actual(found, loaded, line.cell(month.since), value, month, today, answer.coverage)
    return found


def _keep_actual(
    found: dict[Cell, Actual], loaded: Targets, cell: Cell, value: Value, month: Period, today: date, coverage: Coverage
) -> None:
    """A month of which days are not loaded is not judged."""
    definition = DEFINITIONS[cell.kpi]
    if value.exact is None:
        return
    is_over = month.until < today and query.is_whole(definition, month, coverage)
    target = loaded.at(cell.kpi, cell.channel, cell.month)
    found[cell] = Actual(value, is_over, targets.is_reached(definition, value.exact, target) if is_over else None)


def _both_years(year: Year) -> list[Period]:
    return [bucket.whole for bucket in buckets(Period(months_before(year.period.since, MONTHS_OF_A_YEAR), year.period.until), Grain.MONTH)]


def _actuals_before(grid: Grid) -> Kept:
    return {
        replace(cell, month=_year_later(cell.month)): _nano(actual.value.exact)
        for cell, actual in grid.actuals.items()
        if actual.is_over and actual.value.exact is not None
    }


def _year_later(month: date) -> date:
    return month.replace(year=month.year + 1)


def _rounded(value: Fraction, unit: Unit) -> int:
    """Billionths, of what a person would write: whole counts and amounts of money from a hundred on, else four digits."""
    figure = value / NANO
    places = 0 if unit is Unit.COUNT or abs(figure) >= WHOLE_FROM else 4 if unit is Unit.FRACTION else 2
    shift = 10**places
    size: int = math.floor(abs(figure) * shift + Fraction(1, 2)) * (NANO // shift)
    return -size if figure < 0 else size
