"""The rows of facts behind a figure: those of the very queries that the roll-ups sum, each with who told it and when.

Added up they give the figure: by day, channel and campaign, rounded to a billionth after conversion, as the roll-ups have it.
Rows that add nothing are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.db import connection

from accounts.models import Client
from kpis import recompute, stocks
from kpis.customers import active, lifetime, payback, recurring, retention
from kpis.measures import Measure
from kpis.periods import ONE_DAY, Period
from kpis.reading import is_divisible
from kpis.roll_ups import BY_NAME, WORTH
from kpis.slices import Only, Scope

# What is no roll-up: from measures to selects of the rows that add up to them, in stored units of the client's currency.
OTHERS: dict[str, Callable[[Sequence[Measure], Scope], list[str]]] = {
    "stocks": stocks.rows,
    "active": active.rows,
    "retention": retention.rows,
    "recurring": recurring.rows,
    "lifetime": lifetime.rows,
    "payback": payback.rows,
}
# Rows that are fetched at once where all are asked for.
BATCH = 2_000
# By what rows follow each other: two that are equal in all of it are equal.
_ORDER = "place, day, connection_id, ref, channel, campaign_id, pull_id, currency, amounts"


@dataclass(frozen=True)
class Pull:
    """What told a row. `file_name`: None where it came from a platform."""

    id: int
    at: datetime
    file_name: str | None


@dataclass(frozen=True)
class Row:
    """One fact and what it adds to each measure of its source, by slug, in units of `currency` where it is money; None: not reported.

    `source` and `account` are those of the connection that told it. `ref` is what it is called there: of people an id, never a
    name. `rate`: units of the client's currency for one of the row's; None where there is none.
    """

    day: date
    channel: str
    campaign: str
    source: str
    account: str
    ref: str
    pull: Pull | None
    currency: str
    rate: Fraction | None
    amounts: dict[str, Fraction | None]

    def value(self, measure: Measure) -> Fraction | None:
        """What it adds to a measure, in the client's currency where it is money. Nothing is nothing in any currency."""
        amount = self.amounts[measure.slug]
        if not measure.is_money or not amount:
            return amount
        return None if self.rate is None else amount * self.rate


@dataclass(frozen=True)
class Teller:
    """An account whose rows are behind a figure."""

    source: str
    account: str
    rows: int
    pulls: int
    last_pull_at: datetime | None


class Behind:
    """The rows behind `measures` over `period`, of the client whose schema is open."""

    def __init__(self, client: Client, measures: Sequence[Measure], period: Period, only: Only) -> None:
        self._scope = Scope(None, only)
        self._by_source: dict[str, list[Measure]] = {}
        for measure in dict.fromkeys(measures):
            if is_listed(measure, only):
                self._by_source.setdefault(measure.source, []).append(measure)
        days = [period.since + number * ONE_DAY for number in range(period.days)]
        asked = {"days": days, "numbers": [0], "sinces": [period.since], "untils": [period.until]}
        self._parameters = {**recompute.parameters(client), **only.parameters(), **asked}

    def page(self, first: int, size: int) -> list[Row]:
        """`size` rows from the place `first` on, in an order of days and accounts that is always the same."""
        if not self._by_source:
            return []
        numbered = f"""SELECT facts.*, row_number() OVER (ORDER BY {_ORDER}) AS number FROM ({self._all}) AS facts
            ORDER BY {_ORDER} LIMIT %(size)s OFFSET %(first)s"""
        with connection.cursor() as cursor:
            cursor.execute(_told(numbered), {**self._parameters, "size": size, "first": first})
            return [self._row(found) for found in cursor.fetchall()]

    def every(self) -> Iterator[Row]:
        """All rows in the same order, a batch at a time."""
        if not self._by_source:
            return
        numbered = f"SELECT facts.*, row_number() OVER (ORDER BY {_ORDER}) AS number FROM ({self._all}) AS facts"
        with connection.chunked_cursor() as cursor:
            cursor.execute(_told(numbered), self._parameters)
            while batch := cursor.fetchmany(BATCH):
                yield from map(self._row, batch)

    def tellers(self) -> list[Teller]:
        """Whose rows there are, and from how many pulls."""
        if not self._by_source:
            return []
        statement = f"""SELECT coalesce(source.source, ''), coalesce(nullif(source.name, ''), source.account, ''), counted.rows,
                counted.pulls, pull.created_at
            FROM (SELECT connection_id, count(*) AS rows, count(DISTINCT nullif(pull_id, 0)) AS pulls, max(pull_id) AS last
                FROM ({self._all}) AS facts GROUP BY 1) AS counted
            LEFT JOIN campaigns_connection AS source ON source.id = counted.connection_id
            LEFT JOIN campaigns_pull AS pull ON pull.id = counted.last ORDER BY 1, 2, counted.connection_id"""
        with connection.cursor() as cursor:
            cursor.execute(statement, self._parameters)
            return [Teller(*found) for found in cursor.fetchall()]

    @property
    def _all(self) -> str:
        selects = []
        # What is counted of people and months says more of a figure than the many facts it is compared with.
        for name, measures in sorted(self._by_source.items(), key=lambda pair: pair[0] in BY_NAME):
            if name in OTHERS:
                selects += [_of_other(name, select) for select in OTHERS[name](measures, self._scope)]
            else:
                selects.append(_of_roll_up(name, measures, self._scope))
        return "\nUNION ALL\n".join(f"SELECT {place} AS place, one.* FROM ({select}) AS one" for place, select in enumerate(selects))

    def _row(self, found: tuple[Any, ...]) -> Row:
        name, day, channel, campaign, source, account, ref, pull_id, pull_at, file_name, currency, ours, theirs, amounts = found
        measures = self._by_source[name]
        told = {
            measure.slug: None if amount is None else Fraction(amount) / measure.scale
            for measure, amount in zip(measures, amounts, strict=True)
        }
        rate = None if ours is None or theirs is None else Fraction(ours) / Fraction(theirs)
        pull = Pull(pull_id, pull_at, file_name) if pull_at else None
        return Row(day, channel, campaign, source, account, ref, pull, currency, rate, told)


