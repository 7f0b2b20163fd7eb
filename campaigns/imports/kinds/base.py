"""What a kind of file is: its columns, what identifies a row, and the records a row becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from campaigns.imports import cells
from campaigns.imports.cells import CellType, Context
from campaigns.imports.reasons import Reason
from campaigns.records import FILE_SOURCE, NOWHERE, Origin, Record

DEFAULT_ACCOUNT = "import"
# Google shows an account as 123-456-7890 and calls it 1234567890: it is one account.
_SHOWN_BY_GOOGLE = re.compile(r"\d{3}-\d{3}-\d{4}", re.ASCII)
# (source, account) of the connection a row belongs to.
Owner = tuple[str, str]
# The cells of one row by column; None: unknown.
Values = dict[str, Any]
# What is wrong with a row as a whole: the column, the reason, its parameters.
Wrong = tuple[str, Reason, dict[str, str | int]]
Check = Callable[[Values], Wrong | None]


@dataclass(frozen=True)
class Column:
    """`only_mapped`: not of the canonical format, but a mapping may name it, for platforms have it.

    `missing`: why a row without it is refused, where it is required.
    """

    name: str
    type: CellType
    required: bool = False
    only_mapped: bool = False
    missing: Reason = Reason.REQUIRED


@dataclass(frozen=True)
class Kind:
    """One kind of file, whose rows become facts of one family.

    `key` names the columns that identify a row, `example` is a row for the template. `one_currency`: the rows of an account
    are all in the account's.
    """

    name: str
    family: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    records: Callable[[Values, Context], Iterator[Record]]
    example: dict[str, str]
    checks: tuple[Check, ...] = ()
    one_currency: bool = False

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def canonical(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.only_mapped)

    def wrong(self, values: Values) -> Wrong | None:
        return next((found for check in self.checks if (found := check(values))), None)


def owner(values: Values) -> Owner:
    source = values.get("source") or FILE_SOURCE
    account = values.get("account") or DEFAULT_ACCOUNT
    return source, account.replace("-", "") if source == "google_ads" and _SHOWN_BY_GOOGLE.fullmatch(account) else account


REQUIRED_SOURCE = Column("source", cells.SOURCE, required=True)
# History of another system may be named; else it is of the client's own files.
SOURCE = Column("source", cells.SOURCE)
ACCOUNT = Column("account", cells.ACCOUNT)
CHANNEL = Column("channel", cells.CHANNEL)
CAMPAIGN = Column("campaign", cells.CAMPAIGN)
CURRENCY = Column("currency", cells.CURRENCY)
# What platforms say instead of one of our channels; rules turn it into one.
SAID = (
    Column("channel_group", cells.TEXT, only_mapped=True),
    Column("traffic_source", cells.TEXT, only_mapped=True),
    Column("traffic_medium", cells.TEXT, only_mapped=True),
    Column("source_medium", cells.TEXT, only_mapped=True),
)


def counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, cells.COUNT) for name in names)


def origin(values: Values) -> Origin:
    """What the row says of where people came from. `source_medium` is "google / cpc"."""
    source, _, medium = (values.get("source_medium") or "").partition(" / ")
    said = Origin(
        channel=values["channel"] or "",
        group=values.get("channel_group") or "",
        source=values.get("traffic_source") or source,
        medium=values.get("traffic_medium") or medium,
        campaign=values["campaign"] or "",
    )
    return NOWHERE if said == NOWHERE else said


def at_most(part: str, whole: str) -> Check:
    """Refuses a row whose `part` exceeds its `whole`, where both are known."""

    def check(values: Values) -> Wrong | None:
        if values[part] is not None and values[whole] is not None and values[part] > values[whole]:
            return part, Reason.MORE_THAN, {"whole": whole}
        return None

    return check


def not_before(end: str, start: str) -> Check:
    """Refuses a row that ended before it started, where both are known."""

    def check(values: Values) -> Wrong | None:
        if values[end] is not None and values[start] is not None and values[end] < values[start]:
            return end, Reason.BEFORE_THE_START, {"start": start}
        return None

    return check
