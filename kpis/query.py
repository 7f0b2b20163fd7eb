"""KPI values for any periods and groupings, with periods to compare, all in one round trip. Reads sums only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property, partial
from typing import NamedTuple

from accounts.tenancy import one_state
from kpis import choices, reading
from kpis.comparing import Compare, Part, compared, parts
from kpis.coverage import Coverage, Observed, Over, Standing
from kpis.definitions import DEFINITIONS, Definition
from kpis.measures import Measure
from kpis.periods import Calendar, Grain, Period
from kpis.reading import Found, Read
from kpis.slices import By, Only, Scope, Sum, Sums
from kpis.values import Reason, Value

__all__ = [
    "Answer", "By", "Compare", "Comparison", "Only", "Question", "Slice", "Sum", "Sums", "Value", "ask", "ask_all", "evaluate", "is_whole",
]  # fmt: skip

GRAINS = {By(grain): grain for grain in Grain}


class Comparison(NamedTuple):
    """A KPI and the same KPI in the period it is compared with.

    `is_provisional`: it may still change by itself, without anything being corrected. `days_loaded`: of `days` asked for.
    `until`: the last day it counts, where that is before the last one asked for.
    """

    value: Value
    previous: Value
    is_provisional: bool
    days_loaded: int
    days: int
    until: date | None = None


@dataclass
class Slice:
    """The measures of one group in the period and in the other, if there is one; what was loaded decides 0 or unknown.

    `shorter`: the measures of those KPIs that count a beginning of one of the periods only, by that beginning.
    `is_divided`: it is a part by channel, campaign or label, which not everything is told by. `is_joined`: it is several such.
    """

    key: str
    period: Period
    previous_period: Period | None
    sums: Sums = field(default_factory=Sums)
    previous_sums: Sums = field(default_factory=Sums)
    shorter: dict[Period, Sums] = field(default_factory=dict)
    is_divided: bool = False
    is_joined: bool = False

    def values(self, slugs: Iterable[str], coverage: Coverage) -> dict[str, Comparison]:
        """The asked KPIs by slug."""
        now, before = self._observed(coverage)
        return {slug: self._compared(DEFINITIONS[slug], now, before) for slug in slugs}

    def value(self, definition: Definition, coverage: Coverage) -> Value:
        observed = coverage.over(self.period)[definition]
        return self._of(definition, observed, self._sums(observed))

    def measured(self, measure: Measure, definition: Definition, coverage: Coverage) -> Value:
        """What a KPI is made of, over the days that it counts."""
        observed = coverage.over(self.period)[definition]
        return _measured(self._sums(observed), observed, self.is_divided, measure)

    def compared(self, definition: Definition, coverage: Coverage) -> Comparison:
        return self._compared(definition, *self._observed(coverage))

    def _observed(self, coverage: Coverage) -> tuple[Over, Over | None]:
        return coverage.over(self.period), coverage.over(self.previous_period) if self.previous_period else None

    def _compared(self, definition: Definition, over: Over, over_previous: Over | None) -> Comparison:
        now = over[definition]
        sums = self._sums(now)
        return Comparison(
            self._of(definition, now, sums),
            self._previous(definition, now, over_previous[definition]) if over_previous is not None else Value(None, Reason.NOT_COMPARABLE),
            is_provisional(definition, sums, now),
            now.days_loaded,
            self.period.days,
            now.until,
        )

    def _previous(self, definition: Definition, now: Observed, before: Observed) -> Value:
        """A KPI is compared only where both periods are wholly loaded and counted alike: else a part would look like a fall or a rise."""
        previous = self._of(definition, before, self._sums(before, is_previous=True))
        if previous.exact is not None and not (now.is_whole and before.is_whole):
            return Value(None, Reason.NOT_COMPARABLE)
        if previous.exact is not None and _is_mixed(definition, self.sums, self.previous_sums):
            return Value(None, Reason.MIXED_BASIS)
        return previous

    def _sums(self, observed: Observed, *, is_previous: bool = False) -> Sums:
        asked, sums = (self.previous_period, self.previous_sums) if is_previous else (self.period, self.sums)
        if asked is None or observed.until is None:
            return sums
        return self.shorter.get(Period(asked.since, observed.until)) or Sums()

    def _of(self, definition: Definition, observed: Observed, sums: Sums) -> Value:
        if self.is_joined and not all(measure.is_additive for measure in definition.measures):
            return Value(None, Reason.NOT_DIVISIBLE)
        return _evaluate(definition, sums, observed, self.is_divided)

    @classmethod
    def together(cls, key: str, those: Iterable[Slice], period: Period, previous: Period | None) -> Slice:
        """Several disjoint groups as one: sums add, ratios follow from them. What does not add up has no value."""
        whole = cls(key, period, previous, is_divided=True, is_joined=True)
        for part in those:
            whole.sums.add(part.sums)
            whole.previous_sums.add(part.previous_sums)
            for shorter, sums in part.shorter.items():
                whole.shorter.setdefault(shorter, Sums()).add(sums)
        return whole


@dataclass(frozen=True)
class Question:
    """Figures of `slugs` (default: all) over `period` and the period that `previous` says, grouped and confined.

    `across`: the dimension by which each group of time is divided again. `calendar`: by which weeks, quarters and years begin, where it is
    not to be the client's own.
    """

    period: Period
    by: By | None = None
    slugs: tuple[str, ...] = tuple(DEFINITIONS)
    previous: Compare | Period = Compare.PREVIOUS
    only: Only = field(default_factory=Only)
    across: By | None = None
    calendar: Calendar | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(dict.fromkeys(measure for slug in self.slugs for measure in DEFINITIONS[slug].measures))


@dataclass(frozen=True)
class Answer:
    """Figures of a period: the whole, and by group in the order of time or of the group's name. `across`: each group of time, divided."""

    period: Period
    previous: Period
    by: By | None
    total: Slice
    groups: list[Slice]
    across: Found
    coverage: Coverage