def is_listed(measure: Measure, only: Only) -> bool:
    """Whether the source of a measure tells of the asked part."""
    return is_divisible(measure) or not only


def _told(numbered: str) -> str:
    """The rows with their names instead of ids."""
    return f"""SELECT facts.name, facts.day, facts.channel, coalesce(campaign.name, ''), coalesce(source.source, ''),
            coalesce(nullif(source.name, ''), source.account, ''), facts.ref, facts.pull_id, pull.created_at,
            coalesce(pull.file_name, upload.file_name), facts.currency, facts.ours, facts.theirs, facts.amounts
        FROM ({numbered}) AS facts
        LEFT JOIN campaigns_campaign AS campaign ON campaign.id = facts.campaign_id
        LEFT JOIN campaigns_connection AS source ON source.id = facts.connection_id
        LEFT JOIN campaigns_pull AS pull ON pull.id = facts.pull_id
        LEFT JOIN campaigns_upload AS upload ON upload.id = pull.upload_id
        ORDER BY facts.number"""


def _of_roll_up(name: str, measures: Sequence[Measure], scope: Scope) -> str:
    """Facts of a roll-up that add something to one of `measures`, or whose part is not known."""
    roll_up = BY_NAME[name]
    divided = "summed.channel::text, summed.campaign_id::bigint" if roll_up.is_divisible else "'' AS channel, 0::bigint AS campaign_id"
    cells = [_cell(measure) for measure in measures]
    has_money = any(measure.is_money for measure in measures)
    return f"""SELECT '{name}' AS name, summed.day, {divided}, summed.connection_id::bigint, summed.pull_id::bigint, summed.ref::text,
            {"summed.currency::text" if has_money else "''"} AS currency,
            {"ours, theirs" if has_money else "1::numeric AS ours, 1::numeric AS theirs"},
            ARRAY[{", ".join(cells)}]::numeric[] AS amounts
        FROM (SELECT row.* FROM ({roll_up.facts}) AS row WHERE {scope.where}) AS summed {WORTH if has_money else ""}
        WHERE {" OR ".join(f"{cell} IS DISTINCT FROM 0" for cell in cells)}"""


def _cell(measure: Measure) -> str:
    known = f"coalesce(summed.{measure.column}, 0)" if measure.known_only else f"summed.{measure.column}"
    if not measure.channels:
        return known
    return f"CASE WHEN summed.channel IN ({', '.join(map(repr, measure.channels))}) THEN {known} ELSE 0 END"


def _of_other(name: str, select: str) -> str:
    return f"""SELECT '{name}' AS name, one.day, one.channel::text, one.campaign_id::bigint, one.connection_id::bigint,
            one.pull_id::bigint, one.ref::text, %(currency)s::text AS currency, 1::numeric AS ours, 1::numeric AS theirs, one.amounts
        FROM ({select}) AS one
        WHERE EXISTS (SELECT 1 FROM unnest(one.amounts) AS amount WHERE amount IS DISTINCT FROM 0)"""
