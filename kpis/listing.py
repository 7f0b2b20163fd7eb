"""The groups of an answer in an order that does not change from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kpis.definitions import DEFINITIONS
from kpis.query import Answer, Slice

BY_KEY = "key"
PAGE_SIZE = 500
LARGEST_PAGE = 2_000


@dataclass(frozen=True)
class Listing:
    """`sort`: `BY_KEY`, as the answer has them, or the slug of a KPI; `page` counts from 1."""

    sort: str = BY_KEY
    descending: bool = False
    page: int = 1
    page_size: int = PAGE_SIZE

    def groups(self, answer: Answer) -> list[Slice]:
        """Those of the page; none beyond the last."""
        first = (self.page - 1) * self.page_size
        return self._sorted(answer)[first : first + self.page_size]

    def pages(self, answer: Answer) -> int:
        return max(1, -(-len(answer.groups) // self.page_size))

    def _sorted(self, answer: Answer) -> list[Slice]:
        """Equal ones in the order of their keys, and those without a value last."""
        if self.sort == BY_KEY:
            return answer.groups[::-1] if self.descending else answer.groups
        definition = DEFINITIONS[self.sort]
        known: list[tuple[Fraction, Slice]] = []
        unknown = []
        for group in answer.groups:
            exact = group.value(definition, answer.coverage).exact
            if exact is None:
                unknown.append(group)
            else:
                known.append((-exact if self.descending else exact, group))
        return [group for _, group in sorted(known, key=lambda pair: pair[0])] + unknown
