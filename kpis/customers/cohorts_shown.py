"""Cohorts as a page shows them, in the active language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from babel.dates import format_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.channels import CHANNELS
from kpis import formats
from kpis.customers import cohorts
from kpis.customers.cohort_data import unit
from kpis.customers.cohorts import Cohort, Shown
from kpis.values import Reason, Value
from kpis.words import REASONS

# Shades of a cell, by its part of the highest.
SHADES = 5


@dataclass(frozen=True)
class Cell:
    """`shade`: 0 for none. `is_open`: its month is not over; of later ones there is nothing to say."""

    text: str = ""
    shade: int = 0
    reason: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class Line:
    """`is_open`: the month itself is not over, and its customers are not all there."""

    name: str
    size: int
    cells: tuple[Cell, ...]
    channel: str = ""
    is_open: bool = False


class Triangle:
    """The cohorts of some months, what they are together, and the same by channel."""

    def __init__(self, shown: Shown, found: Sequence[Cohort], by_channel: Sequence[Cohort], currency: str) -> None:
        self._shown, self._found, self._by_channel, self._currency = shown, found, by_channel, currency
        self._language = (get_language() or "en")[:2]
        # That everybody was active in the month of their first order says nothing; what they spent does.
        self._first = 1 if shown is Shown.ACTIVE else 0
        self._highest = max((cell.exact for cohort in found for cell in cohort.cells[self._first :] if cell.exact), default=Fraction(0))

    @property
    def ages(self) -> range:
        return range(self._first, max((len(cohort.cells) for cohort in self._found), default=0))

    @property
    def lines(self) -> list[Line]:
        return [self._line(cohort, is_shaded=True) for cohort in self._found]

    @property
    def total(self) -> Line:
        return self._together(_("All months"), self._found)

    @property
    def whole(self) -> Line:
        """The same, as the last line of channels."""
        return self._together(_("All channels"), self._found)

    @property
    def channels(self) -> list[Line]:
        """The greatest first."""
        lines = [
            self._together(_(CHANNELS[key]), [cohort for cohort in self._by_channel if cohort.key == key])
            for key in CHANNELS
            if any(cohort.key == key for cohort in self._by_channel)
        ]
        return sorted(lines, key=lambda line: -line.size)

    @property
    def details(self) -> list[Line]:
        return [self._line(cohort, _(CHANNELS[cohort.key])) for cohort in self._by_channel]

    @property
    def notes(self) -> list[str]:
        """Why dashes are dashes, each reason once."""
        reasons = dict.fromkeys(cell.reason for cohort in self._found for cell in cohort.cells if cell.reason)
        return [f"{formats.UNDEFINED} {_(REASONS[reason])}." for reason in reasons if reason is not Reason.NOT_YET_OBSERVED]

    def _line(self, cohort: Cohort, channel: str = "", *, is_shaded: bool = False) -> Line:
        is_open = not cohort.cells or cohort.cells[0].reason is Reason.NOT_YET_OBSERVED
        return Line(self._month(cohort.month), cohort.size, self._cells(cohort.cells, is_shaded=is_shaded), channel, is_open)

    def _together(self, name: str, found: Iterable[Cohort]) -> Line:
        size, cells = cohorts.total(list(found))
        return Line(name, size, self._cells(cells))

    def _month(self, month: date) -> str:
        return str(format_date(month, "MMM y", locale=self._language))

    def _cells(self, cells: Sequence[Value], *, is_shaded: bool = False) -> tuple[Cell, ...]:
        observed = next((age for age, cell in enumerate(cells) if cell.reason is Reason.NOT_YET_OBSERVED), len(cells))
        seen = [self._cell(cell, is_shaded) for cell in cells[self._first : observed]]
        return (*seen, *(Cell(is_open=is_shaded and age == observed) for age in range(max(observed, self._first), len(cells))))

    def _cell(self, cell: Value, is_shaded: bool) -> Cell:
        text = formats.figure(cell.decimal, unit(self._shown), self._currency, self._language)
        if cell.exact is None:
            return Cell(text, reason=_(REASONS[cell.reason]) if cell.reason else "")
        return Cell(text, self._shade(cell.exact) if is_shaded else 0)

    def _shade(self, exact: Fraction) -> int:
        return min(SHADES, int(exact / self._highest * SHADES) + 1) if exact > 0 else 0
