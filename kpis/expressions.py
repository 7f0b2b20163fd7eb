"""Arithmetic over measures that is written as it is read, evaluated exactly, and null where a part is. No Django here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kpis.values import Reason, Value

if TYPE_CHECKING:
    from kpis.measures import Measure


class Expression:
    """A measure, a number, or two expressions and what is done with them."""

    def __add__(self, other: Expression | int) -> Expression:
        return Combined("+", self, _expression(other))

    def __sub__(self, other: Expression | int) -> Expression:
        return Combined("−", self, _expression(other))

    def __mul__(self, other: Expression | int) -> Expression:
        return Combined("×", self, _expression(other))

    def __rmul__(self, other: int) -> Expression:
        return Combined("×", Number(other), self)

    def __rsub__(self, other: int) -> Expression:
        return Combined("−", Number(other), self)

    def __truediv__(self, other: Expression | int) -> Expression:
        return Combined("/", self, _expression(other))

    def measures(self) -> Iterator[Measure]:
        """The measures it is made of, from left to right; one that stands twice comes twice."""
        raise NotImplementedError

    def value(self, of: Callable[[Measure], Value]) -> Value:
        """Its value where `of` gives that of a measure; the first unknown part, from left to right, says why there is none."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Expression):
    number: int

    def measures(self) -> Iterator[Measure]:
        return iter(())

    def value(self, of: Callable[[Measure], Value]) -> Value:
        return Value(Fraction(self.number))


@dataclass(frozen=True)
class Combined(Expression):
    operator: str
    left: Expression
    right: Expression

    def measures(self) -> Iterator[Measure]:
        yield from self.left.measures()
        yield from self.right.measures()

    def value(self, of: Callable[[Measure], Value]) -> Value:
        left = self.left.value(of)
        right = self.right.value(of)
        if left.exact is None or right.exact is None:
            return left if left.exact is None else right
        if self.operator == "/" and right.exact == 0:
            return Value(None, Reason.NO_DENOMINATOR)
        return Value(_OPERATIONS[self.operator](left.exact, right.exact))


_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "−": lambda left, right: left - right,
    "×": lambda left, right: left * right,
    # Made lowest once, which is quicker than the division of `Fraction`.
    "/": lambda left, right: Fraction(left.numerator * right.denominator, left.denominator * right.numerator),
}


def _expression(given: Expression | int) -> Expression:
    return Number(given) if isinstance(given, int) else given