def ask(
    period: Period,
    by: By | None = None,
    *,
    slugs: Iterable[str] = DEFINITIONS,
    previous: Compare | Period = Compare.PREVIOUS,
    only: Only | None = None,
) -> Answer:
    """Figures of the client whose schema is open, all of one state: of `slugs`, grouped by a dimension or a grain of time."""
    return ask_all([Question(period, by, tuple(slugs), previous, only or Only())])[0]


def ask_all(questions: Sequence[Question]) -> list[Answer]:
    """The answer to each question, all of one state and in one round trip for the sums: what a dashboard asks at once.

    Raises `ValueError` where the calendar has no period to compare with.
    """
    with one_state():
        standing, chosen = Standing.load(), choices.in_force()
        plans = [_Plan.of(question, question.calendar or chosen.calendar, standing.coverage) for question in questions]
        reads = _together(asked for plan in plans for asked in plan.reads)
        found = dict(
            zip(((read.scope, read.measures) for read in reads), reading.read(reads, f"{standing.version} {chosen!r}", chosen), strict=True)
        )
    return [plan.answer(found) for plan in plans]


@dataclass(frozen=True)
class _Plan:
    """What must be read for a question."""

    question: Question
    previous: Period
    parts: tuple[Part, ...]
    coverage: Coverage

    @classmethod
    def of(cls, question: Question, calendar: Calendar, coverage: Coverage) -> _Plan:
        grain = GRAINS.get(question.by) if question.by else None
        divided = tuple(parts(question.period, grain, question.previous, calendar)) if grain else ()
        return cls(question, compared(question.period, question.previous, calendar), divided, coverage)

    @property
    def periods(self) -> tuple[Period, Period]:
        return self.question.period, self.previous

    @property
    def scope(self) -> Scope:
        return Scope(None, self.question.only)

    @property
    def groups_scope(self) -> Scope | None:
        """By dimension; None where it is grouped by time, or not at all."""
        return Scope(self.question.by, self.question.only) if self.question.by and self.question.by not in GRAINS else None

    @cached_property
    def across(self) -> Read | None:
        divided = self.question.across
        periods = tuple(part.period for part in self.parts)
        return Read(Scope(divided, self.question.only), self.question.measures, periods) if divided else None

    @cached_property
    def all_periods(self) -> tuple[Period, ...]:
        """That of the whole and of each part of time, with those that they are compared with."""
        others = (part.previous for part in self.parts if part.previous)
        return tuple(dict.fromkeys((*self.periods, *(part.period for part in self.parts), *others)))

    @cached_property
    def shorter(self) -> dict[Period, list[Definition]]:
        """The beginnings of these periods that are all that some KPIs count of them."""
        several = [definition for definition in map(DEFINITIONS.__getitem__, self.question.slugs) if len(definition.families_by_day) > 1]
        found: dict[Period, list[Definition]] = {}
        for period in self.all_periods if several else ():
            for definition in several:
                counted = self.coverage.counted(definition, period)
                if counted != period:
                    found.setdefault(counted, []).append(definition)
        return found

    @cached_property
    def shorter_measures(self) -> tuple[Measure, ...]:
        return tuple(dict.fromkeys(measure for those in self.shorter.values() for each in those for measure in each.measures))

    @property
    def reads(self) -> Iterator[Read]:
        yield Read(self.scope, self.question.measures, self.all_periods)
        if self.groups_scope:
            yield Read(self.groups_scope, self.question.measures, self.periods)
        if self.across:
            yield self.across
        for scope in (self.scope, self.groups_scope) if self.shorter else ():
            if scope:
                yield Read(scope, self.shorter_measures, tuple(self.shorter))

    def answer(self, found: dict[tuple[Scope, tuple[Measure, ...]], Found]) -> Answer:
        total = self._slice("", *self.periods, "", found, self.scope)
        if scope := self.groups_scope:
            keys = sorted({key for period, key in found[scope, self.question.measures] if period in self.periods})
            groups = [self._slice(key, *self.periods, key, found, scope) for key in keys]
        else:
            groups = [self._slice(part.key, part.period, part.previous, "", found, self.scope) for part in self.parts]
        across = found[self.across.scope, self.across.measures] if self.across else {}
        return Answer(self.question.period, self.previous, self.question.by, total, groups, across, self.coverage)

    def _slice(
        self,
        called: str,
        period: Period,
        previous: Period | None,
        key: str,
        found: dict[tuple[Scope, tuple[Measure, ...]], Found],
        scope: Scope,
    ) -> Slice:
        sums = found[scope, self.question.measures]
        before = sums.get((previous, key), Sums()) if previous else Sums()
        shorter = self._shorter(key, found[scope, self.shorter_measures]) if self.shorter else {}
        return Slice(called, period, previous, sums.get((period, key), Sums()), before, shorter, scope.is_divided)

    def _shorter(self, key: str, found: Found) -> dict[Period, Sums]:
        return {period: found[period, key] for period in self.shorter if (period, key) in found}


