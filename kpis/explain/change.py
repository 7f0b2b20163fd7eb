"""Where the difference between two periods of a KPI comes from: what each channel or campaign has to do with it, exactly.

Of what adds up, the effect of a group is the difference of its own figures: all of it `volume`. Of a ratio N / D, with the
share s of a group in D, its own ratio r and the ratio R of the whole, before (0) and now (1):

    mix   = (s1 − s0) × (r0 − R0)    its weight grew or shrank, while it was better or worse than the whole
    rate  = s1 × (r1 − r0)           its own ratio changed
    apart = what it has of N in a period in which it has nothing of D, and so no ratio

A group that is new, or gone, has no ratio in one of the periods: what it brings is mix, (s1 − s0) × (r − R0) by the ratio it
has. The shares of each period add up to 1, so that all effects add up to R1 − R0 to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from kpis import query
from kpis.comparing import Compare
from kpis.coverage import Coverage
from kpis.definitions import Definition, Reason
from kpis.definitions.base import adds_up
from kpis.explain.number import Figure
from kpis.expressions import Combined, Expression
from kpis.periods import Period
from kpis.query import Answer, By, Question, Slice, Value

NOTHING = Fraction(0)
# A KPI in the period, and in the one it is compared with.
Pair = tuple[Value, Value]


@dataclass(frozen=True)
class Effect:
    """What a group contributes to a difference."""

    volume: Fraction = NOTHING
    mix: Fraction = NOTHING
    rate: Fraction = NOTHING
    apart: Fraction = NOTHING

    @property
    def total(self) -> Fraction:
        return self.volume + self.mix + self.rate + self.apart

    def __add__(self, other: Effect) -> Effect:
        return Effect(self.volume + other.volume, self.mix + other.mix, self.rate + other.rate, self.apart + other.apart)


@dataclass(frozen=True)
class Group:
    """A channel or campaign, its own figures, and its effect; None: `reason` says why it is not known."""

    key: str
    value: Value
    previous: Value
    effect: Effect | None
    reason: Reason | None = None


@dataclass(frozen=True)
class Change:
    """`difference` is None where one of the figures is; `reason` then says why, or why there are no effects although it is known."""

    figure: Figure
    compared: Period
    by: By
    value: Value
    previous: Value
    groups: list[Group]
    reason: Reason | None = None

    @property
    def difference(self) -> Fraction | None:
        if self.value.exact is None or self.previous.exact is None:
            return None
        return self.value.exact - self.previous.exact

    @property
    def effect(self) -> Effect | None:
        """Of all groups together, which is the difference."""
        if self.difference is None or self.reason:
            return None
        return sum((group.effect for group in self.groups if group.effect), Effect())

    @property
    def is_ratio(self) -> bool:
        return _ratio(self.figure.definition) is not None


def explain(figure: Figure, compared: Compare | Period, by: By) -> Change:
    """Of the client whose schema is open. Raises `ValueError` where the calendar has no period to compare with."""
    [answer] = query.ask_all([Question(figure.period, by, (figure.slug,), compared, figure.only)])
    return explained(figure, answer, by)


def explained(figure: Figure, answer: Answer, by: By) -> Change:
    """The same of an answer that was got already, grouped by `by` and of the figure's days."""
    definition, coverage = figure.definition, answer.coverage
    whole = _figures(answer.total, definition, coverage)
    unknown = next((value.reason for value in whole if value.exact is None), None)
    if unknown or not (adds_up(definition.expression) or _ratio(definition)):
        return Change(figure, answer.previous, by, *whole, [], unknown or Reason.NOT_DIVISIBLE)
    effects = _effects(definition, answer.total, coverage)
    groups = [_group(part, definition, coverage, effects) for part in answer.groups]
    return Change(figure, answer.previous, by, *whole, sorted(groups, key=_by_size))


def _by_size(group: Group) -> tuple[Fraction, str]:
    """The greatest effect first, up or down; those not known last."""
    return (-abs(group.effect.total) if group.effect else Fraction(1), group.key)


def _group(part: Slice, definition: Definition, coverage: Coverage, effect_of: Callable[[Slice], Effect | Reason]) -> Group:
    found = effect_of(part)
    effect, reason = (found, None) if isinstance(found, Effect) else (None, found)
    return Group(part.key, *_figures(part, definition, coverage), effect, reason)


def _effects(definition: Definition, whole: Slice, coverage: Coverage) -> Callable[[Slice], Effect | Reason]:
    """From a group to its effect, or why it is not known."""
    ratio = _ratio(definition)
    if ratio is None:
        return lambda part: _of_sum(_sums(part, definition, definition.expression, coverage))
    above, below = ratio
    all_above, all_below = (_sums(whole, definition, each, coverage) for each in ratio)
    return lambda part: _of_ratio(
        _sums(part, definition, above, coverage), _sums(part, definition, below, coverage), _known(all_above), _known(all_below)
    )


def _ratio(definition: Definition) -> tuple[Expression, Expression] | None:
    """The numerator and the denominator, where both add up."""
    match definition.expression:
        case Combined("/", above, below) if not adds_up(definition.expression) and adds_up(above) and adds_up(below):
            return above, below
    return None


def _of_sum(pair: Pair) -> Effect | Reason:
    now, before = pair
    if now.exact is None or before.exact is None:
        return _reason(pair)
    return Effect(volume=now.exact - before.exact)


def _of_ratio(above: Pair, below: Pair, all_above: tuple[Fraction, Fraction], all_below: tuple[Fraction, Fraction]) -> Effect | Reason:
    if any(value.exact is None for value in (*above, *below)):
        return _reason((*above, *below))
    (n1, n0), (d1, d0) = _known(above), _known(below)
    s1, s0 = d1 / all_below[0], d0 / all_below[1]
    was = all_above[1] / all_below[1]
    apart = (n1 / all_below[0] if d1 == 0 else NOTHING) - (n0 / all_below[1] if d0 == 0 else NOTHING)
    if d0 == 0 or d1 == 0:
        own = n0 / d0 if d0 else n1 / d1 if d1 else NOTHING
        return Effect(mix=(s1 - s0) * (own - was), apart=apart)
    return Effect(mix=(s1 - s0) * (n0 / d0 - was), rate=s1 * (n1 / d1 - n0 / d0))


def _reason(values: tuple[Value, ...]) -> Reason:
    return next(value.reason for value in values if value.reason)


def _known(pair: Pair) -> tuple[Fraction, Fraction]:
    now, before = pair
    assert now.exact is not None
    assert before.exact is not None
    return now.exact, before.exact


def _sums(part: Slice, definition: Definition, expression: Expression, coverage: Coverage) -> Pair:
    return _figures(part, replace(definition, expression=expression), coverage)


def _figures(part: Slice, definition: Definition, coverage: Coverage) -> Pair:
    compared = part.compared(definition, coverage)
    return compared.value, compared.previous
