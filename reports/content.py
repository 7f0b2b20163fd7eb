"""A report's figures once, as plain data without language or format: page, PDF, e-mail and API all read this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Figure:
    """One KPI of one slice and period. `value` is exact; where it is None, `reason` says why (`kpis.definitions.Reason`).

    `is_provisional`: the value will still grow, for what it counts keeps arriving long after its day.
    """

    slug: str
    value: Decimal | None
    reason: str | None
    previous: Decimal | None
    is_provisional: bool = False


@dataclass(frozen=True)
class Trend:
    """One KPI over consecutive ISO weeks (`weeks` of the report holds their keys), oldest first, the report's week last.

    A week that is not wholly loaded has no value.
    """

    slug: str
    values: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Tile:
    """A headline figure and its last weeks."""

    figure: Figure
    trend: Trend


@dataclass(frozen=True)
class Row:
    """A line of a table: `key` is a channel slug or a campaign's name; "" marks the total. `is_rest`: the sum of what is not listed."""

    key: str
    channel: str
    figures: dict[str, Figure]
    is_rest: bool = False


@dataclass(frozen=True)
class Table:
    """Lines and their total. Ratios of the total are ratios of sums; additive columns of the lines add up to it."""

    slugs: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row


@dataclass(frozen=True)
class SourceState:
    """How far one source's data of one family goes. Days after `settled_until` may still be restated by the platform."""

    source: str
    account: str
    family: str  # "ads", "leads" …; "" for a source that has told nothing yet
    kind: str  # "api" or "file"
    complete_until: date | None
    settled_until: date | None
    missing_days: tuple[date, ...]
    lost_access: bool


@dataclass(frozen=True)
class Report:
    """One client's week. Days are of the client's zone, money of its currency."""

    client_slug: str
    client_name: str
    currency: str
    timezone: str
    week: str  # ISO, such as "2026-W46"
    since: date
    until: date
    previous_since: date
    previous_until: date
    generated_at: datetime
    data_version: int
    weeks: tuple[str, ...]
    tiles: tuple[Tile, ...]
    leads_by_channel: dict[str, tuple[Decimal | None, ...]]
    channels: Table
    campaigns: Table
    sources: tuple[SourceState, ...]
