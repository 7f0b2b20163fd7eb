"""Measures of any periods, in all and by group, in one round trip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.db import connection

from kpis import choices, kept, stocks
from kpis.choices import Choices
from kpis.customers import active, lifetime, payback, recurring, retention
from kpis.measures import Measure
from kpis.periods import Period
from kpis.roll_ups import ROLL_UPS, RollUp
from kpis.slices import NO_BASES, PARTS, By, Scope, Sum, Sums


@dataclass(frozen=True)
class Read:
    """The measures of one scope, over each of several periods."""

    scope: Scope
    measures: tuple[Measure, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Reader:
    """A source of measures: `selects` makes selects of one shape of them. `is_divisible`: it tells them by channel and campaign."""

    selects: Callable[[Sequence[Measure], Scope], list[str]]
    is_divisible: bool = True


# The ways in which the figures of a family were counted, as (told by, basis).
Bases = dict[str, set[tuple[str, str]]]
# The measures of each period by key of the group; where the scope is of a dimension, "" is the group of what has none.
Found = dict[tuple[Period, str], Sums]


def read(reads: Sequence[Read], version: str = "", chosen: Choices | None = None) -> list[Found]:
    """All of `reads` in one statement, each answered in its place. With a `version`, what was read under it before is not read again.

    `chosen`: the client's choices, where they are known already.
    """
    of_client = (chosen or choices.in_force()).parameters()
    wanted = [_by_source(each.measures) for each in reads]
    selects = [
        f"SELECT {place}, one.* FROM ({_in_place(select, place)}) AS one"
        for place, each in enumerate(reads)
        for name, measures in wanted[place].items()
        for select in _selects(name, measures, each.scope)
    ]
    parameters = {
        f"{name}_{place}": value for place, each in enumerate(reads) for name, value in {**of_client, **_parameters(each)}.items()
    }
    statement = "\nUNION ALL\n".join(selects)
    if not selects:
        return [{} for _ in reads]
    rows = kept.rows((statement, parameters), version, lambda: _rows(statement, parameters)) if version else _rows(statement, parameters)
    # By the number of the period: of two days a hash is slow, and there are thousands of rows.
    found: list[dict[tuple[int, str], Sums]] = [{} for _ in reads]
    ways: list[dict[tuple[int, str], Bases]] = [{} for _ in reads]
    for place, number, key, reader, *cells, bases in rows:
        if bases is not None:
            ways[place].setdefault((number, key), {})[reader] = {_way(basis) for basis in bases}
            continue
        sums = found[place].get((number, key))
        if sums is None:
            sums = found[place][number, key] = Sums()
        _keep(sums, wanted[place].get(reader, []), *cells)
    for each, sliced, counted in zip(reads, found, ways, strict=True):
        for (number, key), sums in sliced.items():
            # Which campaign was counted how is not kept: another way of any makes all of them doubtful.
            sums.bases = counted.get((number, key if each.scope.by is By.CHANNEL else ""), {})
    return [
        {(each.periods[number], key): sums for (number, key), sums in sliced.items()} for each, sliced in zip(reads, found, strict=True)
    ]


def _way(basis: str) -> tuple[str, str]:
    told_by, _, way = basis.partition(":")
    return told_by, way


def _by_source(measures: Iterable[Measure]) -> dict[str, list[Measure]]:
    wanted: dict[str, list[Measure]] = {}
    for measure in dict.fromkeys(measures):
        wanted.setdefault(measure.source, []).append(measure)
    return wanted


def _in_place(select: str, place: int) -> str:
    """With parameters of its own, though others have them by the same names."""
    return re.sub(r"%\((\w+)\)s", rf"%(\1_{place})s", select)


def _parameters(asked: Read) -> dict[str, Any]:
    return {
        "numbers": list(range(len(asked.periods))),
        "sinces": [period.since for period in asked.periods],
        "untils": [period.until for period in asked.periods],
        **asked.scope.only.parameters(),
    }


def _keep(
    sums: Sums,
    measures: Sequence[Measure],
    totals: list[int | None],
    unknown: list[int | None],
    unconverted: list[int | None],
    unsettled: int | None,
) -> None:
    for measure, total, missing, without_rate in zip(measures, totals, unknown, unconverted, strict=False):
        if total is None and measure.known_only:
            continue
        part = Sum(total or 0, missing or 0, without_rate or 0, unsettled or 0)
        known = sums.of.setdefault(measure.slug, part)
        if known is not part:
            known.add(part)


def _rows(statement: str, parameters: dict[str, Any]) -> kept.Rows:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [[*row[:4], row[4] and [None if total is None else int(total) for total in row[4]], *row[5:]] for row in cursor.fetchall()]


@cache
def is_divisible(measure: Measure) -> bool:
    """Whether its source tells it by channel and campaign."""
    return READERS[measure.source].is_divisible


def _selects(name: str, measures: Sequence[Measure], scope: Scope) -> list[str]:
    """Of what nobody tells by channel, nothing but what there is in all."""
    reader = READERS[name]
    return [] if scope.is_divided and not reader.is_divisible else reader.selects(measures, scope)


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
    return f"""SELECT part.number, {key}, '{roll_up.name}', NULL::numeric[], NULL::bigint[], NULL::bigint[], 0::bigint,
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
    **{roll_up.name: Reader(partial(_of_roll_up, roll_up), roll_up.is_divisible) for roll_up in ROLL_UPS},
    "stocks": Reader(stocks.selects, is_divisible=False),
    "active": Reader(active.selects),
    "retention": Reader(retention.selects),
    "recurring": Reader(recurring.selects),
    "lifetime": Reader(lifetime.selects),
    "payback": Reader(payback.selects),
}
