"""Of the customers won in each month, who was still there later: the triangle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from django.utils.translation import gettext as _

from kpis import formats
from reports import content
from reports.presentation.edition import Edition

FULL = 100
LEVELS = 5


@dataclass(frozen=True)
class Share:
    """`shade` is the share as part of the triangle's largest, 0 to 100. `is_open`: its month is not over, so that it still grows."""

    text: str
    shade: int
    is_open: bool

    @property
    def level(self) -> int:
        """One of the five shades that a page has, 1 to 5."""
        return min(self.shade * LEVELS // FULL + 1, LEVELS)


@dataclass(frozen=True)
class Cohort:
    """Customers won in one month; None where a month has not come or is not known."""

    name: str
    size: str
    shares: tuple[Share | None, ...]


@dataclass(frozen=True)
class Triangle:
    """`months` heads the columns, from the first month after the one of acquisition on."""

    title: str
    cohort_header: str
    size_header: str
    months: tuple[str, ...]
    cohorts: tuple[Cohort, ...]
    note: str
    open_note: str


def triangle(edition: Edition) -> Triangle | None:
    """None without a single known share."""
    found = edition.report.retention
    known = [share for row in found.rows for share in row if share is not None] if found else []
    if found is None or not known:
        return None
    last = max(place for row in found.rows for place, share in enumerate(row) if share is not None)
    largest = max(known)
    return Triangle(
        title=_("Customers who came back, by month of acquisition"),
        cohort_header=_("Won in"),
        size_header=_("Customers"),
        months=tuple(_("+%(count)d mo.") % {"count": place + 1} for place in range(last + 1)),
        cohorts=tuple(_cohort(edition, found, index, last + 1, largest) for index in range(len(found.cohorts))),
        note=_("Share of the customers won in a month who were still there 1, 2 … months later. The month they were won in is left out."),
        open_note=_("Framed: that month is not over, its share still grows.") if found.is_open else "",
    )


def _cohort(edition: Edition, found: content.Triangle, index: int, width: int, largest: Decimal) -> Cohort:
    row = found.rows[index][:width]
    newest = max((place for place, share in enumerate(row) if share is not None), default=-1)
    year, month = (int(part) for part in found.cohorts[index].split("-"))
    shares = tuple(
        None if share is None else _share(edition, share, largest, is_open=found.is_open and place == newest)
        for place, share in enumerate(row)
    )
    name = str(format_date(date(year, month, 1), "MMM y", locale=edition.language))
    return Cohort(name, formats.count(Decimal(found.sizes[index]), edition.language), shares)


def _share(edition: Edition, share: Decimal, largest: Decimal, *, is_open: bool) -> Share:
    shade = int(formats.rounded(share / largest * FULL, 0)) if largest > 0 else 0
    return Share(formats.fraction(share, edition.language, decimals=0), shade, is_open)
