"""What the readers of customers share: the shape of their answers, who was there in a period, and how many at a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpis.measures import Measure
from kpis.slices import NO_BASES, Scope

# The acquisition of each customer, on whose channel and campaign everything is grouped.
ACQUISITION = "JOIN kpis_customerstate AS row ON row.person_id = {}.person_id"


def acquisition(of: str, scope: Scope) -> str:
    """The same where it is asked for. Whoever has a day or a subscription has one, and in all nobody is looked up."""
    return ACQUISITION.format(of) if scope.is_divided else ""


@dataclass(frozen=True)
class Cell:
    """SQL of a sum, and of how many of its parts are not known or not converted."""

    total: str
    unknown: str = "0"
    unconverted: str = "0"


ZERO = Cell("0")


def money(column: str, unconverted: str = "0", condition: str = "TRUE") -> Cell:
    """The sum of a column whose null is not known."""
    only = f"FILTER (WHERE {condition})"
    return Cell(f"sum({column}) {only}", f"count(*) FILTER (WHERE ({condition}) AND {column} IS NULL)", f"sum({unconverted}) {only}")


def select(reader: str, measures: Sequence[Measure], cells: Mapping[str, Cell], source: str, scope: Scope) -> str:
    """Rows of `source`, which has `part` and `row`, grouped; measures without a cell are 0."""
    shape = f"SELECT part.number, {scope.key} AS key, {_columns(reader, measures, cells)}"
    return scope.named(f"{shape} FROM {source} {scope.join} WHERE {scope.where} GROUP BY 1, {scope.grouping}")


def select_keyed(reader: str, measures: Sequence[Measure], cells: Mapping[str, Cell], source: str, scope: Scope) -> str:
    """The same of a `source` that is grouped by `number` and `key` already."""
    return scope.named(f"SELECT kept.number, kept.key, {_columns(reader, measures, cells)} FROM ({source}) AS kept GROUP BY 1, 2")


def _columns(reader: str, measures: Sequence[Measure], cells: Mapping[str, Cell]) -> str:
    asked = [cells.get(measure.column, ZERO) for measure in measures]
    return f"""'{reader}' AS reader, ARRAY[{", ".join(cell.total for cell in asked)}]::numeric[] AS totals,
        ARRAY[{", ".join(f"coalesce({cell.unknown}, 0)" for cell in asked)}]::bigint[] AS unknown,
        ARRAY[{", ".join(cell.unconverted for cell in asked)}]::bigint[] AS unconverted, 0::bigint AS unsettled, {NO_BASES} AS bases"""


def row(measures: Sequence[Measure], cells: Mapping[str, str], day: str, ref: str, channel: str, campaign: str) -> str:
    """The columns of a row behind figures: what it adds to each measure, in stored units. No single source told it."""
    amounts = ", ".join(cells.get(measure.column, "0") for measure in measures)
    return f"""{day} AS day, {channel} AS channel, {campaign} AS campaign_id, 0 AS connection_id, 0 AS pull_id, {ref} AS ref,
        ARRAY[{amounts}]::numeric[] AS amounts"""


def person(measures: Sequence[Measure], cells: Mapping[str, str], day: str) -> str:
    """The same of one customer, who is in `row`; `ref` is a number we gave them."""
    return row(measures, cells, day, "row.person_id::text", "row.channel", "row.campaign_id")


def active(since: str, until: str) -> str:
    """Who ordered on these days or had a subscription on one of them, each once."""
    ordered = f"day BETWEEN {since} AND {until} AND orders > 0"
    # By the last of their orders among these days: so each is found once without comparing them all.
    return f"""SELECT person_id FROM kpis_customerday WHERE {ordered} AND (next_order_day IS NULL OR next_order_day > {until})
        UNION ALL SELECT DISTINCT person_id FROM kpis_customerspan AS span
        WHERE since <= {until} AND (until IS NULL OR until >= {since})
        AND NOT EXISTS (SELECT FROM kpis_customerday AS bought WHERE bought.person_id = span.person_id AND {ordered})"""


def levels(changes: str) -> str:
    """How many there are of each `key`, where `changes` (key, day, by) says how many more or fewer there are from a day on.

    As lists of these days and of how many there are from each on: what is asked about many periods is counted once, and
    looked up for each by `level_on`.
    """
    return f"""SELECT key, array_agg(day ORDER BY day) AS days, array_agg(customers ORDER BY day) AS customers FROM (
            SELECT key, day, (sum(sum(by)) OVER (PARTITION BY key ORDER BY day))::bigint AS customers
            FROM ({changes}) AS change GROUP BY key, day) AS running
        GROUP BY key"""


def level_on(day: str) -> str:
    """How many there are on the evening of `day` by a row `level` of `levels`; null before the first change."""
    return f"level.customers[width_bucket({day}, level.days)]"
