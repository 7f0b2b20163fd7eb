"""Monthly recurring revenue when a period began, and what of it was lost or kept by its end, person by person."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.selects import ACQUISITION, Cell, person, select
from kpis.measures import Measure
from kpis.slices import PARTS, Scope

_AT_START = "span.since < part.since"
_AT_END = "(span.until IS NULL OR span.until > part.until)"
# What somebody gains by another subscription makes up for the one they end: a change of plan is no loss.
_PEOPLE = f"""
    SELECT part.number, span.person_id, coalesce(sum(span.mrr_nano) FILTER (WHERE {_AT_START}), 0) AS before,
        coalesce(sum(span.mrr_nano) FILTER (WHERE {_AT_END}), 0) AS after,
        count(*) FILTER (WHERE span.mrr_nano IS NULL AND ({_AT_START} OR {_AT_END})) AS unknown,
        CASE WHEN bool_or({_AT_END}) THEN min(span.since) ELSE max(span.until) END AS day
    FROM {PARTS} JOIN kpis_customerspan AS span ON span.since <= part.until AND (span.until IS NULL OR span.until >= part.since)
    GROUP BY 1, 2"""
_OF_PERSON = {
    "at_start_nano": "part.before",
    "lost_nano": "greatest(part.before - part.after, 0)",
    "kept_nano": "CASE WHEN part.before > 0 THEN part.after ELSE 0 END",
}
_CELLS = {column: Cell(f"sum({amount})", "sum(part.unknown)", "sum(part.unknown)") for column, amount in _OF_PERSON.items()}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    return [select("recurring", measures, _CELLS, f"({_PEOPLE}) AS part {ACQUISITION.format('part')}", scope)]


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """What each customer had, lost and kept: on the day on which they left, or since which they have been there."""
    cells = {column: f"CASE WHEN part.unknown = 0 THEN {amount} END" for column, amount in _OF_PERSON.items()}
    return [f"SELECT {person(measures, cells, 'part.day')} FROM ({_PEOPLE}) AS part {ACQUISITION.format('part')} WHERE {scope.where}"]
