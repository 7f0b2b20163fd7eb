"""KPI values for any period and grouping, with a period to compare. Reads roll-ups only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from accounts.tenancy import one_state
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Definition
from kpis.measures import Measure
from kpis.periods import Grain, Period, buckets
from kpis.reading import merged, read
from kpis.roll_ups import BY_NAME
from kpis.slices import By, Only, Sum, Sums
from kpis.values import Reason, Value

__all__ = ["Answer", "By", "Comparison", "Only", "Slice", "Sum", "Sums", "Value", "ask", "evaluate", "is_whole"]

GRAINS = {By.DAY: Grain.DAY, By.WEEK: Grain.WEEK, By.MONTH: Grain.MONTH}


@dataclass(frozen=True)
class Comparison:
    """A KPI and the same KPI in the period it is compared with."""

    value: Value
    previous: Value


@dataclass
class Slice:
    """The measures of one group in the period and in the other; what of it was loaded decides 0 or unknown.

    `is_divided`: it is a part by channel, campaign or label, which not everything is told by.
    """

    key: str
    period: Period
    previous_period: Period
    sums: Sums = field(default_factory=Sums)
    previous_sums: Sums = field(default_factory=Sums)
    is_divided: bool = False

    def values(self, slugs: Iterable[str], coverage: Coverage) -> dict[str, Comparison]:
        """The asked KPIs by slug."""
        return {slug: self._compared(DEFINITIONS[slug], coverage) for slug in slugs}

    def _compared(self, definition: Definition, coverage: Coverage) -> Comparison:
        """A KPI is compared only where both periods are wholly loaded and counted alike: else a part would look like a fall or a rise."""
        value = evaluate(definition, self.sums, self.period, coverage, is_divided=self.is_divided)
        previous = evaluate(definition, self.previous_sums, self.previous_period, coverage, is_divided=self.is_divided)
        if previous.exact is not None and not all(is_whole(definition, each, coverage) for each in (self.period, self.previous_period)):
            previous = Value(None, Reason.NOT_COMPARABLE)
        if previous.exact is not None and _is_mixed(definition, merged((self.sums, self.previous_sums))):
            previous = Value(None, Reason.MIXED_BASIS)
        return Comparison(value, previous)

    @classmethod
    def together(cls, key: str, parts: Iterable[Slice], period: Period, previous: Period) -> Slice:
        """Several disjoint groups as one: sums add, ratios follow from them."""
        whole = cls(key, period, previous, is_divided=True)
        for part in parts:
            whole.sums.add(part.sums)
            whole.previous_sums.add(part.previous_sums)
        return whole


@dataclass(frozen=True)
class Answer:
    """Figures of a period: the whole, and by group in the order of time or of the group's name."""

    period: Period
    total: Slice
    groups: list[Slice]
    coverage: Coverage


def ask(
    period: Period, by: By | None = None, *, slugs: Iterable[str] | None = None, previous: Period | None = None, only: Only | None = None
) -> Answer:
    """Figures of the client whose schema is open over `period` and over `previous` (by default the days before), all of one state.

    Of `slugs` (default: all), grouped by a dimension or a grain of time, and confined to `only`.
    """
    wanted = [DEFINITIONS[slug] for slug in (DEFINITIONS if slugs is None else slugs)]
    measures = list(dict.fromkeys(measure for definition in wanted for measure in definition.measures))
    with one_state():
        return _ask(period, previous or period.previous, by, measures, only or Only())


def _ask(period: Period, previous: Period, by: By | None, measures: list[Measure], only: Only) -> Answer:
    coverage = Coverage.load()
    if by in GRAINS:
        return _by_time(period, previous, GRAINS[by], measures, only, coverage)
    whole = read([period, previous], measures, None, only)
    total = Slice("", period, previous, whole.get((0, ""), Sums()), whole.get((1, ""), Sums()), bool(only))
    groups = []
    if by:
        found = read([period, previous], measures, by, only)
        keys = sorted({key for _, key in found})
        groups = [Slice(key, period, previous, found.get((0, key), Sums()), found.get((1, key), Sums()), True) for key in keys]
    return Answer(period, total, groups, coverage)


def _by_time(period: Period, previous: Period, grain: Grain, measures: list[Measure], only: Only, coverage: Coverage) -> Answer:
    parts = list(buckets(period, grain))
    periods = [period, previous, *(part.period for part in parts), *(part.previous for part in parts)]
    by_number = read(periods, measures, None, only)
    found = [by_number.get((number, ""), Sums()) for number in range(len(periods))]
    now, before = found[2 : 2 + len(parts)], found[2 + len(parts) :]
    groups = [
        Slice(part.key, part.period, part.previous, sums, earlier, bool(only))
        for part, sums, earlier in zip(parts, now, before, strict=True)
    ]
    return Answer(period, Slice("", period, previous, found[0], found[1], bool(only)), groups, coverage)


def evaluate(definition: Definition, sums: Sums, period: Period, coverage: Coverage, *, is_divided: bool = False) -> Value:
    """One KPI from its measures. Null with a reason where a part is unknown or a denominator is 0."""
    return definition.expression.value(lambda measure: _measured(measure, sums, period, coverage, is_divided))


def is_whole(definition: Definition, period: Period, coverage: Coverage) -> bool:
    """Whether every day of `period` is loaded for all that a KPI is computed from."""
    return all(coverage.is_whole(family, period) for family in {measure.family for measure in definition.measures})


def _measured(measure: Measure, sums: Sums, period: Period, coverage: Coverage, is_divided: bool) -> Value:
    if gap := coverage.gap(measure.family, period):
        return Value(None, gap)
    if is_divided and not is_divisible(measure):
        return Value(None, Reason.NOT_DIVISIBLE)
    if measure.has_basis and sums.is_mixed(measure.source):
        return Value(None, Reason.MIXED_BASIS)
    found = sums.of.get(measure.slug)
    if found is None:
        return Value(None, measure.missing) if measure.known_only else Value(Fraction(0))
    if found.unknown:
        return Value(None, Reason.NO_EXCHANGE_RATE if found.unconverted else measure.missing)
    return Value(Fraction(found.total, measure.scale))


def is_divisible(measure: Measure) -> bool:
    """Whether its source tells it by channel and campaign."""
    roll_up = BY_NAME.get(measure.source)
    return roll_up.narrow is not None if roll_up else measure.source != "stocks"


def _is_mixed(definition: Definition, sums: Sums) -> bool:
    return any(measure.has_basis and sums.is_mixed(measure.source) for measure in definition.measures)
