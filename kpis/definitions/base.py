"""What a definition says. No Django here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from kpis.expressions import Combined, Expression, Number
from kpis.measures import Measure
from kpis.values import Reason

__all__ = ["Definition", "Direction", "Reason", "Unit", "gettext_noop"]


def gettext_noop(text: str) -> str:
    return text


class Unit(StrEnum):
    MONEY = "money"  # of the client's currency
    COUNT = "count"
    FRACTION = "fraction"  # 0.25 is shown as 25 %
    MULTIPLE = "multiple"  # 4.2 is shown as 4.2x
    SECONDS = "seconds"  # shown as mm:ss
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"


class Direction(StrEnum):
    UP = "up"  # more is better
    DOWN = "down"  # less is better
    NEUTRAL = "neutral"  # a volume: neither


@dataclass(frozen=True, eq=False)
class Definition:
    """`short` is the name in the head of a column; `label` stands for a `name` that is too long for a headline.

    `formula` says in words what `expression` computes; `caveats` what a reader must know before comparing it with other
    figures. `version` grows when the formula does: a report keeps which one it was made with.
    """

    slug: str
    name: str
    short: str
    formula: str
    unit: Unit
    direction: Direction
    expression: Expression
    caveats: tuple[str, ...] = ()
    label: str = ""
    version: int = 1

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What it is made of, each once, from left to right."""
        return tuple(dict.fromkeys(self.expression.measures()))

    @cached_property
    def families(self) -> frozenset[str]:
        """The facts that it is made of."""
        return frozenset(measure.family for measure in self.measures)

    @cached_property
    def families_by_day(self) -> frozenset[str]:
        """Those that are told day by day: of stocks the newest figure serves, and costs come as a fee of a month or by invoice."""
        return frozenset(measure.family for measure in self.measures if measure.source != "stocks" and measure.family != "costs")

    @cached_property
    def counted_by_basis(self) -> frozenset[str]:
        """The sources that count what it is made of in one of several ways."""
        return frozenset(measure.source for measure in self.measures if measure.has_basis)

    @property
    def is_additive(self) -> bool:
        """Whether the figures of days, channels and campaigns add up to that of the whole."""
        return adds_up(self.expression)

    @property
    def matures_in(self) -> int:
        """Days after its own day for which a figure keeps growing."""
        return max(measure.matures_in for measure in self.measures)


def adds_up(expression: Expression) -> bool:
    """A measure whose parts add up; sums, differences and multiples of such."""
    match expression:
        case Measure():
            return expression.is_additive
        case Combined("+" | "−", left, right):
            return adds_up(left) and adds_up(right)
        case Combined("×", Number(), part) | Combined("×" | "/", part, Number()):
            return adds_up(part)
        case _:
            return False
