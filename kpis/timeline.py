"""A value that holds from a day on, until another does. No Django here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from kpis.periods import ONE_DAY, Period

T = TypeVar("T")
EVER = date.min


@dataclass(frozen=True)
class Timeline(Generic[T]):
    """`spells`: the first day of each value, in order. The first is `EVER`; no value is that of its neighbour."""

    spells: tuple[tuple[date, T], ...]

    @classmethod
    def always(cls, value: T) -> Timeline[T]:
        return cls(((EVER, value),))

    def on(self, day: date) -> T:
        return next(value for since, value in reversed(self.spells) if since <= day)

    @property
    def newest(self) -> T:
        """What holds after the last change that is known."""
        return self.spells[-1][1]

    def then(self, since: date, value: T) -> Timeline[T]:
        """With `value` from `since` on, in place of all that was to hold on these days."""
        kept = tuple(spell for spell in self.spells if spell[0] < since)
        return Timeline(kept if kept and kept[-1][1] == value else (*kept, (since, value)))

    def parts(self) -> Iterator[tuple[Period, T]]:
        """Each value with its days, of all days there are."""
        ends = [since - ONE_DAY for since, _ in self.spells[1:]]
        for (since, value), until in zip(self.spells, [*ends, date.max], strict=True):
            yield Period(since, until), value

    def differing(self, other: Timeline[T]) -> list[Period]:
        """The days on which the two have different values."""
        starts = sorted({since for since, _ in (*self.spells, *other.spells)})
        ends = [*(start - ONE_DAY for start in starts[1:]), date.max]
        parts = zip(starts, ends, strict=True)
        return [Period(since, until) for since, until in parts if self.on(since) != other.on(since)]
