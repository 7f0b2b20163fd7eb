"""Measures of any periods, in all and by group, in one round trip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from django.db import connection

from kpis import choices, kept, stocks
from kpis.choices import Choices
from kpis.customers import active, lifetime, payback, recurring, retention
from kpis.measures import Measure
from kpis.periods import Period
from kpis.roll_ups import ROLL_UPS, RollUp
from kpis.slices import NO_BASES, PARTS, By, Layout, Only, Row, Scope, Sums

# Of a `Row`, but for its place.
_COLUMNS = "one.number, one.key, one.totals::text, one.unknown::text, one.unconverted::text, one.unsettled, one.bases"
_ONE = "one (number, key, reader, totals, unknown, unconverted, unsettled, bases)"
_OF_ONLY = re.compile(rf"%\(({'|'.join(Only().parameters())})\)s")


@dataclass(frozen=True)
class Read:
    """The measures of one scope, over each of several periods."""

    scope: Scope
    measures: tuple[Measure, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Reader:
    """A source of measures: `selects` makes selects of one shape of them. `is_divisible`: it tells them by channel and campaign.

    `is_of_rows`: it has the same groups whatever measures are asked of it.
    """

    selects: Callable[[Sequence[Measure], Scope], list[str]]
    is_divisible: bool = True
    is_of_rows: bool = False


# The ways in which the figures of a family were counted, as (told by, basis).
Bases = dict[str, set[tuple[str, str]]]
# The measures of each period by key of the group; where the scope is of a dimension, "" is the group of what has none.
Found = dict[tuple[Period, str], Sums]
# What is asked of a source at once: by scope, source and, where its groups follow from them, measures.
Together = tuple[Scope, str, tuple[Measure, ...]]


@dataclass(frozen=True)
class _Asked:
    """All that reads ask of a source at once, in the order of its arrays and of the numbers of its periods."""

    scope: Scope
    source: str
    measures: dict[Measure, int] = field(default_factory=dict)
    periods: dict[Period, int] = field(default_factory=dict)

    def add(self, measures: Iterable[Measure], periods: Iterable[Period]) -> None:
        for measure in measures:
            self.measures.setdefault(measure, len(self.measures))
        for period in periods:
            self.periods.setdefault(period, len(self.periods))

    @property
    def selects(self) -> list[str]:
        """Of what nobody tells by channel, nothing but what there is in all."""
        reader = READERS[self.source]
        return [] if self.scope.is_divided and not reader.is_divisible else reader.selects(tuple(self.measures), self.scope)


def read(reads: Sequence[Read], version: str = "", chosen: Choices | None = None) -> list[Found]:
    """All of `reads` in one statement, each answered in its place. With a `version`, what was read under it before is not read again.

    `chosen`: the client's choices, where they are known already.
    """
    asked = _asked(reads)
    statement, parameters = _statement(list(asked.values()))
    if not statement:
        return [{} for _ in reads]
    parameters |= (chosen or choices.in_force()).parameters()
    rows = kept.rows((statement, parameters), version, lambda: _rows(statement, parameters)) if version else _rows(statement, parameters)
    told: list[list[Row]] = [[] for _ in asked]
    for row in rows:
        told[row.place].append(row)
    places = {together: place for place, together in enumerate(asked)}
    return [_found(each, asked, places, told) for each in reads]


def _found(asked: Read, together: Mapping[Together, _Asked], places: Mapping[Together, int], told: Sequence[Sequence[Row]]) -> Found:
    """What a read asked for, of all that was read."""
    # By the number of the period: of two days a hash is slow, and there are thousands of rows.
    found: dict[tuple[int, str], Sums] = {}
    ways: dict[tuple[int, str], Bases] = {}
    layouts: dict[int, Layout] = {}
    for key_of_all, measures in _by_source(asked):
        of_all, place = together[key_of_all], places[key_of_all]
        layouts[place] = Layout(of_all.source, [(measure, of_all.measures[measure]) for measure in measures])
        numbers = {of_all.periods[period]: number for number, period in enumerate(asked.periods)}
        for row in told[place]:
            number = numbers.get(row.number)
            if number is None:
                continue
            one = number, row.key
            if row.bases is not None:
                ways.setdefault(one, {})[of_all.source] = {_way(basis) for basis in row.bases}
                continue
            sums = found.get(one)
            if sums is None:
                sums = found[one] = Sums(layouts=layouts)
            sums.tell(row)
    for (number, key), sums in found.items() if ways else ():
        # Which campaign was counted how is not kept: another way of any makes all of them doubtful.
        sums.bases = ways.get((number, key if asked.scope.by is By.CHANNEL else ""), {})
    return {(asked.periods[number], key): sums for (number, key), sums in found.items()}


def _way(basis: str) -> tuple[str, str]:
    told_by, _, way = basis.partition(":")
    return told_by, way


def _asked(reads: Iterable[Read]) -> dict[Together, _Asked]:
    found: dict[Together, _Asked] = {}
    for each in reads:
        for together, measures in _by_source(each):
            found.setdefault(together, _Asked(each.scope, together[1])).add(measures, each.periods)
    return found


def _by_source(asked: Read) -> Iterator[tuple[Together, list[Measure]]]:
    wanted: dict[str, list[Measure]] = {}
    for measure in dict.fromkeys(asked.measures):
        wanted.setdefault(measure.source, []).append(measure)
    for source, measures in wanted.items():
        yield (asked.scope, source, () if READERS[source].is_of_rows else tuple(measures)), measures


def _statement(asked: Sequence[_Asked]) -> tuple[str, dict[str, Any]]:
    """One statement that gives `Row`s, with its parameters but for the choices."""
    calendars: dict[tuple[Period, ...], int] = {}
    confined: dict[Only, int] = {}
    selects = []
    for place, each in enumerate(asked):
        calendar = calendars.setdefault(tuple(each.periods), len(calendars))
        only = confined.setdefault(each.scope.only, len(confined))
        for select in each.selects:
            placed = _OF_ONLY.sub(rf"%(\1_{only})s", select.replace(PARTS, f"periods_{calendar} AS part"))
            selects.append(f"SELECT {place}, {_COLUMNS} FROM ({placed}) AS {_ONE}")
    parameters: dict[str, Any] = {
        f"{name}_{number}": value for only, number in confined.items() for name, value in only.parameters().items()
    }
    for periods, number in calendars.items():
        parameters |= {f"sinces_{number}": [period.since for period in periods], f"untils_{number}": [period.until for period in periods]}
    # Written once, however many selects are of them.
    named = ", ".join(
        f"""periods_{number} (since, until, number) AS (
            SELECT since, until, (number - 1)::int FROM unnest(%(sinces_{number})s::date[], %(untils_{number})s::date[])
            WITH ORDINALITY AS asked (since, until, number))"""
        for number in calendars.values()
    )
    return f"WITH {named} {' UNION ALL '.join(selects)}" if selects else "", parameters


def _rows(statement: str, parameters: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Row(*row) for row in cursor.fetchall()]


@cache
def is_divisible(measure: Measure) -> bool:
    """Whether its source tells it by channel and campaign."""
    return READERS[measure.source].is_divisible


def _of_roll_up(roll_up: RollUp, measures: Sequence[Measure], scope: Scope) -> list[str]:
    unsettled = "sum(row.unsettled)" if "unsettled" in roll_up.noted else "0"
    rows = f"{PARTS} JOIN {roll_up.table(scope)} AS row ON row.day BETWEEN part.since AND part.until"
    cells = [[part(measure) for measure in measures] for part in (_total, _unknown, _unconverted)]
    if scope.by is By.LABEL:
        selects = [_by_label(roll_up.name, rows, cells, unsettled, scope)]
    else:
        shape = _shape("part.number", roll_up.name, cells, unsettled, scope)
        selects = [scope.named(f"{shape} FROM {rows} WHERE {scope.where} GROUP BY 1, {scope.grouping}")]
    if roll_up.basis and any(measure.has_basis for measure in measures):
        selects.append(_bases(roll_up, scope))
    return selects


def _shape(number: str, name: str, cells: list[list[str]], unsettled: str, scope: Scope) -> str:
    totals, unknown, unconverted = (", ".join(each) for each in cells)
    return f"""SELECT {number}, {scope.key} AS key, '{name}' AS reader, ARRAY[{totals}]::numeric[] AS totals,
        ARRAY[{unknown}]::bigint[] AS unknown, ARRAY[{unconverted}]::bigint[] AS unconverted, {unsettled}::bigint AS unsettled,
        {NO_BASES} AS bases"""


def _by_label(name: str, rows: str, cells: list[list[str]], unsettled: str, scope: Scope) -> str:
    """Summed by campaign first: there are far fewer campaigns than rows to look up the labels of."""
    columns = {f"{kind}_{place}": cell for kind, each in zip("tuc", cells, strict=True) for place, cell in enumerate(each)}
    named = ", ".join(f"{cell} AS {column}" for column, cell in columns.items())
    by_campaign = f"""SELECT part.number, row.campaign_id, {unsettled} AS unsettled, {named}
        FROM {rows} WHERE {scope.where} GROUP BY 1, 2"""
    sums = [[f"sum(row.{kind}_{place})" for place in range(len(each))] for kind, each in zip("tuc", cells, strict=True)]
    return f"{_shape('row.number', name, sums, 'sum(row.unsettled)', scope)} FROM ({by_campaign}) AS row {scope.join} GROUP BY 1, 2"


def _bases(roll_up: RollUp, scope: Scope) -> str:
    """The ways of counting; by channel, or of the asked channels, where they can be told apart."""
    key = "row.channel" if scope.by is By.CHANNEL else "''"
    where = "row.channel = ANY(%(channels)s)" if scope.only.channels else "TRUE"
    return f"""SELECT part.number, {key}, '{roll_up.name}', ARRAY[]::numeric[], ARRAY[]::bigint[], ARRAY[]::bigint[], 0::bigint,
            array_agg(DISTINCT row.told_by || ':' || row.basis)
        FROM {PARTS} JOIN kpis_basisday AS row ON row.day BETWEEN part.since AND part.until AND row.family = '{roll_up.name}'
        WHERE {where} GROUP BY 1, 2"""


def _filter(measure: Measure, condition: str = "") -> str:
    conditions = [condition] if condition else []
    if measure.channels:
        conditions.append(f"row.channel IN ({', '.join(repr(channel) for channel in measure.channels)})")
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""


def _total(measure: Measure) -> str:
    return f"sum(row.{measure.column}){_filter(measure)}"


def _unknown(measure: Measure) -> str:
    """How many parts are not known; what sums the known alone does not ask."""
    if measure.known_only:
        return "0"
    return f"count(*){_filter(measure, f'row.{measure.column} IS NULL')}"


def _unconverted(measure: Measure) -> str:
    return f"sum(row.unconverted){_filter(measure)}" if measure.is_money else "0"


# Every source of measures: the roll-ups, and what is found from other tables.
READERS = {
    **{roll_up.name: Reader(partial(_of_roll_up, roll_up), roll_up.is_divisible, is_of_rows=True) for roll_up in ROLL_UPS},
    "stocks": Reader(stocks.selects, is_divisible=False),
    "active": Reader(active.selects),
    "retention": Reader(retention.selects),
    "recurring": Reader(recurring.selects),
    "lifetime": Reader(lifetime.selects),
    "payback": Reader(payback.selects),
}
