from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.imports.styles import DateStyle

# What exports put in a first cell of a row of sums.
TOTALS = ("Total", "Totaux", "Grand total")
NO_VALUE = ("--", "—", "-")


@dataclass(frozen=True)
class Preset:
    """How one platform's own export names the columns of one kind, in English and in French.

    `columns`: our column, and the names it may have there, the best first. `telltales`: groups of names; a file with one of
    each is such an export. `starts` and `ends`: columns of a row's first and last day, where it has no column of its day.
    `periods`: columns that say a row is of several days. `dates`: how the platform writes them, where it is always so.
    """

    platform: str
    title: str
    kind: str
    columns: dict[str, tuple[str, ...]]
    telltales: tuple[tuple[str, ...], ...]
    constants: dict[str, str] = field(default_factory=dict)
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    periods: tuple[str, ...] = ("Week", "Semaine", "Month", "Mois", "Quarter", "Trimestre", "Year", "Année")
    totals: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    continued: tuple[str, ...] = ()
    dates: DateStyle | None = None