def _together(reads: Iterable[Read]) -> list[Read]:
    """Those of one scope and of the same measures as one, each period once."""
    periods: dict[tuple[Scope, tuple[Measure, ...]], dict[Period, None]] = {}
    for read in reads:
        periods.setdefault((read.scope, read.measures), {}).update(dict.fromkeys(read.periods))
    return [Read(scope, measures, tuple(asked)) for (scope, measures), asked in periods.items()]


def evaluate(definition: Definition, sums: Sums, period: Period, coverage: Coverage) -> Value:
    """One KPI from its measures. Null with a reason where a part is unknown or a denominator is 0."""
    return _evaluate(definition, sums, coverage.over(period)[definition], is_divided=False)


def is_whole(definition: Definition, period: Period, coverage: Coverage) -> bool:
    """Whether every day of `period` is loaded for all that a KPI is computed from."""
    return coverage.over(period)[definition].is_whole


def is_provisional(definition: Definition, sums: Sums, observed: Observed) -> bool:
    """Whether a part of it may still change: counted too soon, not yet settled by who tells it, or of people who may yet act."""
    if observed.may_change:
        return True
    for measure in definition.measures:
        found = sums.find(measure)
        if found is not None and found.unsettled:
            return True
    return False


def _evaluate(definition: Definition, sums: Sums, observed: Observed, is_divided: bool) -> Value:
    return definition.expression.value(partial(_measured, sums, observed, is_divided))


def _measured(sums: Sums, observed: Observed, is_divided: bool, measure: Measure) -> Value:
    if measure in observed.gaps:
        return Value(None, observed.gaps[measure])
    if is_divided and not reading.is_divisible(measure):
        return Value(None, Reason.NOT_DIVISIBLE)
    if measure.has_basis and sums.is_mixed(measure.source):
        return Value(None, Reason.MIXED_BASIS)
    found = sums.find(measure)
    if found is None:
        return Value(None, measure.missing) if measure.known_only else Value(Fraction(0))
    if found.unknown:
        # What is told of nobody is `missing`; here a part of what is told is not known.
        missing = Reason.NOT_REPORTED if measure.known_only else measure.missing
        return Value(None, Reason.NO_EXCHANGE_RATE if found.unconverted else missing)
    # A denominator has it look for what is common, even where that is 1.
    return Value(Fraction(found.total) if measure.scale == 1 else Fraction(found.total, measure.scale))


def _is_mixed(definition: Definition, sums: Sums, others: Sums) -> bool:
    return bool(sums.bases or others.bases) and any(sums.is_mixed(source, others) for source in definition.counted_by_basis)
