"""A report's figures once, as plain data without language or format: page, PDF, e-mail and API all read this."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

# How much a report tells: the weekly edition is read in a minute, the monthly one is the long document.
Length = Literal["weekly", "monthly"]
# The period before, the same of last year, or any other.
Compared = Literal["previous", "last_year", "custom"]
# A KPI over consecutive days, weeks or months.
Values = tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Figure:
    """One KPI of one slice and period. `value` is exact; where it is None, `reason` says why (`kpis.values.Reason`).

    `is_provisional`: the value will still grow, for what it counts keeps arriving long after its day. `is_incomplete`: days of
    the period are not loaded. `previous`, `last_year`, `average` (the mean of the four periods before) and `target` are of the
    same unit; None where there is none to compare with. `is_reached` says whether the target is met.
    """

    slug: str
    value: Decimal | None
    reason: str | None
    previous: Decimal | None
    is_provisional: bool = False
    is_incomplete: bool = False
    last_year: Decimal | None = None
    average: Decimal | None = None
    target: Decimal | None = None
    is_reached: bool | None = None


@dataclass(frozen=True)
class Trend:
    """One KPI over consecutive weeks or months (`buckets` of the report holds their keys), oldest first, the report's last.

    One that is not wholly loaded has no value.
    """

    slug: str
    values: Values


@dataclass(frozen=True)
class Tile:
    """A headline figure and its last weeks or months."""

    figure: Figure
    trend: Trend


@dataclass(frozen=True)
class Row:
    """A line of a table: `key` is a channel slug, the name of a campaign, mailing or page, the id of a post; "" marks the total.

    `is_rest`: the sum of what is not listed. `title` and `url`: of a post, "" where they are not known.
    """

    key: str
    channel: str
    figures: dict[str, Figure]
    is_rest: bool = False
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    """Lines and their total. Ratios of the total are ratios of sums; additive columns of the lines add up to it."""

    slugs: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row


NO_TABLE = Table((), (), Row("", "", {}))


@dataclass(frozen=True)
class Part:
    """What one channel, campaign or other thing added to a change, in the KPI's unit. `key` "" is all that is not listed."""

    key: str
    amount: Decimal


@dataclass(frozen=True)
class Waterfall:
    """The exact way of one KPI from the period before to this one: `previous` + the sum of `parts` = `value`."""

    slug: str
    by: Literal["channel", "campaign"]
    previous: Decimal
    value: Decimal
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Ranking:
    """The campaigns that did best and worst by one KPI, among those that spent enough to be judged: `least_spend`, of the client's money.

    The first of `best` is the best, the first of `worst` the worst; none is in both.
    """

    slug: str
    best: tuple[Row, ...]
    worst: tuple[Row, ...]
    least_spend: Decimal = Decimal(0)


@dataclass(frozen=True)
class Line:
    """What one part of marketing ("email", "site", "social") came to, in a few figures."""

    part: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Triangle:
    """Of the customers won in each month (`cohorts`, oldest first), how many were still there after 1, 2 … months, as fractions.

    `sizes` are the customers won. `rows[i][k]` is month k + 1 after cohort i; None where it has not come or is not known.
    `is_open`: the newest column of each row is of a month that is not over.
    """

    cohorts: tuple[str, ...]
    sizes: tuple[int, ...]
    rows: tuple[tuple[Decimal | None, ...], ...]
    is_open: bool


@dataclass(frozen=True)
class Pace:
    """How a month goes on: what was reached by `until`, what its target would have by then if every day counted the same, and where
    the month ends at this pace."""

    slug: str
    month: str
    until: date
    days: int
    days_in_month: int
    value: Decimal
    target: Decimal | None
    expected: Decimal | None
    projected: Decimal | None


@dataclass(frozen=True)
class Notes:
    """What people wrote: what was done, what comes next, what is needed from the client. Each a short paragraph."""

    done: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Correction:
    """A figure of an earlier report that is another one now. `period` as in `Report`."""

    period: str
    slug: str
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True)
class Corrections:
    """What is another figure than when it was last told.

    `small`: how many changed by under 1 %, and money also by under 10 units; `minor` says which. All others are `listed`.
    """

    listed: tuple[Correction, ...] = ()
    small: int = 0
    minor: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class Rate:
    """What one unit of the client's currency cost on a day, by the central bank."""

    currency: str
    day: date
    rate: Decimal


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
    # What schedules call it that wait for it: its source, account and family.
    key: str = ""


@dataclass(frozen=True)
class Report:
    """One client's period. Days are of the client's zone, money of its currency.

    `period` is a key such as "2026-W46", "2026-W45-W46", "2026-11" or "2026-Q4"; `buckets` are the keys of the trends' weeks or months.
    What a length does not tell, or the client has no data for, is None or empty.
    """

    client_slug: str
    client_name: str
    currency: str
    timezone: str
    length: Length
    cadence: str
    period: str
    since: date
    until: date
    previous_since: date
    previous_until: date
    generated_at: datetime
    data_version: int
    buckets: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    leads_by_channel: dict[str, Values] = field(default_factory=dict)
    channels: Table = NO_TABLE
    campaigns: Table = NO_TABLE
    sources: tuple[SourceState, ...] = ()
    last_year_since: date | None = None
    last_year_until: date | None = None
    # Every figure of the scorecard against target, the period before and last year.
    scorecard: tuple[Figure, ...] = ()
    contributions: tuple[Waterfall, ...] = ()
    ranking: Ranking | None = None
    lines: tuple[Line, ...] = ()
    money: Table | None = None
    funnel: tuple[Figure, ...] = ()
    mailings: Table | None = None
    pages: Table | None = None
    posts: Table | None = None
    retention: Triangle | None = None
    customers: tuple[Figure, ...] = ()
    pace: tuple[Pace, ...] = ()
    notes: Notes = Notes()
    corrections: Corrections = Corrections()
    rates: tuple[Rate, ...] = ()
    # Of a page alone: what each bucket is where its key does not tell, which other period it is compared with, further courses, what adds
    # up by channel, and a line for each day, week or month.
    grain: str = ""
    compared: Compared = "previous"
    courses: tuple[tuple[Trend, ...], ...] = ()
    by_channel: dict[str, dict[str, Values]] = field(default_factory=dict)
    times: Table | None = None
    # Whether the missing days of its sources stand in a banner at its head, by the client's wish; they are told in any case.
    has_banner: bool = False
    # Of what was sent; "" for a view of figures that nobody was sent.
    snapshot: str = ""
